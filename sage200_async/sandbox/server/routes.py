"""Every path of the catalog: what it can do, and which records it is about."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, get_origin

from msgspec import Struct

from sage200_async.query.operations import CreateMany, Single
from sage200_async.query.records import Record
from sage200_async.sandbox.names import plural, singular, snake
from sage200_async.sandbox.store.schema import Table, area_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sage200_async.query.endpoint import Binder, Endpoint

_KEPT: Final = frozenset({"list", "get", "delete"})
_LINKS: Final = {
    (
        "sales_posted_transactions",
        "sales_posted_transaction_memos",
    ): "posted_customer_transaction_id",
    (
        "purchase_posted_transactions",
        "purchase_posted_transaction_memos",
    ): "posted_supplier_transaction_id",
}
# Fields that name a parent otherwise than ``<parent>_id``.
VIA: Final = {
    ("products", "warehouses"): ("warehouse_holdings", "product_id", "warehouse_id")
}
"""What ties two resources together that do not name one another: the table of
the ties, and its fields for the one and the other."""


class Route(Struct, frozen=True):
    """One path of the catalog, with or without an id at its end."""

    names: tuple[str, ...]
    """The path without its ids."""
    verbs: frozenset[str]
    model: type[Record] | str | None
    """What its bodies are, and its replies where `reply` is None."""
    reply: type[Record] | str | None
    """What writes are answered with, where that is not the record."""
    single: bool
    """Whether it is one object."""
    several: bool
    """Whether a write is answered with several records."""
    kept: bool
    """Whether it is about records that are kept; if not, it only answers."""
    professional_only: bool
    area: str

    @property
    def name(self) -> str:
        """The last of its names, which is the name of its table."""
        return self.names[-1]


class Catalog(Struct, frozen=True):
    """The catalog as the sandbox serves it."""

    routes: dict[tuple[str, ...], Route]
    tables: dict[str, Table]
    homes: dict[str, str]
    """Tables by the name of their record, as Sage writes it."""

    def home(self, record: type[Record] | str | None) -> Table | None:
        """Find the table whose records are of this kind."""
        path = "" if record is None else self.homes.get(_name_of(record), "")
        return self.tables.get(path)

    def parents(self, path: str) -> list[str]:
        """Give the tables that a table's records are listed below."""
        above = [names[-2] for names in self.routes if names[1:] and names[-1] == path]
        return list(dict.fromkeys(above))


@functools.cache
def catalog(binder: type[Binder] | None = None) -> Catalog:
    """Read the catalog, or any other class with endpoints."""
    if binder is None:
        from sage200_async.catalog.endpoints import Endpoints  # noqa: PLC0415

        binder = Endpoints
    found = list(_endpoints(binder, ()))
    kept = {names[-1] for names, each in found if each.verbs & _KEPT or each.item}
    routes = {
        names: _route(names, each, kept=names[-1] in kept) for names, each in found
    }
    tables: dict[str, Table] = {}
    for names, endpoint in sorted(found, key=lambda pair: len(pair[0])):
        if routes[names].kept and (endpoint.model or names[-1] not in tables):
            tables.setdefault(names[-1], _table(names[-1], endpoint))
    return Catalog(routes, tables, _homes(tables.values()))


def link_of(parent: str, child: Table) -> str:
    """Name the field of *child* that holds the id of its *parent*, or ``""``."""
    name = _LINKS.get((parent, child.path), f"{singular(parent)}_id")
    return name if name in child.shape.scalars else ""


def _endpoints(
    binder: type[Binder], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Endpoint[Any]]]:
    for endpoint in binder.endpoints().values():
        names = (*above, endpoint.path)
        yield names, endpoint
        if endpoint.item is not None:
            yield from _endpoints(endpoint.item, names)


def _route(names: tuple[str, ...], endpoint: Endpoint[Any], *, kept: bool) -> Route:
    return Route(
        names,
        frozenset(endpoint.verbs),
        endpoint.model,
        endpoint.reply,
        single=_is(endpoint, Single),
        several=_is(endpoint, CreateMany),
        kept=kept,
        professional_only=endpoint.professional_only,
        area=area_of(endpoint.model or endpoint.reply),
    )


def _table(path: str, endpoint: Endpoint[Any]) -> Table:
    by_id = {"get", "update", "delete"}
    return Table(
        path,
        endpoint.model,
        endpoint.key,
        bool(endpoint.verbs & by_id or not endpoint.verbs),
        endpoint.extra_expands,
        endpoint.parameters,
        endpoint.default_order,
        single=_is(endpoint, Single),
    )


def _is(endpoint: Endpoint[Any], kind: type) -> bool:
    return issubclass(get_origin(endpoint.resource) or endpoint.resource, kind)


def _homes(tables: Iterable[Table]) -> dict[str, str]:
    homes: dict[str, str] = {}
    for table in tables:
        if table.model is not None:
            name = _name_of(table.model)
            if name not in homes or table.path == plural(name):
                homes[name] = table.path
    return homes


def _name_of(model: type[Record] | str) -> str:
    name = model.rpartition(":")[2] if isinstance(model, str) else model.__name__
    return snake(name)
