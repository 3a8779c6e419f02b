"""Which rows are worked on next, and when."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sage200_async.write.journal_rows import JournalRow
    from sage200_async.write.journal_thread import JournalThread

_LONGEST: Final = 60.0
# Seconds before a row that failed without a trace is tried again, at most.


class Schedule:
    """Hands rows to the workers of a job: those that are ready, each to one of them.

    Args:
        thread: The journal.
        settle: Seconds after which a lost request has surely been carried out.
        dry_run: Whether each row is handed out once, whatever becomes of it.
    """

    def __init__(self, thread: JournalThread, settle: float, *, dry_run: bool) -> None:
        self._thread = thread
        self._settle = settle
        self._dry_run = dry_run
        self._after = 0
        self._taken = 0
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._began = time.time() - time.monotonic()
        self._failures: dict[int, int] = {}

    def now(self) -> float:
        """Return the seconds since 1970, without the jumps of a clock that is set."""
        return self._began + time.monotonic()

    def settled_at(self) -> float:
        """Return when what is sent now has settled."""
        return self.now() + self._settle

    def failed(self, row: int) -> int:
        """Count one more failure of a row; return how many it had in this run."""
        self._failures[row] = self._failures.get(row, 0) + 1
        return self._failures[row]

    def soon(self, row: int) -> float:
        """Return when a row is tried again that failed without a trace."""
        wait = min(_LONGEST, 2.0 ** (self._failures.get(row, 1) - 2))
        return self.now() + min(wait, max(self._settle, 0.05))

    async def next_rows(self, most: int) -> list[JournalRow]:
        """Wait for rows to work on; none where all have ended."""
        async with self._lock:
            if self._dry_run:
                return await self._following(most)
            while True:
                self._changed.clear()
                journal, now = self._thread.journal, self.now()
                rows = await self._thread.run(journal.take, now, most)
                if rows:
                    self._taken += len(rows)
                    return rows
                ready_at = await self._thread.run(journal.next_ready)
                if ready_at is None and not self._taken:
                    return []
                await self._wait(ready_at)

    async def _following(self, most: int) -> list[JournalRow]:
        journal = self._thread.journal
        rows = await self._thread.run(journal.look_through, self._after, most)
        self._after = rows[-1].row if rows else self._after
        return rows

    async def _wait(self, ready_at: float | None) -> None:
        """Wait until a row is ready, or one that is worked on is released."""
        seconds = None if ready_at is None else max(0.0, ready_at - self.now())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def release(self, rows: list[JournalRow]) -> None:
        """Note that a worker is done with *rows*, for now or for good."""
        if self._dry_run:
            return
        await self._thread.run(self._thread.journal.release, rows)
        self._taken -= len(rows)
        self._changed.set()
