"""Records by their keys, in requests that are short enough."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec.structs import replace

from sage200_async.errors import ExtractError
from sage200_async.limits import PAGE_MAX
from sage200_async.odata.fields import Field, field

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator, Sequence

    from sage200_async.client import Sage200Client
    from sage200_async.query.collection import CollectionQuery

T = TypeVar("T")

PIECE: Final = 20
"""Keys in one request at most: few enough for any limit on terms and bytes."""


def field_named(query: CollectionQuery[Any], name: str) -> Field[Any]:
    """Return a field of the records of *query*."""
    record = query.endpoint.record
    known: Field[Any] = field(name) if record is None else getattr(record.fields, name)
    return known


def only(
    client: Sage200Client, query: CollectionQuery[Any], names: Iterable[str]
) -> CollectionQuery[Any]:
    """Return *query* with nothing selected but *names*, and nothing expanded.

    Pages are as large as the settings allow: what is so narrow needs no less.
    """
    select = tuple(dict.fromkeys(names))
    options = replace(query.options, select=select, expand=(), page_size=PAGE_MAX)
    same: CollectionQuery[Any] = client.run(type(query)(query.endpoint, options))
    return same


def by_keys(
    query: CollectionQuery[Any], key: str, keys: Sequence[int]
) -> CollectionQuery[Any]:
    """Return the records of *query* with these keys."""
    condition: Any = field_named(query, key).in_(keys)
    return query.filter(condition)


def pieces(
    query: CollectionQuery[Any],
    key: str,
    keys: Sequence[int],
    beside: Sequence[int] = (),
) -> Iterator[Sequence[int]]:
    """Cut *keys* into pieces that one request takes, with the keys *beside* each.

    Raises:
        ExtractError: The query itself is too long.
    """
    start, size = 0, PIECE
    while start < len(keys):
        piece = keys[start : start + size]
        if by_keys(query, key, [*piece, *beside]).explain().subqueries == 1:
            yield piece
            start += size
        elif size == 1:
            message = (
                f"{query.endpoint.path}: the condition of this query is too long to "
                "read single records with; use fewer values in its in_"
            )
            raise ExtractError(message)
        else:
            size //= 2


async def all_of(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run *work* at once; the first error ends it all, and is raised."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
