"""A reading by several at once, as a context manager that owns its tasks."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.errors import ClientClosed, ExtractError, LimitError, QueryError
from sage200_async.paging.certificate import Certificate, missing
from sage200_async.paging.key_ranges import KeyRange, KeyRanges
from sage200_async.paging.page_reader import Fetcher
from sage200_async.paging.parallel.batch import Batch
from sage200_async.paging.parallel.bounds import counted, key_bounds
from sage200_async.paging.parallel.queues import OrderedQueue, UnorderedQueue
from sage200_async.paging.parallel.scheduler import OpenRange, RangeScheduler
from sage200_async.paging.parallel.workers import Reader
from sage200_async.paging.plan import query_for
from sage200_async.paging.stream import Reading
from sage200_async.paging.validator import PageValidator

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence
    from typing import Self

    from sage200_async.paging.page_reader import Connection
    from sage200_async.paging.plan import Plan
    from sage200_async.settings import CompanyContext

R = TypeVar("R")


class Progress(Struct, frozen=True, kw_only=True):
    """How far a reading has come."""

    records: int = 0
    """Records handed to the consumer."""
    requests: int = 0
    """Pages that have come."""
    ranges: int = 0
    """Spans of keys that are still being read."""
    expected: int | None = None
    """Records in all, as counted at the beginning; None where nobody knows."""
    seconds: float = 0.0
    """Seconds since the beginning."""

    @property
    def rate(self) -> float:
        """Records a second so far."""
        return self.records / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end, at the rate so far; None where nobody knows."""
        if self.expected is None or not self.rate:
            return None
        return max(0, self.expected - self.records) / self.rate


class ResumePoint(Struct, frozen=True):
    """A reading that was broken off."""

    bounds: KeyRange | None
    """The keys as they were at its beginning; None where nothing matched."""
    done: KeyRanges
    """What has been read, and kept."""


