"""The thread in which a journal is read and written: a disk may be slow."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from sage200_async.write.write_journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

P = ParamSpec("P")
T = TypeVar("T")


class JournalThread:
    """Runs what a journal does in a thread of its own, one after the other.

    Args:
        path: The file of the journal.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "sage200-journal")
        self.journal: Journal

    async def open(self) -> None:
        """Open the journal.

        Raises:
            JournalError: Another process has it open, or it is something else.
        """
        self.journal = await self.run(Journal, self._path)

    async def run(self, do: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Call *do* in the thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: do(*args, **named))

    async def close(self) -> None:
        """Wait for what is under way, and close the journal."""
        if hasattr(self, "journal"):
            await self.run(self.journal.close)
        self._thread.shutdown(wait=False)
