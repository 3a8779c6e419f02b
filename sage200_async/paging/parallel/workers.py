"""Workers: each reads open ranges of keys, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from sage200_async.errors import BadRequest
from sage200_async.limits import INT64_MAX
from sage200_async.paging.first_rows import first_rows
from sage200_async.paging.key_ranges import KeyRange
from sage200_async.paging.page_size import larger
from sage200_async.paging.parallel.next_page import NextPage
from sage200_async.paging.parallel.queues import Batch
from sage200_async.wire.messages import ChunkedBody

if TYPE_CHECKING:
    import asyncio

    from sage200_async.paging.page_forms import FormChoice, Slice
    from sage200_async.paging.page_reader import Page, PageReader
    from sage200_async.paging.parallel.queues import RecordQueue
    from sage200_async.paging.parallel.scheduler import (
        Lookahead,
        OpenRange,
        RangeScheduler,
    )
    from sage200_async.paging.plan import Plan


class RangeWorker:
    """Reads open ranges, for as many tasks as call `work`.

    Args:
        reader: Reads pages.
        plan: What is read, with a condition for each subquery.
        scheduler: The ranges that are left.
        queue: Where batches go.
        changed: Set when ranges have changed.
        choice: The form of what is read; pages wait until it is chosen.
        is_alone: Whether one task calls `work`, so that nobody else asks for a page
            while one is decoded.
    """

    def __init__(
        self,
        reader: PageReader,
        plan: Plan,
        scheduler: RangeScheduler,
        queue: RecordQueue,
        changed: asyncio.Event,
        *,
        choice: FormChoice,
        is_alone: bool,
    ) -> None:
        self.requests = self.records = 0
        """Pages that were requested, and records that were handed on."""
        self.lowest: dict[int, int] = {}
        """The lowest key read, of each subquery."""
        self._reader = reader
        self._plan = plan
        self._scheduler = scheduler
        self._queue = queue
        self._changed = changed
        self._choice = choice
        self._page_size = plan.page_size
        self._next_page = NextPage(self._fetch) if is_alone else None

    async def work(self) -> None:
        """Read ranges, or ahead of others, until nothing is left."""
        try:
            await self._work()
        finally:
            if self._next_page is not None:
                await self._next_page.close()

    async def _work(self) -> None:
        scheduler = self._scheduler
        while not scheduler.done:
            free, lookahead = scheduler.free_range(), scheduler.next_lookahead()
            if free is not None and not self._queue.full(free.low):
                await self._read(free)
            elif lookahead is not None and not self._queue.full(lookahead.low):
                await self._look_ahead(lookahead)
            else:
                await self.next_change()

    async def next_change(self) -> None:
        """Wait until ranges have changed."""
        self._changed.clear()
        await self._changed.wait()

    async def _read(self, open_range: OpenRange) -> None:
        """Read the next page of *open_range*."""
        open_range.busy = open_range.requested = True
        open_range.page_start = open_range.position
        plan, ahead = self._plan_for(open_range), self._next_page
        page = None if ahead is None else await ahead.take(plan)
        page = page or await self._fetch(plan)
        open_range.requested = False
        if ahead is not None and not self._queue.full(open_range.low):
            ahead.start(page, self._plan_for(open_range), open_range.high)
        await self._hand_on(page, open_range)

    async def _look_ahead(self, lookahead: Lookahead) -> None:
        """Read a page that starts further on, as far as it is new."""
        scheduler = self._scheduler
        scheduler.requested(lookahead)
        page = await self._skip_to(lookahead)
        first = None if page is None else await self._first_key(page)
        if page is None or first is None:
            scheduler.discard(lookahead, refused=page is None)
        else:
            while scheduler.is_early(lookahead, first):
                await self.next_change()
            open_range = scheduler.resolve(lookahead, first, _max_key(page.plan))
            if open_range is not None:
                self._changed.set()
                low, open_range.page_start = open_range.low, open_range.position
                await self._hand_on(page, open_range)
                scheduler.score(new=open_range.low > low)
        self._changed.set()

    async def _first_key(self, page: Page) -> int | None:
        """Return the key of a page's first record, without using up its body."""
        body = ChunkedBody.of(page.response.body).copy()
        most = self._reader.max_record_bytes
        rows = await first_rows(body, most, lambda _: None)
        key: object = rows[0].get(page.plan.key or "") if rows else None
        return key if type(key) is int else None

    async def _skip_to(self, lookahead: Lookahead) -> Page | None:
        """Fetch the page of *lookahead*; None where the server refuses ``$skip``.

        Source:
            Servers before July 2017 have no ``$skip``: Sage 200 API guide, "Query
            parameters".
        """
        further = replace(self._plan_for(lookahead.origin), skip=lookahead.skip)
        try:
            return await self._fetch(further)
        except BadRequest:
            return None

    def _plan_for(self, open_range: OpenRange) -> Plan:
        return replace(
            self._plan,
            subqueries=(self._plan.subqueries[open_range.subquery],),
            after_key=open_range.low,
            max_key=open_range.sentinel,
            part_of_read=True,
            page_size=self._page_size,
        )

    async def _fetch(self, plan: Plan) -> Page:
        page = await self._reader.fetch(plan)
        self.requests += 1
        if page.plan is not plan:  # refused: others may have grown meanwhile
            self._resize(page.plan)
        return page

    def _resize(self, plan: Plan) -> None:
        self._page_size = plan.page_size
        self._scheduler.page = plan.page_size.current

    async def _hand_on(self, page: Page, open_range: OpenRange) -> None:
        """Hand on the records of *page* that lie in *open_range*, and move it on.

        The last page shows that nothing follows up to the key that it was asked
        for: the range may go further, if the page was asked for another one.
        """
        plan, highest = page.plan, _max_key(page.plan)
        form = await self._choice.form()
        async for checked, plan in self._reader.slices(page, form, open_range):
            await self._move(open_range, checked, plan.after_key)
        if plan.done:
            await self._move(open_range, form.empty(), highest)
        elif open_range.low < open_range.high:
            self._resize(replace(plan, page_size=larger(self._page_size)))
        open_range.busy = False
        if open_range.low >= open_range.high:
            self._scheduler.finish(open_range)
        self._changed.set()

    async def _move(
        self, open_range: OpenRange, checked: Slice[Any], last: int | None
    ) -> None:
        """Hand on *checked*, which is all there is up to the key *last*."""
        low = open_range.low
        if last is None or min(last, open_range.high) <= low:
            return
        open_range.low = min(last, open_range.high)
        open_range.position += len(checked)
        self.records += len(checked)
        keys = checked.keys or ()
        edges = (*keys[:1], *keys[-1:])
        for edge in edges[:1]:
            number = open_range.subquery
            self.lowest[number] = min(edge, self.lowest.get(number, edge))
        key_range = KeyRange(low, open_range.low, len(checked), *edges)
        await self._queue.put(Batch(checked.rows, key_range, open_range.subquery))


def _max_key(plan: Plan) -> int:
    """Return the highest key that a page was asked for."""
    return INT64_MAX if plan.max_key is None else plan.max_key
