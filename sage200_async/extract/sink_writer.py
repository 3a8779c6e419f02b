"""Batches handed to a sink while the next ones are read."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.extract.sink import SinkForm
    from sage200_async.extract.sink_thread import SinkThread, Write
    from sage200_async.paging.parallel import Batch, Progress

_GATHERED: Final = 1000
# Records that wait while the sink is busy; it is given them all at once.


class SinkWriter:
    """Writes batches in the thread of the sink, one call at a time, beside the read.

    Use it with ``async with``: when the block is left, everything is written that was
    added, whatever ended it, so that the next run resumes there.

    Args:
        thread: The sink, in which a read was started or is resumed.
        form: The form of the batches.
        on_progress: Called after each call of the sink.
    """

    def __init__(
        self,
        thread: SinkThread,
        form: SinkForm,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> None:
        self._thread = thread
        self._form: SinkForm = form
        self._on_progress = on_progress
        self._waiting: list[Write] = []
        self._records = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            try:
                await self._write_rest()
            except asyncio.CancelledError:
                with suppress(Exception):
                    await self._write_rest()
                raise
            return
        with suppress(Exception):  # the first error is the one that is raised
            await self._write_rest()

    async def _write_rest(self) -> None:
        await self._hand_over()
        await self._written()

    async def add(self, batch: Batch[Any], progress: Progress) -> None:
        """Add *batch*; wait while the sink is behind.

        Raises:
            SinkError: The sink failed at an earlier batch.
        """
        self._waiting.append((batch, progress))
        self._records += len(batch.records)
        if self._is_idle or self._records >= _GATHERED:
            await self._hand_over()

    @property
    def _is_idle(self) -> bool:
        return self._task is None or self._task.done()

    async def _hand_over(self) -> None:
        """Begin to write what waits, once what was handed over before is written."""
        await self._written()
        writes, self._waiting, self._records = self._waiting, [], 0
        if writes:
            self._task = asyncio.create_task(self._write(writes))

    async def _written(self) -> None:
        if self._task is not None:
            await asyncio.shield(self._task)
            self._task = None

    async def _write(self, writes: list[Write]) -> None:
        await self._thread.write_batches(writes, self._form)
        if self._on_progress is not None:
            self._on_progress(writes[-1][1])
