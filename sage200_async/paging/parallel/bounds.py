"""How far the keys go, and how many records there are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from sage200_async.errors import PagingError, RequestError
from sage200_async.limits import PAGE_MAX
from sage200_async.odata.fields import Ordering
from sage200_async.paging.key_ranges import KeyRange
from sage200_async.paging.page_reader import request_to
from sage200_async.paging.plan import count_query
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.json_types import Untyped
from sage200_async.wire.responses import read_count

if TYPE_CHECKING:
    from sage200_async.paging.page_reader import Connection, Fetcher
    from sage200_async.paging.plan import Plan
    from sage200_async.settings import CompanyContext


_TRIES: Final = 3


async def key_bounds(fetcher: Fetcher, plan: Plan) -> KeyRange | None:
    """Ask for the lowest and the highest key of the first part of *plan*.

    Between the two, a table of few rows may come to hold others: then again.

    Returns:
        Them, or None where nothing matches.

    Raises:
        PagingError: The highest stays below the lowest: the order is ignored.
    """
    lowest: int | None = None
    max_key: int | None = None
    for _ in range(_TRIES):
        async with asyncio.TaskGroup() as group:
            first = group.create_task(_edge(fetcher, plan, descending=False))
            last = group.create_task(_edge(fetcher, plan, descending=True))
        lowest, max_key = first.result(), last.result()
        if lowest is None or max_key is None:
            return None
        if lowest <= max_key:
            return KeyRange(lowest - 1, max_key)
    message = (
        f"{plan.path}: expected a highest {plan.key} of {lowest} or more, got "
        f"{max_key}: the server ignores the order"
    )
    raise PagingError(message, plan=plan)


async def _edge(fetcher: Fetcher, plan: Plan, *, descending: bool) -> int | None:
    key = plan.key or ""
    options = replace(
        plan.options,
        select=(key,),
        expand=(),
        order_by=(Ordering(key, descending=descending),),
    )
    one = replace(plan, options=options, mode="offset", left=1)
    _, response = await fetcher.fetch(one)
    rows: list[dict[str, Any]] = []
    for some in SliceReader(Untyped).slices(response.body):
        rows += some
    found = rows[0].get(key) if rows else None
    if rows and type(found) is not int:
        message = f"{plan.path}: expected {key} as a whole number, got {found!r}"
        raise PagingError(message, plan=plan)
    return found


async def counted(
    connection: Connection, context: CompanyContext, plan: Plan
) -> int | None:
    """Ask how many records the first part of *plan* has.

    It serves to share out the work, and to say how long it will take: no proof
    rests on it.

    Returns:
        The number, or None where the server does not tell.
    """
    request = request_to(context, "GET", plan.path, count_query(plan))
    try:
        return read_count(await connection.transport.send(request), PAGE_MAX)
    except RequestError:
        return None
