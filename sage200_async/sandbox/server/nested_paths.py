"""Nested paths: which parents must exist, and which records lie below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.sandbox.schema.catalog import link_field
from sage200_async.sandbox.server.http_errors import record_not_found
from sage200_async.sandbox.store.database import column_sql
from sage200_async.sandbox.store.rows import decode

if TYPE_CHECKING:
    from sage200_async.sandbox.server.routes import Route
    from sage200_async.sandbox.store.store import Store

_LINK_TABLES: Final = {
    ("products", "warehouses"): ("warehouse_holdings", "product_id", "warehouse_id")
}
# Parent and child that do not refer to each other: the table that links them,
# and its fields for the parent and for the child.


class Scope(Struct, frozen=True):
    """The records that lie below the parents of a path."""

    where: str = "1"
    """The SQL condition that they meet."""
    values: tuple[Any, ...] = ()
    """Bound in the condition."""
    links: dict[str, int] = {}
    """The ids of its parents that a new record gets, by field."""
    parent: int = 0
    """The parent's id, if no field of a record holds that."""


def scope_of(store: Store, route: Route, parents: tuple[int, ...]) -> Scope:
    """Return what lies below *parents*.

    Raises:
        HttpError: A parent does not exist, or not below the one before it.
    """
    for depth, key in enumerate(parents):
        _require_parent(store, route.names[: depth + 1], key, parents[:depth])
    if not parents:
        return Scope()
    child = store.tables[route.name]
    links: dict[str, int] = {}
    for name, key in zip(route.names[:-1], parents, strict=True):
        if link := link_field(name, child):
            links[link] = key
    parent, parent_key = route.names[-2], parents[-1]
    conditions = [f"{column_sql(child, name)} = ?" for name in links]
    values = [*links.values()]
    link_table = _LINK_TABLES.get((parent, child.path))
    if link_table is not None:
        conditions.append(f"key IN ({_linked_keys_sql(store, *link_table)})")
        values.append(parent_key)
    elif not link_field(parent, child):
        conditions.append("parent = ?")
        values.append(parent_key)
    return Scope(" AND ".join(conditions), tuple(values), links, parent_key)


def _linked_keys_sql(store: Store, link_table: str, parent: str, child: str) -> str:
    store.ensure_table(link_table)
    table = store.tables[link_table]
    return (
        f'SELECT {column_sql(table, child)} FROM "{link_table}" '  # noqa: S608 - the catalog's
        f"WHERE {column_sql(table, parent)} = ?"
    )


def _require_parent(
    store: Store, names: tuple[str, ...], key: int, parents: tuple[int, ...]
) -> None:
    """Raise an error unless a parent exists below the one before it."""
    table = store.tables[names[-1]]
    body = store.bodies(table.path, [key]).get(key)
    if body is None:
        raise record_not_found(table, key)
    link = link_field(names[-2], table) if parents else ""
    if link and decode(body).get(link) != parents[-1]:
        raise record_not_found(table, key)
