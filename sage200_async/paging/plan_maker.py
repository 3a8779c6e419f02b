"""Makes plans of ranges: asks where a collection begins and ends, and for keys between."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec.structs import replace

from sage200_async.errors import LimitError
from sage200_async.paging.error_groups import first_error
from sage200_async.paging.key_ranges import KeyRange
from sage200_async.paging.page_query import query_for
from sage200_async.paging.parallel.bounds import Edges
from sage200_async.paging.read_plan import ReadPlan, ReadRange
from sage200_async.paging.split_points import SplitPoint, SplitPoints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.paging.page_reader import PageReader
    from sage200_async.paging.plan import Plan
    from sage200_async.paging.read_plan import RangeSource

R = TypeVar("R")

MAX_PARTS: Final = 10_000


def require_parts(parts: int) -> None:
    """Raise unless *parts* is a number of ranges.

    Raises:
        LimitError: It is not.
    """
    if type(parts) is not int or not 1 <= parts <= MAX_PARTS:
        message = f"plan() takes parts=1 to {MAX_PARTS}, got {parts!r}"
        raise LimitError(message)


async def make_plan(
    reader: PageReader, plan: Plan, source: RangeSource, parts: int
) -> ReadPlan[Any]:
    """Return ranges that share out the records of *plan*.

    Args:
        reader: Sends the requests.
        plan: What is read: by key, in one piece.
        source: The same, for other processes.
        parts: Ranges at most.

    Raises:
        PagingError: Responses contradict each other, again and again.
        ExtractError: Nothing is there, and the company cannot be reached.
        RequestError: There is no response, after retries too.
    """
    try:
        return await _make_plan(reader, plan, source, parts)
    except BaseExceptionGroup as group:
        error = first_error(group)
    raise error from None


async def _make_plan(
    reader: PageReader, plan: Plan, source: RangeSource, parts: int
) -> ReadPlan[Any]:
    started_at = time.time()
    empty: ReadPlan[Any] = ReadPlan(
        id="",
        ranges=(),
        source=source,
        query=query_for(plan) if plan.subqueries else "",
        started_at=started_at,
    )
    if plan.done:
        return replace(empty, id=empty.digest)
    edges = Edges(reader, plan)
    bounds = await edges.find()
    whole = replace(empty, count=edges.count, began_at=reader.began_at)
    if bounds is None:
        await reader.end.require_company()
        return replace(whole, id=whole.digest)
    splitter = SplitPoints(reader.evidence, plan, bounds, edges.count)
    points = await splitter.find(parts)
    whole = replace(whole, min_key=bounds.low + 1, max_key=bounds.high)
    return _with_ranges(whole, points)


def _with_ranges(plan: ReadPlan[R], points: Sequence[SplitPoint]) -> ReadPlan[Any]:
    """Return *plan* with the ranges between *points*, and with its own name."""
    keys, min_key = plan.keys, plan.min_key
    if keys is None or min_key is None:
        return plan
    ends = [SplitPoint(keys.low, 0), *points, SplitPoint(keys.high, plan.count)]
    ranges: list[ReadRange[Any]] = [
        ReadRange(
            plan_id="",
            number=number,
            keys=KeyRange(start.key, end.key),
            rows=_rows_between(start, end),
            counted=plan.count is not None,
            min_key=min_key,
            max_key=keys.high,
            began_at=plan.began_at,
            source=plan.source,
        )
        for number, (start, end) in enumerate(pairwise(ends))
    ]
    name = replace(plan, ranges=tuple(ranges)).digest
    named = tuple([replace(part, plan_id=name) for part in ranges])
    return replace(plan, ranges=named, id=name)


def _rows_between(start: SplitPoint, end: SplitPoint) -> int | None:
    if start.position is None or end.position is None:
        return None
    return max(0, end.position - start.position)
