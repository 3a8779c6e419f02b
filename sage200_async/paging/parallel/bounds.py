"""The lowest and the highest key of a collection, and how many records it has."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.errors import PagingError, RequestError
from sage200_async.limits import PAGE_MAX
from sage200_async.odata.fields import Ordering
from sage200_async.paging.key_ranges import KeyRange
from sage200_async.paging.page_query import count_query
from sage200_async.wire.json_types import Untyped
from sage200_async.wire.messages import company_request
from sage200_async.wire.responses import read_count, read_rows

if TYPE_CHECKING:
    from typing import Any

    from sage200_async.paging.page_reader import Connection, PageReader
    from sage200_async.paging.plan import Plan
    from sage200_async.settings import CompanyContext

_TRIES: Final = 3
# For a highest key below the lowest.
_TRIES_FOR_ONE_EDGE: Final = 30
# For one edge alone: a table of one row that is written to all the time shows it to
# one of two requests, half of the time.


async def key_bounds(reader: PageReader[Any], plan: Plan) -> KeyRange | None:
    """Ask for the lowest and the highest key of the first subquery of *plan*.

    A table of few rows may change between the two requests; then they are
    sent again. One edge alone proves nothing.

    Returns:
        All keys from the lowest to the highest, or None where nothing matches.

    Raises:
        PagingError: The highest stays below the lowest, or only one of them came.
    """
    lowest: int | None = None
    highest: int | None = None
    attempt = 0
    for attempt in range(1, _TRIES_FOR_ONE_EDGE + 1):
        async with asyncio.TaskGroup() as group:
            first = group.create_task(_edge(reader, plan, descending=False))
            last = group.create_task(_edge(reader, plan, descending=True))
        lowest, highest = first.result(), last.result()
        if lowest is None and highest is None:
            return None
        if lowest is not None and highest is not None:
            if lowest <= highest:
                return KeyRange(lowest - 1, highest)
            if attempt >= _TRIES:
                break
    message = (
        f"{plan.path}: the lowest {plan.key} is {lowest} and the highest {highest}, "
        f"in {attempt} attempts: the server ignores $orderby, or a gateway answers for it"
    )
    raise PagingError(message, plan=plan)


async def _edge(reader: PageReader[Any], plan: Plan, *, descending: bool) -> int | None:
    """Return the first key in one order, or None where nothing matches."""
    key = plan.key or ""
    order = (Ordering(key, descending=descending),)
    options = replace(plan.options, select=(key,), expand=(), order_by=order)
    one = replace(plan, options=options, mode="offset", remaining=1)
    page = await reader.fetch(one)
    rows = read_rows(page.response, Untyped)
    edge = rows[0].get(key) if rows else None
    if rows and type(edge) is not int:
        message = f"{plan.path}: expected {key} as a whole number, got {edge!r}"
        raise PagingError(message, plan=plan)
    return edge


async def count_records(
    connection: Connection, context: CompanyContext, plan: Plan
) -> int | None:
    """Ask how many records the first subquery of *plan* has.

    It serves to share out the work, and to estimate how long it takes: no
    proof rests on it.

    Returns:
        The number, or None where the server does not say.
    """
    request = company_request(context, "GET", plan.path, count_query(plan))
    try:
        return read_count(await connection.transport.send(request), PAGE_MAX)
    except RequestError:
        return None
