"""A thread of its own for a sink, whose methods block."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from sage200_async.extract.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.sink import Sink, SyncTarget
    from sage200_async.extract.tables import Table
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange

P = ParamSpec("P")
R = TypeVar("R")


class SinkThread:
    """A sink whose methods are awaited; each runs in the one thread of the sink.

    Use it with ``async with``: the sink is closed at the end of the block. A
    method that has started runs to its end, even when its caller is cancelled.

    Args:
        sink: The sink; nothing else may use it meanwhile.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._tables: tuple[Table, ...] = ()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="sage200-sink")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        try:
            await self._call(self._sink.close)
        finally:
            self._executor.shutdown(wait=False)

    async def open(self, tables: Sequence[Table]) -> Checkpoint | None:
        """Open the sink for *tables*; return the checkpoint to resume from."""
        self._tables = tuple(tables)
        return await self._call(self._sink.open, self._tables)

    async def reopen(self) -> None:
        """Open the sink again, for the same tables: what it gathered is dropped."""
        await self._call(self._sink.open, self._tables)

    async def begin(self, checkpoint: Checkpoint) -> None:
        """Begin a new read."""
        await self._call(self._sink.begin, checkpoint)

    async def write(
        self, key_range: KeyRange | None, records: Sequence[object]
    ) -> None:
        """Write *records*, which are all of *key_range*, as rows."""
        await self._call(self._write, key_range, records)

    async def commit(self, certificate: Certificate) -> None:
        """Make everything visible, with *certificate* beside it."""
        await self._call(self._sink.commit, certificate)

    def _write(self, key_range: KeyRange | None, records: Sequence[object]) -> None:
        self._sink.write(key_range, rows_of(self._tables, records))

    async def _call(
        self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, lambda: method(*args, **kwargs))
        return await asyncio.shield(running)


class SyncTargetThread(SinkThread):
    """The same for a sink that can be kept in step.

    Args:
        target: The sink; nothing else may use it meanwhile.
    """

    def __init__(self, target: SyncTarget) -> None:
        super().__init__(target)
        self._target = target

    async def keys(self) -> set[int]:
        """Return the keys of the rows that are not marked as deleted."""
        return await self._call(lambda: set(self._target.keys()))

    async def mark_deleted(self, keys: Sequence[int], at: float) -> None:
        """Mark rows as deleted, at a time in seconds since 1970; all or none."""
        await self._call(self._target.mark_deleted, keys, at)

    async def metadata(self, name: str, value: str | None = None) -> str | None:
        """Store *value* under *name* unless it is None; return what is stored."""
        return await self._call(self._target.metadata, name, value)
