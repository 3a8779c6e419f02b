"""A parallel read: a context manager that owns the tasks which read a collection."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec.structs import replace

from sage200_async._optional import load
from sage200_async.errors import ClientClosed, ExtractError, Sage200Error
from sage200_async.paging.certificate import Certificate, missing
from sage200_async.paging.error_groups import first_error
from sage200_async.paging.key_ranges import KeyRange, KeyRanges
from sage200_async.paging.page_forms import FormChoice, RecordForm
from sage200_async.paging.page_query import query_for
from sage200_async.paging.page_reader import PageReader
from sage200_async.paging.parallel.bounds import Edges
from sage200_async.paging.parallel.checks import check_counts, check_lower_edge
from sage200_async.paging.parallel.preconditions import require_counts, require_ranges
from sage200_async.paging.parallel.progress import Progress, ResumePoint
from sage200_async.paging.parallel.queues import OrderedQueue, UnorderedQueue
from sage200_async.paging.parallel.scheduler import OpenRange, RangeScheduler
from sage200_async.paging.parallel.workers import RangeWorker
from sage200_async.paging.read_telemetry import ReadTelemetry
from sage200_async.wire.constructed import RECORD

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence
    from typing import Self

    from sage200_async.paging.page_forms import Form
    from sage200_async.paging.page_reader import Connection
    from sage200_async.paging.parallel.queues import Batch
    from sage200_async.paging.plan import Plan
    from sage200_async.settings import CompanyContext

R = TypeVar("R")
B = TypeVar("B")


class ParallelRead(Generic[R]):
    """One collection, read by several workers at once, up to its highest key.

    Use it with ``async with``: it owns its tasks, and none is left when the
    block is. The first error ends them all, and is raised by the loop. Workers
    wait while the consumer is busy. At the end, `certificate` says why what
    was read is complete; where that cannot be proved, `ExtractError` is raised.

    Args:
        connection: The client.
        context: Which company.
        plan: What is read: by key, from its start.
        model: What each record is.
        workers: Requests at once.
        prefetch: Pages of records that may wait for the consumer.
        ordered: Whether records come in the order of their keys.
        resume_from: An earlier reading of the same, to go on from.
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
        require_counts(workers, prefetch)
        require_ranges(plan, in_one_piece=ordered or resume_from is not None)
        self.certificate: Certificate | None = None
        self._plan = plan
        self._tasks = workers
        self._resume_from = resume_from
        self._telemetry = telemetry = ReadTelemetry(connection.events, plan)
        self._reader = PageReader(connection, context, plan, model, telemetry=telemetry)
        page = plan.page_size.current
        in_order = OrderedQueue((workers + prefetch) * page)
        self._queue = in_order if ordered else UnorderedQueue(prefetch * page)
        self._scheduler = scheduler = RangeScheduler(page)
        self._changed = changed = asyncio.Event()
        self._form = RecordForm(model)
        self._columns: tuple[Any, Form[Any]] | None = None  # schema=, the form
        self._choice = choice = FormChoice()
        parts = self._reader, plan, scheduler, self._queue, changed
        self._worker = RangeWorker(*parts, choice=choice, is_alone=workers == 1)
        self._task: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self._bounds: list[KeyRange | None] = []
        self._done = [KeyRanges() for _ in plan.subqueries]
        if resume_from is not None and plan.subqueries:
            self._done = [resume_from.done]
        self._earlier = resume_from or ResumePoint(None, KeyRanges())
        self.rejected_keys = set[int]()
        """Keys of the records that this run has read and that did not fit."""
        self._counts: tuple[int | None, int | None] = self._earlier.count, None
        self._started_at = 0.0

    async def __aenter__(self) -> Self:
        if self._task is not None:
            message = f"{self._plan.path}: read() is entered once: call it again"
            raise ClientClosed(message)
        self._started_at = time.time()
        self._telemetry.started()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: object, trace: object
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._queue.close(now=True)
        ended = self.certificate is not None
        if not ended and isinstance(self._failure, asyncio.CancelledError | None):
            message = f"{self._plan.path}: the block of read() was left before its end"
            self._failure = ClientClosed(message)
        progress = self.progress
        end = replace(self._plan, records=progress.records, pages=progress.requests)
        self._telemetry.finished(end, kind.__name__ if kind else "")

    def __aiter__(self) -> AsyncIterator[R]:
        """Read the records, one at a time."""
        return self.records()

    async def records(self) -> AsyncGenerator[R, None]:
        """Yield the records, one at a time."""
        async for batch in self.batches():
            for record in batch.records:
                yield record

    def batches(self) -> AsyncGenerator[Batch[list[R]], None]:
        """Yield the records in batches, each with the range of keys that it covers."""
        return self.batches_as(self._form)

    async def batches_as(self, form: Form[B]) -> AsyncGenerator[Batch[B], None]:
        """Yield batches of what *form* makes of the records.

        Args:
            form: One for the whole read, such as `RecordForm` or `ColumnForm`.

        Raises:
            QueryError: The read is under way in another form.
        """
        if self._task is None:
            message = (
                f"{self._plan.path}: read() is not entered: use `async with "
                "query.read() as records: async for record in records`"
            )
            raise ClientClosed(message)
        self._choice.choose(form)
        while (batch := await self._queue.get()) is not None:
            done = self._done[batch.subquery]
            self._done[batch.subquery] = done.add(batch.key_range)
            self._count_rejected(batch.key_range)
            self._changed.set()
            yield batch
        if self._failure is not None:
            raise self._placed(self._failure)
        self.certificate = self._certify()

    async def arrow_batches(self, *, schema: Any = None) -> AsyncGenerator[Any, None]:
        """Yield the records as ``pyarrow.RecordBatch``; it needs the extra ``arrow``.

        Args:
            schema: A ``pyarrow.Schema``, for a resource that the catalog does not know.

        Raises:
            QueryError: The catalog does not know the columns, and there is no *schema*.
        """
        await load("arrow_batches()", "arrow", "pyarrow", "sage200_async.arrow.frames")
        from sage200_async.arrow.frames import column_form  # noqa: PLC0415 - optional

        plan, model = self._plan, self._reader.model
        model = getattr(model, RECORD, None) or model  # of into()
        if self._columns is None or self._columns[0] != schema:
            form = await asyncio.to_thread(
                column_form, model, plan.options, plan.key, plan.path, schema
            )
            self._columns = schema, form
        async for batch in self.batches_as(self._columns[1]):
            if batch.key_range.records:
                yield batch.records

    def _placed(self, error: BaseException) -> BaseException:
        """Return *error* with the plan of the whole read, from its start.

        That of one worker would lose what the others had to read.
        """
        if isinstance(error, Sage200Error):
            error.plan = self._plan
        return error

    def _count_rejected(self, key_range: KeyRange) -> None:
        """Count the records in a range that did not fit, now that it is handed on.

        A run that resumes this one reads the other ranges again.
        """
        new = self._reader.validator.new_rejected_keys
        inside = {key for key in new if key_range.low < key <= key_range.high}
        self.rejected_keys |= inside
        new -= inside

    @property
    def progress(self) -> Progress:
        """How far it has come, at this moment."""
        return Progress(
            records=sum(done.records for done in self._done),
            requests=self._earlier.requests + self._worker.requests,
            rejected=self._earlier.rejected
            + len(self.rejected_keys)
            + len(self._reader.validator.unkeyed),
            ranges=len(self._scheduler.open),
            expected=self._counts[0],
            seconds=time.time() - self._started_at,
        )

    async def next_progress(self) -> Progress:
        """Wait until it has come further, and return how far."""
        await self._worker.next_change()
        return self.progress

    @property
    def subqueries(self) -> int:
        """Conditions that are read apart: more than 1 where an ``in_`` was split."""
        return len(self._plan.subqueries)

    @property
    def bounds(self) -> KeyRange | None:
        """All keys at the start: once a batch has come; None where nothing matched."""
        return next((keys for keys in self._bounds if keys is not None), None)

    async def _run(self) -> None:
        try:
            await self._read_all()
        except BaseException as error:  # noqa: BLE001 - raised to the consumer
            self._failure = first_error(error)
        finally:
            self._queue.close(now=self._failure is not None)
            self._changed.set()

    async def _read_all(self) -> None:
        if self._plan.done:
            return
        await self._find_bounds()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._worker.work()) for _ in range(self._tasks)]
            group.create_task(self._cancel_when_done(tasks))
        await self._check()

    async def _find_bounds(self) -> None:
        """Find the keys that there are, and open the ranges that are to be read."""
        point = self._resume_from
        if point is None or point.bounds is None:
            finders = [Edges(self._reader, plan) for plan in self._parts]
            async with asyncio.TaskGroup() as group:
                edges = [group.create_task(finder.find()) for finder in finders]
            self._bounds = [task.result() for task in edges]
            if len(finders) == 1:
                self._counts = finders[0].count, None
        else:
            self._bounds = [point.bounds]
        if not any(self._bounds):
            await self._reader.end.require_company()
        end = self._counts[0] if point is None else None
        self._scheduler.open += [
            OpenRange(gap.low, gap.high, sentinel, subquery=number, end=end)
            for number, bounds in enumerate(self._bounds)
            if bounds is not None
            for gap, sentinel in self._done[number].gaps(bounds)
        ]
        if isinstance(self._queue, OrderedQueue):
            gaps = [KeyRange(gap.low, gap.high) for gap in self._scheduler.open]
            self._queue.expect(gaps)

    @property
    def _parts(self) -> list[Plan]:
        """The plan of each condition that is read apart."""
        return [replace(self._plan, subqueries=(one,)) for one in self._plan.subqueries]

    async def _check(self) -> None:
        """Check the edges and the counts, once all ranges were read."""
        reader, worker, earlier = self._reader, self._worker, self._earlier
        reader.began_at = earlier.started_at or reader.began_at
        for number, bounds in enumerate(self._bounds):
            if bounds is None:
                continue
            plan = replace(self._parts[number], max_key=bounds.high)
            keys = [part.lowest for part in earlier.done.ranges]
            came_first = (worker.lowest.get(number), *keys)
            lowest = min((key for key in came_first if key is not None), default=None)
            if not self._may_be_rejected(bounds.low + 1):
                await check_lower_edge(reader, plan, bounds.low + 1, lowest)
            received = worker.records + reader.rejected
            received += earlier.done.records + earlier.rejected
            before = self._counts[0]
            self._counts = before, await check_counts(reader, plan, before, received)

    def _may_be_rejected(self, key: int) -> bool:
        """Return whether an earlier run has read *key*, and rejected some records."""
        done = self._earlier.done.ranges
        read = any(part.low < key <= part.high for part in done)
        return read and self._earlier.rejected > 0

    async def _cancel_when_done(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Cancel the lookaheads that are under way when everything has been read."""
        while not self._scheduler.done:
            await self._worker.next_change()
        for task in tasks:
            task.cancel()

    def _certify(self) -> Certificate:
        """Return the certificate of what was read.

        Raises:
            ExtractError: Something is missing.
        """
        lacking = missing(self._done, self._bounds)
        if lacking:
            raise ExtractError(f"{self._plan.path}: {lacking}")
        plan = self._plan
        ranges = [part for done in self._done for part in done.ranges]
        bounds = [keys for keys in self._bounds if keys is not None]
        lowest = (part.lowest for part in ranges if part.lowest is not None)
        highest = (part.highest for part in ranges if part.highest is not None)
        return Certificate(
            path=plan.path,
            company=plan.company,
            key=plan.key or "",
            query=query_for(plan) if plan.subqueries else "",
            min_key=min((keys.low + 1 for keys in bounds), default=None),
            max_key=max((keys.high for keys in bounds), default=None),
            records=self.progress.records,
            rejected=self.progress.rejected,
            count_before=self._counts[0],
            count_after=self._counts[1],
            lowest=min(lowest, default=None),
            highest=max(highest, default=None),
            requests=self.progress.requests,
            started_at=self._earlier.started_at or self._started_at,
            ended_at=time.time(),
        )
