"""Every table of the sandbox, read from the client's catalog, and their links."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, get_origin

from msgspec import Struct

from sage200_async.query.operations import Single
from sage200_async.sandbox.schema.naming import plural, singular, snake
from sage200_async.sandbox.schema.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sage200_async.query.endpoint import Binder, Endpoint
    from sage200_async.query.records import Record

    Endpoints = dict[tuple[str, ...], Endpoint[Any]]
    """Endpoints by their path without ids."""

_STORED: Final = frozenset({"list", "get", "delete"})
_BY_ID: Final = frozenset({"get", "update", "delete"})
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
# Link fields that are not called ``<parent>_id``.


class Catalog(Struct, frozen=True):
    """Every table, and how they belong together."""

    tables: dict[str, Table]
    record_tables: dict[str, str]
    """Names of tables by the name of their record type, in snake case."""
    parent_tables: dict[str, list[str]]
    """For each table, the names of its parents in nested paths."""

    def table_of(self, record: type[Record] | str | None) -> Table | None:
        """Return the table that holds the records of a type."""
        path = "" if record is None else self.record_tables.get(_name_of(record), "")
        return self.tables.get(path)

    def parents(self, path: str) -> list[str]:
        """Return the names of a table's parents in nested paths."""
        return self.parent_tables.get(path, [])


@functools.cache
def load_catalog() -> Catalog:
    """Return the tables of the client's catalog."""
    endpoints = all_endpoints()
    stored = {
        names[-1]
        for names, endpoint in endpoints.items()
        if endpoint.verbs & _STORED or endpoint.item
    }
    tables: dict[str, Table] = {}
    parents: dict[str, list[str]] = {}
    for names, endpoint in sorted(endpoints.items(), key=lambda item: len(item[0])):
        name = names[-1]
        if name in stored and (endpoint.model or name not in tables):
            tables.setdefault(name, _table(name, endpoint))
    for names in endpoints:
        if names[1:]:
            parents.setdefault(names[-1], []).append(names[-2])
    unique = {name: list(dict.fromkeys(above)) for name, above in parents.items()}
    return Catalog(tables, _tables_by_record(tables.values()), unique)


@functools.cache
def all_endpoints() -> Endpoints:
    """Return every endpoint of the client's catalog, nested ones included."""
    from sage200_async.catalog.endpoints import Endpoints  # noqa: PLC0415

    return dict(_endpoints(Endpoints, ()))


def link_field(parent: str, child: Table) -> str:
    """Return the field of *child* that holds the id of its *parent*, or ``""``."""
    name = _LINKS.get((parent, child.path), f"{singular(parent)}_id")
    return name if name in child.shape.scalars else ""


def is_kind(endpoint: Endpoint[Any], kind: type) -> bool:
    """Whether an endpoint's resource class derives from *kind*."""
    return issubclass(get_origin(endpoint.resource) or endpoint.resource, kind)


def _endpoints(
    binder: type[Binder], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Endpoint[Any]]]:
    for endpoint in binder.endpoints().values():
        names = (*above, endpoint.path)
        yield names, endpoint
        if endpoint.item is not None:
            yield from _endpoints(endpoint.item, names)


def _table(path: str, endpoint: Endpoint[Any]) -> Table:
    return Table(
        path,
        endpoint.model,
        endpoint.key,
        bool(endpoint.verbs & _BY_ID or not endpoint.verbs),
        endpoint.extra_expands,
        endpoint.parameters,
        endpoint.default_order,
        is_single=is_kind(endpoint, Single),
    )


def _tables_by_record(tables: Iterable[Table]) -> dict[str, str]:
    """Return the table of each record type: the one named after it, or the first."""
    paths: dict[str, str] = {}
    for table in tables:
        if table.model is not None:
            name = _name_of(table.model)
            if name not in paths or table.path == plural(name):
                paths[name] = table.path
    return paths


def _name_of(model: type[Record] | str) -> str:
    name = model.rpartition(":")[2] if isinstance(model, str) else model.__name__
    return snake(name)