class ParallelRead(Generic[R]):
    """One collection, read by several workers at once, up to a max_key.

    Use it with ``async with``: it owns its tasks, and none is left when the
    block is. The first error ends them all, and comes out of the loop. Workers
    wait while the consumer is busy. At the end, `certificate` says why what
    was read is all there is; where that cannot be said, `ExtractError` does.

    Args:
        connection: The client.
        context: Which company.
        plan: What is read; by key, from the beginning.
        model: What each record is.
        workers: Requests at once.
        prefetch: Pages of records that may wait for the consumer.
        ordered: Whether records come in the order of their keys.
        resume_from: What an earlier reading of the same has left: it goes on there.
    """

    def __init__(
        self,
        connection: Connection,
        context: CompanyContext,
        plan: Plan,
        model: type[R],
        *,
        workers: int,
        prefetch: int,
        ordered: bool,
        resume_from: ResumePoint | None = None,
    ) -> None:
        _require(
            plan,
            workers=workers,
            prefetch=prefetch,
            ordered=ordered,
            resume_from=resume_from,
        )
        self.certificate: Certificate | None = None
        self._connection = connection
        self._context = context
        self._plan = plan
        self._model = model
        self._workers = workers
        page = plan.sizing.size
        in_order = OrderedQueue[R]((workers + prefetch) * page)
        self._outlet = in_order if ordered else UnorderedQueue[R](prefetch * page)
        self._fetcher = Fetcher(connection, context, plan.options.timeout)
        self._task: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self._changed = asyncio.Event()
        self._ranges = RangeScheduler(plan.sizing.size)
        self._reader = self._made()
        self._read = [KeyRanges() for _ in plan.parts]
        self._bounds: list[KeyRange | None] = []
        self._earlier = resume_from
        self._expected: int | None = None
        self._begun = 0.0

    def _made(self) -> Reader[R]:
        return Reader(
            self._fetcher,
            self._plan,
            self._model,
            ranges=self._ranges,
            outlet=self._outlet,
            changed=self._changed,
            quarantine=self._connection.quarantine,
        )

    async def __aenter__(self) -> Self:
        self._begun = time.time()
        number, events = self._fetcher.number, self._connection.events
        self._told = Reading(events, number, self._plan)
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: object, trace: object
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._told.error = kind.__name__ if kind else ""
        progress = self.progress
        self._told.end(
            replace(self._plan, records=progress.records, pages=progress.requests)
        )

    def __aiter__(self) -> AsyncIterator[R]:
        """Read the records, one at a time."""
        return self.records()

    async def records(self) -> AsyncGenerator[R, None]:
        """Yield the records, one at a time."""
        async for batch in self.batches():
            for record in batch.records:
                yield record

    async def batches(self) -> AsyncGenerator[Batch[R], None]:
        """Yield the records in batches, each with the interval of keys that it is."""
        if self._task is None:
            raise ClientClosed("read() is to be entered: async with ... as records")
        seen: set[int] | None = set() if len(self._plan.parts) > 1 else None
        while (batch := await self._outlet.get()) is not None:
            fresh = batch if seen is None else self._fresh(batch, seen)
            read = self._read[batch.subquery]
            self._read[batch.subquery] = read.add(fresh.key_range)
            self._changed.set()
            yield fresh
        if self._failure is not None:
            raise self._failure
        self.certificate = self._certified()

    @property
    def progress(self) -> Progress:
        """How far it has come, at this moment."""
        return Progress(
            records=sum(part.records for part in self._read),
            requests=self._reader.requests,
            ranges=len(self._ranges.open),
            expected=self._expected,
            seconds=time.time() - self._begun,
        )

    async def moved_on(self) -> Progress:
        """Wait until it has come further, and say how far."""
        self._changed.clear()
        await self._changed.wait()
        return self.progress

    async def _run(self) -> None:
        try:
            await self._read_all()
        except BaseException as error:  # noqa: BLE001 - raised to the consumer
            self._failure = _first(error)
        finally:
            self._outlet.close(now=self._failure is not None)
            self._changed.set()

    async def _read_all(self) -> None:
        if self._plan.done:
            return
        await self._survey()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._work()) for _ in range(self._workers)]
            group.create_task(self._end(tasks))

    @property
    def parts(self) -> int:
        """Conditions that are read apart: more than 1 where an ``in_`` was split."""
        return len(self._plan.parts)

    @property
    def bounds(self) -> KeyRange | None:
        """The lowest key and the max_key: once a batch has come, or None if none does."""
        found = (each for each in self._bounds if each is not None)
        return next(found, None)

    async def _survey(self) -> None:
        """Find how far the keys go, and what there is to read."""
        alone = [replace(self._plan, parts=(part,)) for part in self._plan.parts]
        async with asyncio.TaskGroup() as group:
            looks = [group.create_task(self._bounds_of(each)) for each in alone]
            count = counted(self._connection, self._context, alone[0])
            counting = group.create_task(count)
        self._bounds = [look.result() for look in looks]
        self._expected = counting.result() if len(alone) == 1 else None
        end = self._expected if self._earlier is None else None
        self._ranges.open += [
            OpenRange(gap.low, gap.high, part=number, end=end)
            for number, found in enumerate(self._bounds)
            if found is not None
            for gap in self._read[number].missing(found)
        ]
        if isinstance(self._outlet, OrderedQueue) and self._ranges.open:
            self._outlet.low = self._ranges.open[0].low

    async def _bounds_of(self, plan: Plan) -> KeyRange | None:
        if self._earlier is None:
            return await key_bounds(self._fetcher, plan)
        self._read = [self._earlier.done]
        return self._earlier.bounds

    async def _work(self) -> None:
        while not self._ranges.done:
            span, leap = self._ranges.idle(), self._ranges.ahead()
            if span is not None and not self._outlet.full(span.low):
                await self._reader.read(span)
            elif leap is not None and not self._outlet.full(leap.low):
                await self._reader.leap(leap)
            else:
                self._changed.clear()
                await self._changed.wait()

    async def _end(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """End the leaps that are under way when all has been read."""
        while not self._ranges.done:
            self._changed.clear()
            await self._changed.wait()
        for task in tasks:
            task.cancel()

    def _fresh(self, batch: Batch[R], seen: set[int]) -> Batch[R]:
        """Leave out what another part of the query gave before."""
        key_of = PageValidator[R](self._plan, mapping=_is_mapping(self._model)).key_of
        records = [each for each in batch.records if key_of(each) not in seen]
        seen.update(map(key_of, records))
        key_range = replace(batch.key_range, records=len(records))
        return Batch(records, key_range, batch.subquery)

    def _certified(self) -> Certificate:
        """Certify that everything has been read.

        Raises:
            ExtractError: Something is missing.
        """
        lacking = missing(self._read, self._bounds)
        if lacking:
            raise ExtractError(f"{self._plan.path}: {lacking}")
        found = [each for part in self._read for each in part.ranges]
        plan = self._plan
        bounds = [each for each in self._bounds if each is not None]
        return Certificate(
            path=plan.path,
            key=plan.key or "",
            query=query_for(plan) if plan.parts else "",
            min_key=min((each.low + 1 for each in bounds), default=None),
            max_key=max((each.high for each in bounds), default=None),
            records=self.progress.records,
            rejected=self._reader.unfit,
            lowest=min((each.lowest for each in found if each.lowest), default=None),
            highest=max((each.highest for each in found if each.highest), default=None),
            requests=self._reader.requests,
            started_at=self._begun,
            ended_at=time.time(),
        )


def _first(error: BaseException) -> BaseException:
    """Take the first error out of the groups that it came in."""
    while isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        error = group.exceptions[0]
    return error


def _is_mapping(model: type[Any]) -> bool:
    return not hasattr(model, "__struct_fields__")


def _require(
    plan: Plan,
    *,
    workers: int,
    prefetch: int,
    ordered: bool,
    resume_from: ResumePoint | None,
) -> None:
    """Refuse what cannot be read by ranges of keys."""
    if plan.key is None:
        raise QueryError(f"{plan.path}: read() goes by a unique key, and it has none")
    if plan.mode != "key" or plan.left is not None:
        message = (
            f"{plan.path}: read() takes no order_by, skip or top, for it reads all"
        )
        raise QueryError(message)
    if workers < 1 or prefetch < 0:
        message = f"read() takes 1 or more workers and 0 or more pages prefetch, got {workers} and {prefetch}"
        raise LimitError(message)
    if len(plan.parts) > 1 and (ordered or resume_from is not None):
        message = f"{plan.path}: in order, or resumed, no in_ can be split: take fewer"
        raise QueryError(message)
