"""A thread of its own for a sink, whose methods block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Self

from msgspec.structs import replace

from sage200_async.extract.own_thread import OwnThread
from sage200_async.extract.rows import rows_of
from sage200_async.extract.sink import DEFAULTS
from sage200_async.extract.tables import Row, Table

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.sink import Copy, OpenOptions, Sink, SinkForm, SyncTarget
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange
    from sage200_async.paging.parallel import Batch, Progress

_PAGE: Final = 5000
# Rows that are handed from the sink's thread at once.
RowsOf = Callable[[Sequence[Table], Sequence[Any]], Mapping[str, Sequence[Row]]]
"""Makes rows of records, for each table by its name."""
Write = tuple["Batch[Any]", "Progress"]
"""A batch, and how far the read had come with it."""


class SinkThread:
    """A sink whose methods are awaited; each runs in the one thread of the sink.

    Use it with ``async with``: the sink is closed at the end of the block. A
    method that has started runs to its end, even when its caller is cancelled.

    Args:
        sink: The sink; nothing else may use it meanwhile.
        rows_of: Makes rows of records; by default one column for each field.
    """

    def __init__(self, sink: Sink, rows_of: RowsOf = rows_of) -> None:
        self._sink = sink
        self._tables: tuple[Table, ...] = ()
        self._options = DEFAULTS
        self._rows_of = rows_of
        self._thread = OwnThread("sage200-sink")
        self._call = self._thread.call

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        try:
            await self._call(self._sink.close)
        finally:
            self._thread.end()

    async def open(
        self,
        tables: Sequence[Table],
        options: OpenOptions = DEFAULTS,
    ) -> Checkpoint | None:
        """Open the sink for *tables*; return the checkpoint to resume from."""
        self._tables = tuple(tables)
        self._options = options
        return await self._call(self._sink.open, self._tables, options)

    async def reopen(self) -> None:
        """Open the sink again in the same way: what it gathered is dropped."""
        options = replace(self._options, restart=False)
        await self._call(self._sink.open, self._tables, options)

    async def restart(self) -> None:
        """Open the sink again in the same way: what it has of an unfinished read is dropped."""
        options = replace(self._options, restart=True)
        await self._call(self._sink.open, self._tables, options)

    @property
    def form(self) -> SinkForm:
        """The form that the sink is written to the fastest; rows, if it says nothing."""
        form: SinkForm = getattr(self._sink, "form", "rows")
        return form

    @property
    def sets_aside(self) -> bool:
        """Whether the sink says that it sets records aside, as `FormedSink` has it."""
        return bool(getattr(self._sink, "sets_aside", False))

    async def begin(self, checkpoint: Checkpoint) -> None:
        """Begin a new read."""
        await self._call(self._sink.begin, checkpoint)

    async def write(
        self,
        key_range: KeyRange | None,
        records: Sequence[object],
        *,
        requests: int = 0,
        rejected: int = 0,
    ) -> None:
        """Write *records*, which are all of *key_range*, as rows."""
        await self._call(
            lambda: self._sink.write(
                key_range,
                self._rows_of(self._tables, records),
                requests=requests,
                rejected=rejected,
            )
        )

    async def write_batches(self, writes: Sequence[Write], form: SinkForm) -> None:
        """Write several batches, in one turn of the thread.

        Args:
            writes: The batches.
            form: The form that they are in.
        """

        def write() -> None:
            for batch, progress in writes:
                records = batch.records
                self._sink.write(
                    batch.key_range,
                    self._rows_of(self._tables, records) if form == "rows" else records,
                    requests=progress.requests,
                    rejected=progress.rejected,
                )

        await self._call(write)

    async def commit(self, certificate: Certificate) -> Certificate:
        """Make everything visible; return the certificate that is stored."""
        return await self._call(self._sink.commit, certificate)


class SyncTargetThread(SinkThread):
    """The same for a sink that can be kept in step.

    Args:
        target: The sink; nothing else may use it meanwhile.
        rows_of: Makes rows of records.
    """

    def __init__(self, target: SyncTarget, rows_of: RowsOf = rows_of) -> None:
        super().__init__(target, rows_of)
        self._target = target

    async def copy(self) -> Copy:
        """Return what is there."""
        return await self._call(self._target.copy)

    async def keys(self) -> set[int]:
        """Return the keys of the rows that are not marked as deleted."""
        return await self._call(lambda: set(self._target.keys()))

    async def stamps(
        self, column: str | None, low: int, high: int
    ) -> Sequence[tuple[int, datetime | None, bool]]:
        """Return key, stamp, and whether marked as deleted, of rows between two keys."""
        return await self._call(self._target.stamps, column, low, high)

    async def stamps_of(
        self, column: str | None, keys: Sequence[int]
    ) -> Sequence[tuple[int, datetime | None, bool]]:
        """Return the same for those of *keys* that the copy has."""
        return await self._call(self._target.stamps_of, column, keys)

    async def rows(self, table: str) -> AsyncGenerator[list[Row], None]:
        """Yield the rows of one table that are not marked as deleted, in pages."""
        rows = iter(await self._call(self._target.rows, table))
        while page := await self._call(lambda: list(islice(rows, _PAGE))):
            yield page

    async def merge(self, records: Sequence[object]) -> None:
        """Insert or replace *records*, whatever was read before."""
        await self._call(
            lambda: self._target.merge(self._rows_of(self._tables, records))
        )

    async def discard(self) -> None:
        """Drop an unfinished read, if there is one."""
        await self._call(self._target.discard)

    async def commit(
        self, certificate: Certificate, *, keep_absent: bool = False
    ) -> Certificate:
        """Make everything visible; return the certificate that is stored."""
        return await self._call(
            self._target.commit, certificate, keep_absent=keep_absent
        )

    async def rows_written(self) -> int:
        """Return how many rows were inserted or really altered since `open`."""
        return await self._call(lambda: self._target.rows_written)

    async def keys_set_aside(self) -> frozenset[object]:
        """Return the keys of the records that did not fit when they were merged."""
        return await self._call(lambda: self._target.keys_set_aside)

    async def mark_deleted(self, keys: Sequence[int], at: float) -> None:
        """Mark rows as deleted, at a time in seconds since 1970; all or none."""
        await self._call(self._target.mark_deleted, keys, at)

    async def metadata(self, name: str, value: str | None = None) -> str | None:
        """Store *value* under *name* unless it is None; return what is stored."""
        return await self._call(self._target.metadata, name, value)
