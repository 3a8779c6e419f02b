"""Who reads which span of keys, page by page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec.structs import replace

from sage200_async.errors import BadRequest, PagingError, Sage200Error
from sage200_async.limits import PAGE_DEFAULT
from sage200_async.paging.key_ranges import KeyRange
from sage200_async.paging.page_size import larger
from sage200_async.paging.parallel.batch import Batch
from sage200_async.paging.plan import standing
from sage200_async.paging.validator import PageValidator
from sage200_async.wire.decode import SliceReader, decoders_for
from sage200_async.wire.json_types import Untyped
from sage200_async.wire.messages import ChunkedBody

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.errors import DecodeError
    from sage200_async.paging.page_reader import Fetcher
    from sage200_async.paging.page_size import PageSize
    from sage200_async.paging.parallel.queues import RecordQueue
    from sage200_async.paging.parallel.scheduler import (
        Lookahead,
        OpenRange,
        RangeScheduler,
    )
    from sage200_async.paging.plan import Plan
    from sage200_async.wire.messages import Response

R = TypeVar("R")


class Reader(Generic[R]):
    """Reads spans of keys, for as many workers as call it.

    Args:
        fetcher: Asks for pages.
        plan: What is read, with a condition for each part.
        model: What each record is.
        ranges: The spans that are left.
        outlet: Where batches go.
        changed: Set when spans have changed.
        quarantine: What takes the errors of records that do not fit.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        plan: Plan,
        model: type[R],
        *,
        ranges: RangeScheduler,
        outlet: RecordQueue[R],
        changed: asyncio.Event,
        quarantine: Callable[[DecodeError], None] | None,
    ) -> None:
        self.requests = 0
        self.unfit = 0
        self._fetcher = fetcher
        self._plan = plan
        self._model = model
        self._ranges = ranges
        self._outlet = outlet
        self._changed = changed
        self._quarantine = quarantine
        self._sizing = plan.sizing
        self._proven = PAGE_DEFAULT
        # The largest page seen: a server that clamps `$top` clamps above it,
        # so that a page shorter than this and than what was asked is the last.

    async def read(self, span: OpenRange) -> None:
        """Read the next page of *span*."""
        span.busy = span.asked = True
        span.page_at = span.at
        plan, response = await self._fetch(self._plan_for(span))
        span.asked = False
        await self._page(span, plan, response)
        self._leave(span)

    async def leap(self, leap: Lookahead) -> None:
        """Read a page that begins further on."""
        self._ranges.leap(leap)
        span = await self._landed(leap)
        if span is not None:
            self._leave(span)
        self._changed.set()

    def _leave(self, span: OpenRange) -> None:
        """Let others go on with *span*."""
        span.busy = False
        if span.low >= span.high:
            self._ranges.finish(span)
        self._changed.set()

    async def _landed(self, leap: Lookahead) -> OpenRange | None:
        """Ask for the page that *leap* leads to, and read what is new in it."""
        further = replace(self._plan_for(leap.span), seek=leap.skip)
        try:
            plan, response = await self._fetch(further)
        except BadRequest:  # servers before July 2017 have no $skip
            self._ranges.miss(leap, refused=True)
            return None
        first = self._first_key(plan, response)
        if first is None:
            self._ranges.miss(leap, refused=False)
            return None
        while self._ranges.early(leap, first):
            self._changed.clear()
            await self._changed.wait()
        span = self._ranges.land(leap, first)
        if span is not None:
            self._changed.set()
            stood, span.page_at = span.low, span.at
            await self._page(span, plan, response)
            self._ranges.judge(new=span.low > stood)
        return span

    def _plan_for(self, span: OpenRange) -> Plan:
        return replace(
            self._plan,
            parts=(self._plan.parts[span.part],),
            after=span.low,
            until=span.high,
            sizing=self._sizing,
        )

    async def _fetch(self, plan: Plan) -> tuple[Plan, Response]:
        plan, response = await self._fetcher.fetch(plan)
        self.requests += 1
        self._resize(plan.sizing)
        return plan, response

    def _resize(self, sizing: PageSize) -> None:
        self._sizing = sizing
        self._ranges.page = sizing.size

    def _first_key(self, plan: Plan, response: Response) -> int | None:
        """Find the key of a page's first record."""
        reader = SliceReader(Untyped, lambda _: None)
        none: list[Untyped] = []
        rows = next(reader.slices(ChunkedBody.of(response.body).copy()), none)
        found: object = rows[0].get(plan.key or "") if rows else None
        return found if type(found) is int else None

    async def _page(self, span: OpenRange, plan: Plan, response: Response) -> None:
        """Hand on a page, slice by slice, and move its span on."""
        guard = PageValidator[R](
            plan, mapping=not hasattr(self._model, "__struct_fields__")
        )
        reader = SliceReader(self._model, self._aside(span, guard, plan))
        begun = span.low
        guard.open_page(plan, response.body)
        for _ in decoders_for(self._model):
            await asyncio.sleep(0)
        try:
            for served in reader.slices(response.body):
                await self._give(span, plan, guard, guard.admit(plan, served))
                if span.low >= span.high:
                    break
            facts = guard.close_page(plan)
            if span.low < span.high:
                await self._end(span, plan, facts.served, begun)
        except Sage200Error as error:
            stands = standing(plan, guard.so_far(plan))
            self._fetcher.tell(error, stands, response)
            raise
        self._fetcher.read(plan, facts, response, self.requests)
        self._changed.set()

    def _aside(
        self, span: OpenRange, guard: PageValidator[R], plan: Plan
    ) -> Callable[[DecodeError], None] | None:
        """Make what takes the records that do not fit, where anyone does."""
        hand_on = self._quarantine
        if hand_on is None:
            return None

        def aside(error: DecodeError) -> None:
            key = guard.set_aside(plan, error)
            if key is not None and not span.low < key <= span.high:
                return  # it is in the page before, or the next, too
            self.unfit += 1
            error.plan = plan
            hand_on(error)

        return aside

    async def _give(
        self, span: OpenRange, plan: Plan, guard: PageValidator[R], records: list[R]
    ) -> None:
        """Hand on what lies in *span*: others may have taken its upper part."""
        last = guard.so_far(plan).last_key
        if last is None or last <= span.low:
            return
        keys = [guard.key_of(each) for each in (*records[:1], *records[-1:])]
        if keys and not span.low < keys[0] <= keys[-1] <= span.high:
            low, high = span.low, span.high
            records = [each for each in records if low < guard.key_of(each) <= high]
        ends = [guard.key_of(each) for each in (*records[:1], *records[-1:])]
        await self._out(span, min(last, span.high), records, *ends)
        await asyncio.sleep(0)

    async def _out(
        self,
        span: OpenRange,
        high: int,
        records: list[R],
        lowest: int | None = None,
        highest: int | None = None,
    ) -> None:
        low, span.low = span.low, high
        span.at += len(records)
        key_range = KeyRange(low, high, len(records), lowest, highest)
        await self._outlet.put(Batch(records, key_range, span.part))

    async def _end(self, span: OpenRange, plan: Plan, served: int, begun: int) -> None:
        """Decide whether *span* goes on after a page.

        Raises:
            PagingError: No record of the page shows a key to go on from.
        """
        last = served < min(plan.asked, self._proven)
        self._proven = max(self._proven, served)
        if last:
            await self._out(span, span.high, [])
        elif span.low == begun == plan.after:
            message = (
                f"{plan.path}: expected keys above {begun}, got a page whose records "
                f"do not fit and show no {plan.key}: nothing says where to read on"
            )
            raise PagingError(message, plan=plan)
        else:
            self._resize(larger(self._sizing))
