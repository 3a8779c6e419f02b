"""Nested paths: which parents must be there, and which records lie below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sage200_async.sandbox.query.filters import column
from sage200_async.sandbox.server.http_errors import missing
from sage200_async.sandbox.server.routes import VIA, link_of
from sage200_async.sandbox.store.rows import decode

if TYPE_CHECKING:
    from sage200_async.sandbox.server.routes import Route
    from sage200_async.sandbox.store.store import Store


class Scope(Struct, frozen=True):
    """The records that lie below the parents of a path."""

    where: str = "1"
    values: tuple[Any, ...] = ()
    links: dict[str, int] = {}
    """What a new record says of its parents."""
    parent: int = 0
    """The parent, where a record has no field to name it."""


def scope_of(store: Store, route: Route, parents: tuple[int, ...]) -> Scope:
    """Find what lies below *parents*.

    Raises:
        Problem: A parent is missing, or is not where the path says.
    """
    for depth, key in enumerate(parents):
        _require(store, route.names[: depth + 1], key, parents[:depth])
    if not parents:
        return Scope()
    child = store.tables[route.name]
    links: dict[str, int] = {}
    for above, key in zip(route.names[:-1], parents, strict=True):
        if name := link_of(above, child):
            links[name] = key
    above, key = route.names[-2], parents[-1]
    tests = [f"{column(child, name)} = ?" for name in links]
    values = [*links.values()]
    via = VIA.get((above, child.path))
    if via is not None:
        tests.append(f"key IN ({_tied(store, *via)})")
        values.append(key)
    elif not link_of(above, child):
        tests.append("parent = ?")
        values.append(key)
    return Scope(" AND ".join(tests), tuple(values), links, key)


def _tied(store: Store, table: str, one: str, other: str) -> str:
    store.touch(table)
    ties = store.tables[table]
    return f'SELECT {column(ties, other)} FROM "{table}" WHERE {column(ties, one)} = ?'  # noqa: S608 - the catalog's


def _require(
    store: Store, names: tuple[str, ...], key: int, above: tuple[int, ...]
) -> None:
    """Refuse a parent that is missing, or that belongs to another."""
    table = store.tables[names[-1]]
    found = store.bodies(table.path, [key]).get(key)
    if found is None:
        raise missing(table, key)
    link = link_of(names[-2], table) if above else ""
    if link and decode(found).get(link) != above[-1]:
        raise missing(table, key)
