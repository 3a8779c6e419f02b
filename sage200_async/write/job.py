"""A job: the context manager that owns the tasks which write rows."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from sage200_async.errors import ClientClosed, LimitError
from sage200_async.paging.error_groups import first_error
from sage200_async.write.input_rows import require_rows
from sage200_async.write.intake import Intake
from sage200_async.write.journal_file import journal_path
from sage200_async.write.journal_thread import JournalThread
from sage200_async.write.outcome import KINDS
from sage200_async.write.report import Report
from sage200_async.write.row_writer import RowWriter
from sage200_async.write.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path
    from typing import Self

    from sage200_async.write.outcome import Outcome
    from sage200_async.write.work import Work
    from sage200_async.write.write_journal import Journal

SETTLE: Final = 300.0
"""Seconds after which a server has surely written what it was sent, by default."""
_WAITING: Final = 100
# Outcomes that may wait for the consumer.
_MAX_WORKERS: Final = 64


class WriteJob:
    """Rows that are written by several workers, each once at most.

    Use it with ``async with``: it owns its tasks, and none is left when the block is.
    All rows are read into the journal before the first is sent. Iterate over it for
    the outcomes, in the order in which rows end: first those that ended in an earlier
    run under the same journal. Workers wait while the consumer is busy.

    A job that ended early, by an error, by ``break`` or by a kill, goes on when it is
    run again with the same rows and the same journal.
    """

    def __init__(
        self,
        work: Work,
        rows: object,
        *,
        journal: str | Path,
        workers: int,
        settle: float,
        dry_run: bool,
    ) -> None:
        require_rows(rows)
        if not 1 <= workers <= _MAX_WORKERS:
            message = f"workers: expected 1 to {_MAX_WORKERS}, got {workers}"
            raise LimitError(message)
        if not settle >= 0:
            raise LimitError(f"settle: expected seconds, 0 or more, got {settle}")
        self._work = work
        self._rows = rows
        self._path = journal_path(journal)
        self._workers = workers
        self._settle = settle
        self._dry_run = dry_run
        self._thread = JournalThread(self._path)
        self._queue: asyncio.Queue[Outcome | None] = asyncio.Queue(_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self._counts = dict.fromkeys(KINDS, 0)
        self._total = 0
        self._began = self._ended = 0.0

    async def __aenter__(self) -> Self:
        if self._task is not None:
            message = f"{self._work.identity.resource}: a job is entered once"
            raise ClientClosed(message)
        self._began = time.monotonic()
        try:
            await self._thread.open()
            await self._thread.run(
                self._thread.journal.require_job, self._work.identity
            )
        except BaseException:
            await self._thread.close()
            raise
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        if isinstance(self._failure, asyncio.CancelledError):
            message = f"{self._work.identity.resource}: the job's block was left"
            self._failure = ClientClosed(message)
            self._queue = asyncio.Queue()
            self._queue.put_nowait(None)

    def __aiter__(self) -> AsyncIterator[Outcome]:
        """Read the outcomes, one at a time."""
        return self.outcomes()

    async def outcomes(self) -> AsyncGenerator[Outcome, None]:
        """Yield the outcomes, one at a time.

        Raises:
            JournalError: The journal is that of other rows, or cannot be written.
            RequestError: The service cannot be reached, or refuses the user; rows that
                have not ended stay as they are.
            TokenError: There is no usable token.
        """
        if self._task is None:
            message = (
                f"{self._work.identity.resource}: the job is not entered: use `async "
                "with ...upsert(...) as job: async for outcome in job`"
            )
            raise ClientClosed(message)
        while (outcome := await self._queue.get()) is not None:
            yield outcome
        self._queue.put_nowait(None)  # for another reader
        if self._failure is not None:
            raise self._failure

    async def finish(self) -> Report:
        """Wait for all rows, and return the report; without an eye on each outcome."""
        async for _ in self:
            pass
        return self.report

    @property
    def report(self) -> Report:
        """How far the job has come."""
        ended = sum(self._counts.values())
        until = self._ended or time.monotonic()
        return Report(
            journal=str(self._path),
            rows=self._total,
            waiting=self._total - ended,
            requests=self._work.service.requests,
            seconds=until - self._began if self._began else 0.0,
            dry_run=self._dry_run,
            **self._counts,
        )

    async def _run(self) -> None:
        try:
            await self._write_all()
        except BaseException as error:  # noqa: BLE001 - raised to the consumer
            self._failure = first_error(error)
        finally:
            self._ended = time.monotonic()
            await self._thread.close()
        if not isinstance(self._failure, asyncio.CancelledError):
            await self._queue.put(None)

    async def _write_all(self) -> None:
        work, journal, run = self._work, self._thread.journal, self._thread.run
        intake = Intake(work.target, work.marker, self._thread, work.identity.nested_by)
        await intake.take(self._rows)
        schedule = Schedule(self._thread, self._settle, dry_run=self._dry_run)
        if not self._dry_run:
            await run(journal.resume, schedule.now(), self._settle)
        self._total = sum((await run(journal.counts)).values())
        await self._report_ended(journal)
        writer = RowWriter(
            work, journal, schedule, self._thread, self._emit, dry_run=self._dry_run
        )
        at_once = work.look_up.keys_at_once
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(_work(schedule, writer, at_once))

    async def _report_ended(self, journal: Journal) -> None:
        """Report the rows that have ended before."""
        after = 0
        while rows := await self._thread.run(journal.ended, after):
            for row in rows:
                await self._emit(row.outcome(self._work.target.by))
            after = rows[-1].row

    async def _emit(self, outcome: Outcome) -> None:
        self._counts[outcome.kind] += 1
        await self._queue.put(outcome)


async def _work(schedule: Schedule, writer: RowWriter, at_once: int) -> None:
    """Work on rows until none is left."""
    while rows := await schedule.next_rows(at_once):
        await writer.write(rows)
        await schedule.release(rows)
