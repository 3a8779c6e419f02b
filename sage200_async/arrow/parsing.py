"""Bytes of records to a record batch, by pyarrow, and the checks that it lacks.

pyarrow accepts what records do not: a first row of null ends the process, times may be
cut short, decimals may have more digits than their type, texts need not be UTF-8. What
is refused here is read again as records, which decide.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from sage200_async.arrow.libraries import (
    DataType,
    Field,
    RecordBatch,
    Schema,
    json,
    pa,
    whole_numbers,
)
from sage200_async.arrow.libraries import compute as pc
from sage200_async.arrow.schema import TIME, is_json
from sage200_async.wire.times import with_utc_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msgspec import Raw

_PLAIN_TIMES: Final = (
    r"\A(?:(?:[1-9]\d{3}|0[1-9]\d\d|00[1-9]\d|000[1-9])-\d\d-\d\d"
    r"T\d\d:\d\d:\d\d(?:\.\d{1,6})?Z)*\z"
)
# pyarrow also takes a date alone, the year 0, hours without minutes, and offsets.
_FAR_ZERO: Final = r"0[eE]-\d\d\d"
# A zero such as 0E-999: pyarrow takes it, whatever its exponent.
_BRACE: Final = ord("{")
_MAX_ROW: Final = 1024 * 1024
# Bytes of a row: a larger one is read as a record.


class Parser:
    """Parses rows of JSON into batches of one schema; used by several threads.

    Args:
        model: What each row is.
        schema: The columns.
        key: The column by which records are read: a row without it is refused
            elsewhere. Where there is none, a row with none of the columns is left to the
            records.
    """

    def __init__(self, model: type[Any], schema: Schema, key: str | None) -> None:
        self._model = model
        self._converts_times = False
        # Whether times came that are not in UTC, so that more are expected.
        self._schema = schema
        self._has_key = key is not None
        timed = [n for n, field in enumerate(schema) if _has_times(field.type)]
        self._times = [n for n in timed if schema.field(n).type == TIME]
        self._with_times = [n for n in timed if n not in self._times]
        self._json = [number for number, field in enumerate(schema) if _has_json(field)]
        self._required = [
            number
            for number, field in enumerate(schema)
            if field.name != key and _is_required(field)
        ]
        self._numbers = "decimal128" in str(schema)
        columns = [field.with_type(_as_text(field.type)) for field in schema]
        self._options = json.ParseOptions(
            explicit_schema=pa.schema(columns), unexpected_field_behavior="ignore"
        )

    def batch(self, rows: Sequence[bytes | Raw]) -> RecordBatch | None:
        """Return the columns of *rows*, or None where records have to decide."""
        if not rows or max(map(len, rows)) > _MAX_ROW:
            return None
        try:
            arrays = self._in_utc(rows)
            return None if arrays is None else self._typed(arrays)
        except (pa.ArrowException, UnicodeDecodeError):
            return None

    def _in_utc(self, rows: Sequence[bytes | Raw]) -> list[Any] | None:
        """Return the columns of *rows*; times that are not in UTC are converted."""
        if not self._converts_times:
            arrays = self._arrays(rows)
            if arrays is None or self._cast_times(arrays):
                return arrays
        arrays = self._arrays([with_utc_times(bytes(row), self._model) for row in rows])
        if arrays is None or not self._cast_times(arrays):
            return None
        self._converts_times = True
        return arrays

    def _arrays(self, rows: Sequence[bytes | Raw]) -> list[Any] | None:
        """Return the columns of *rows*, times as texts, or None."""
        text = b"\n".join(rows)
        starts = accumulate((len(row) + 1 for row in rows[:-1]), initial=0)
        if set(map(text.__getitem__, starts)) != {_BRACE}:
            return None  # not all are objects
        buffer = pa.py_buffer(text)
        if self._numbers and _is_found(_FAR_ZERO, buffer, 0, len(text)):
            return None
        # One block: larger than the largest row, and never cut inside one.
        options = json.ReadOptions(use_threads=False, block_size=len(text) + 1)
        table = json.read_json(pa.BufferReader(buffer), options, self._options)
        batches: list[Any] = table.to_batches()
        if len(batches) != 1 or batches[0].num_rows != len(rows):
            return None
        arrays: list[Any] = batches[0].columns
        field = self._schema.field
        has_json = any(_has_value(arrays[n], field(n)) for n in self._json)
        lacks = any(_lacks_value(arrays[n], field(n)) for n in self._required)
        return None if has_json or lacks else arrays

    def _typed(self, arrays: list[Any]) -> RecordBatch | None:
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        batch.validate(full=True)
        return batch if self._has_key or _no_row_is_empty(arrays) else None

    def _cast_times(self, arrays: list[Any]) -> bool:
        """Replace the texts of times by times if all are in full and in UTC.

        All columns are one array here: each call of pyarrow that lets other threads run
        waits for them when it returns.
        """
        rows, kinds = len(arrays[0]) if arrays else 0, self._schema.types
        texts = [arrays[number] for number in self._times]
        for number in self._with_times:
            texts += _times_in(arrays[number], kinds[number])
        if not texts:
            return True
        whole = pa.concat_arrays(texts)
        if not _are_plain(whole):
            return False
        times = pc.cast(whole.slice(0, len(self._times) * rows), TIME)
        for position, number in enumerate(self._times):
            arrays[number] = _own_part(times, position * rows, arrays[number])
        for number in self._with_times:
            arrays[number] = pc.cast(arrays[number], kinds[number])
        return True


def _own_part(times: Any, start: int, texts: Any) -> Any:
    """Return the times of *texts*, from *start* on, without the memory of the others.

    A slice would have it: a consumer that sends batches to other processes sends all.
    """
    if texts.offset:
        return pc.cast(texts, TIME)
    size = TIME.bit_width // 8
    values: Any = memoryview(times.buffers()[1])[(times.offset + start) * size :]
    part = pa.py_buffer(bytes(values[: len(texts) * size]))
    return pa.Array.from_buffers(
        TIME, len(texts), [texts.buffers()[0], part], texts.null_count
    )


def _are_plain(times: Any) -> bool:
    """Return whether *times* are in full and in UTC, if each can be cast.

    They are matched as one text, in half the time of one after another. Where one ends
    and the next begins it does not show; but no part of a time can be cast, nor can two.
    """
    if not len(times):
        return True
    buffers: list[Any] = times.buffers()
    ends: Any = memoryview(buffers[1]).cast("i")
    start, end = ends[times.offset], ends[times.offset + len(times)]
    return start == end or _is_found(_PLAIN_TIMES, buffers[2], start, end)


def _is_found(pattern: str, text: Any, start: int, end: int) -> bool:
    """Return whether *pattern* is in a part of a buffer; other threads run meanwhile."""
    buffers = [None, whole_numbers([start, end]).buffers()[1], text]
    whole = pa.Array.from_buffers(pa.large_binary(), 1, buffers)
    return bool(pc.match_substring_regex(whole, pattern)[0].as_py())


def _as_text(kind: DataType) -> DataType:
    """Return *kind* with texts for its times, so that they can be checked."""
    if kind == TIME:
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_as_text(field.type)) for field in kind])
    if pa.types.is_list(kind):
        item = kind.value_field
        return pa.list_(item.with_type(_as_text(item.type)))
    return kind


def _has_times(kind: DataType) -> bool:
    return bool(_as_text(kind) != kind)


def _has_json(field: Field) -> bool:
    return is_json(field) or any(map(_has_json, _below(field.type)))


def _below(kind: DataType) -> list[Field]:
    """Return the fields of which a struct or a list consists."""
    if pa.types.is_list(kind):
        return [kind.value_field]
    return list(kind) if pa.types.is_struct(kind) else []


def _is_required(field: Field) -> bool:
    """Return whether *field*, or one of which it consists, may not be null."""
    return not field.nullable or any(map(_is_required, _below(field.type)))


def _lacks_value(array: Any, field: Field) -> bool:
    """Return whether *array* is null where it may not be."""
    if array.null_count:
        if not field.nullable:
            return True
        array = array.drop_null()
    return any(_lacks_value(part, below) for part, below in _parts(array, field.type))


def _has_value(array: Any, field: Field) -> bool:
    """Return whether *array* has a value where there should be JSON text."""
    if is_json(field):
        return bool(array.null_count < len(array))
    return any(_has_value(part, below) for part, below in _parts(array, field.type))


def _times_in(array: Any, kind: DataType) -> Iterator[Any]:
    """Yield the texts of times in *array*, those of related records included."""
    if kind == TIME:
        yield array
    for part, below in _parts(array, kind):
        yield from _times_in(part, below.type)


def _parts(array: Any, kind: DataType) -> Iterator[tuple[Any, Field]]:
    """Yield the arrays that *array* consists of, each with its field."""
    if pa.types.is_struct(kind):
        for number, below in enumerate(kind):
            yield array.field(number), below
    elif pa.types.is_list(kind):
        yield array.flatten(), kind.value_field


def _no_row_is_empty(arrays: Sequence[Any]) -> bool:
    """Return whether each row has a value in one of the columns."""
    empty: Any = None
    for array in arrays:
        if array.null_count == 0:
            return True
        nulls = pc.is_null(array)
        empty = nulls if empty is None else pc.and_(empty, nulls)
    return not (empty is None or pc.any(empty).as_py())
