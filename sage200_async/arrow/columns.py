"""The form of a reading that hands on record batches."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sage200_async.arrow.cutting import COLUMN_SLICE, Cutter
from sage200_async.arrow.libraries import (
    Array,
    RecordBatch,
    Schema,
    empty_batch,
    pa,
    whole_numbers,
)
from sage200_async.arrow.parsing import Parser
from sage200_async.arrow.rows import Checker, RowReader, as_batch
from sage200_async.arrow.schema import INTEGER
from sage200_async.errors import DecodeError
from sage200_async.limits import MAX_RECORD_BYTES
from sage200_async.wire.decode import decode_plain
from sage200_async.wire.json_types import DECODING_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sage200_async.arrow.cutting import Cut
    from sage200_async.paging.page_forms import Quarantine
    from sage200_async.wire.messages import ChunkedBody
    from sage200_async.wire.wrappers import PageNotes

_AHEAD: Final = 2
# Slices of a page that are parsed or wait for it, for each thread.
_BLOCK: Final = 256
# Records of a refused slice among which those that do not fit are looked for at once.
_FEW: Final = 32
# Records that are read as such if they are refused all the same.


class ColumnSlice:
    """A record batch, with the keys of its rows."""

    __slots__ = ("keys", "last", "rows")

    def __init__(
        self, rows: RecordBatch, keys: Sequence[Any] | None, last: object = None
    ) -> None:
        self.rows = rows
        self.keys = keys
        self.last = last

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def part(self, start: int, end: int) -> ColumnSlice:
        """Return the rows from *start* up to *end*."""
        keys = None if self.keys is None else self.keys[start:end]
        size = max(0, min(end, len(self)) - start)
        return ColumnSlice(self.rows.slice(start, size), keys, self.last)

    def pick(self, indices: Sequence[int]) -> ColumnSlice:
        """Return the rows at *indices*."""
        keys = None if self.keys is None else [self.keys[index] for index in indices]
        rows = self.rows.take(whole_numbers(indices))
        return ColumnSlice(rows, keys, self.last)


class ColumnForm:
    """Record batches of one schema, parsed in threads of its own.

    Args:
        model: What each record is: it decides what is accepted.
        schema: The columns, as `schema_of` returns them.
        key: The column by which records are read, or None.
        slice_bytes: About how many bytes are parsed in one call.
    """

    def __init__(
        self,
        model: type[Any],
        schema: Schema,
        key: str | None,
        slice_bytes: int = COLUMN_SLICE,
    ) -> None:
        self.slice_bytes = slice_bytes
        self.schema = schema
        self.model = model
        self.key = key
        self.parser = Parser(model, schema, key)
        self.threads = max(1, pa.cpu_count())
        self.executor = ThreadPoolExecutor(self.threads, "sage200-columns")

    def open(
        self,
        body: bytes | ChunkedBody,
        key: str | None,  # noqa: ARG002 - the form has it already
        quarantine: Quarantine,
        *,
        max_record_bytes: int = MAX_RECORD_BYTES,
    ) -> ColumnReader:
        """Return a reader for one page."""
        return ColumnReader(self, body, quarantine, max_record_bytes)

    def empty(self) -> ColumnSlice:
        """Return no rows."""
        return ColumnSlice(empty_batch(self.schema), [])

    def outcomes(
        self, cut: Cut, *, collect: bool, max_bytes: int = MAX_RECORD_BYTES
    ) -> list[ColumnSlice | DecodeError]:
        """Return what becomes of the records of *cut*: their rows, and errors.

        Args:
            cut: The bytes of the records.
            collect: Whether to go on after an error.
            max_bytes: Bytes of one record at most.
        """
        outcomes: list[ColumnSlice | DecodeError] = []
        for outcome in self._outcomes(cut, max_bytes, collect=collect):
            outcomes.append(outcome)
            if isinstance(outcome, DecodeError) and not collect:
                break
        return outcomes

    def _outcomes(
        self, cut: Cut, max_bytes: int, *, collect: bool
    ) -> Iterator[ColumnSlice | DecodeError]:
        """Yield what becomes of *cut*; of what is refused, smaller parts are tried."""
        parsed = self._parsed(cut, max_bytes)
        if parsed is not None:
            yield parsed
            return
        for block in cut.parts(_BLOCK):
            outcomes = self._without_misfits(block, max_bytes, collect=collect)
            if outcomes is not None:
                yield from outcomes
                continue
            for part in block.parts(_FEW):
                parsed = self._parsed(part, max_bytes)
                if parsed is not None:
                    yield parsed
                else:
                    yield from self._by_records(part, max_bytes, collect=collect)

    def _without_misfits(
        self, block: Cut, max_bytes: int, *, collect: bool
    ) -> list[ColumnSlice | DecodeError] | None:
        """Return what becomes of *block* if only records that do not fit were refused.

        To find them takes a tenth of the time that rows of records take.
        """
        checker = Checker(self.model, max_bytes, needs_fields=self.key is None)
        misfits = checker.misfits(block)
        first = min(misfits, default=len(block))
        good = block.without(misfits if collect else range(first, len(block)))
        parsed = self._parsed(good, max_bytes)
        if parsed is None:
            return None
        errors = [
            error
            for index in misfits[: None if collect else 1]
            for error in self._by_records(
                block.part(index, index + 1), max_bytes, collect=collect
            )
        ]
        return [*errors, parsed] if collect else [parsed, *errors]

    def _parsed(self, cut: Cut, max_bytes: int) -> ColumnSlice | None:
        """Return the columns of *cut*, or None where records have to decide."""
        fits = max(map(len, cut), default=0) <= max_bytes
        batch = self.parser.batch(cut) if fits and cut.is_json else None
        if batch is None or self.key is not None:
            return None if batch is None else self._slice(batch, None)
        try:
            return self._slice(batch, decode_plain(bytes(cut[-1]), self.model))
        except DECODING_ERRORS:
            return None

    def _by_records(
        self, cut: Cut, max_bytes: int, *, collect: bool
    ) -> Iterator[ColumnSlice | DecodeError]:
        errors: list[DecodeError] = []
        reader = RowReader(
            self.model,
            self.schema,
            errors if collect else None,
            max_bytes,
            needs_fields=self.key is None,
        )
        blocks = reader.rows(list(map(bytes, cut)), cut.start)
        while True:
            try:
                rows = next(blocks, None)
            except DecodeError as error:
                yield error
                return
            yield from errors
            errors.clear()
            if rows is None:
                return
            if not rows:
                continue
            # An error of the whole block is raised: set aside, it would take rows along.
            yield self._slice(as_batch(rows, self.schema), reader.last)

    def _slice(self, batch: RecordBatch, last: object) -> ColumnSlice:
        keys = None if self.key is None else numbers_in(batch.column(self.key))
        return ColumnSlice(batch, keys, last)


class ColumnReader:
    """Reads one page as record batches; made by `ColumnForm.open`.

    Slices are parsed in threads, several at once, and handed on in their order.
    """

    def __init__(
        self,
        form: ColumnForm,
        body: bytes | ChunkedBody,
        quarantine: Quarantine,
        max_record_bytes: int,
    ) -> None:
        self._form = form
        self._max_bytes = max_record_bytes
        self._quarantine = quarantine
        cut_errors = None if quarantine is None else self._add_error
        self._cutter = Cutter(
            form.model, cut_errors, form.slice_bytes, max_record_bytes
        )
        self._cuts = self._cutter.slices(body)
        self._pending: deque[asyncio.Future[list[ColumnSlice | DecodeError]]] = deque()
        self._ready: deque[ColumnSlice | DecodeError] = deque()
        self._all_cut = False
        self._failure: DecodeError | None = None

    @property
    def notes(self) -> PageNotes:
        """What the page says of the collection, once its slices are read."""
        return self._cutter.notes

    async def next(self) -> ColumnSlice | None:
        """Return the next slice of the page, or None after the last one."""
        while True:
            while self._ready:
                outcome = self._ready.popleft()
                if isinstance(outcome, ColumnSlice):
                    return outcome
                if self._quarantine is None:
                    raise outcome
                self._quarantine(outcome)
            await self._fill()
            if self._failure is not None and not self._pending:
                raise self._failure
            if not self._pending:
                return None
            self._ready.extend(await self._pending.popleft())

    async def _fill(self) -> None:
        """Have the threads parse what is next, some slices ahead."""
        loop, form = asyncio.get_running_loop(), self._form
        collect = self._quarantine is not None
        while not self._all_cut and len(self._pending) < form.threads * _AHEAD:
            try:
                cut: Any = next(self._cuts, None)
            except DecodeError as error:
                cut, self._failure = None, error
            if cut is None:
                self._all_cut = True
            elif cut:
                task = partial(
                    form.outcomes, cut, collect=collect, max_bytes=self._max_bytes
                )
                self._pending.append(loop.run_in_executor(form.executor, task))
            await asyncio.sleep(0)

    def _add_error(self, error: DecodeError) -> None:
        """Add the error of a record that is too large to be cut, in its order."""
        future = asyncio.get_running_loop().create_future()
        future.set_result([error])
        self._pending.append(future)


def numbers_in(column: Array) -> Sequence[Any]:
    """Return the whole numbers of *column*, as `to_pylist` does, but faster."""
    if column.null_count or column.type != INTEGER:
        values: list[Any] = column.to_pylist()
        return values
    numbers = memoryview(column.buffers()[1]).cast("q")
    return numbers[column.offset : column.offset + len(column)].tolist()
