"""One range of a plan, read as a whole collection is."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from sage200_async.paging.certificate import Certificate, PlanPart
from sage200_async.paging.key_ranges import KeyRanges
from sage200_async.paging.page_query import query_for
from sage200_async.paging.parallel.checks import check_counts, check_lower_edge
from sage200_async.paging.parallel.progress import ResumePoint
from sage200_async.paging.parallel.read import ParallelRead

if TYPE_CHECKING:
    from sage200_async.paging.page_reader import Connection
    from sage200_async.paging.plan import Plan
    from sage200_async.paging.read_plan import ReadRange
    from sage200_async.settings import CompanyContext

R = TypeVar("R")


class RangeRead(ParallelRead[R]):
    """One range of a plan, read by one worker or by several.

    It is used like a `ParallelRead`, and its ``certificate`` is one for `certify`. No
    edges are asked for: the range ends with the key of a record that was there. Where
    that has gone meanwhile, a response has to show that nothing else is left. Without
    a filter, what arrived is compared with what the server counts in the range, if it
    counts: one small request.

    Args:
        connection: The client.
        context: Which company.
        plan: How the collection is read.
        key_range: What is read of it.
        model: What each record is.
        workers: Requests at once.
        prefetch: Pages of records that may wait for the consumer.
        ordered: Whether records come in the order of their keys.
    """

    def __init__(
        self,
        connection: Connection,
        context: CompanyContext,
        plan: Plan,
        key_range: ReadRange[R],
        model: type[R],
        *,
        workers: int,
        prefetch: int,
        ordered: bool,
    ) -> None:
        super().__init__(
            connection,
            context,
            plan,
            model,
            workers=workers,
            prefetch=prefetch,
            ordered=ordered,
            resume_from=ResumePoint(key_range.keys, KeyRanges(), count=key_range.rows),
        )
        self._key_range = key_range

    async def _find_bounds(self) -> None:
        """Take the bounds from the range, and do not look ahead beyond its end."""
        await super()._find_bounds()
        for open_range in self._scheduler.open:
            open_range.end = self._key_range.rows

    async def _check(self) -> None:
        """Check the lower edge of the collection, and the count of the range."""
        reader, worker, part = self._reader, self._worker, self._key_range
        reader.began_at = part.began_at or reader.began_at
        low, high = part.keys.low, part.keys.high
        plan = replace(self._plan, after_key=low, max_key=high)
        if part.number == 0:  # nothing may lie below it, either
            plan = replace(plan, after_key=None)
            lowest = worker.lowest.get(0)
            await check_lower_edge(reader, plan, part.min_key, lowest)
        received = worker.records + reader.rejected
        before = 0 if part.counted else None
        counted = await check_counts(reader, plan, before, received)
        first = worker.lowest.get(0)
        if counted is None and part.counted and first is not None:
            # The count may have looked like the size of a page: without the first
            # record it does not.
            above = replace(plan, after_key=first)
            rest = await check_counts(reader, above, before, received - 1)
            counted = None if rest is None else rest + 1
        self._counts = part.rows if part.counted else None, counted

    def _certify(self) -> Certificate:
        part = self._key_range
        keys, key = part.keys, part.source.key
        return replace(
            super()._certify(),
            proof=f"one range, read by key, no gaps, above {key} {keys.low} up to {keys.high}",
            query=query_for(part.source.plan(part.source.page_size)),
            min_key=part.min_key,
            max_key=part.max_key,
            part=PlanPart(part.plan_id, part.number, keys.low, keys.high),
        )
