"""Records to a record batch, one by one: what pyarrow refuses, or parses differently."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from sage200_async.arrow.libraries import Field, RecordBatch, Schema, pa
from sage200_async.arrow.schema import INTEGER, NUMBER, SCALE, WHOLE_DIGITS, is_json
from sage200_async.errors import DecodeError
from sage200_async.limits import INT64_MAX
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.json_types import is_array

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msgspec.json import Decoder

T = TypeVar("T")

_STEP: Final = decimal.Decimal(1).scaleb(-SCALE)
_EXACT: Final = decimal.Context(
    prec=WHOLE_DIGITS + SCALE, traps=[decimal.Inexact, decimal.InvalidOperation]
)
_JSON: Final = msgspec.json.Encoder(decimal_format="number")


class Checker(SliceReader[Any]):
    """Finds records that do not fit, and makes no rows of those that do.

    Args:
        model: What each record is.
        max_record_bytes: Bytes of one record at most.
        needs_fields: As `SliceReader` has it.
    """

    def __init__(
        self, model: type[Any], max_record_bytes: int, *, needs_fields: bool
    ) -> None:
        super().__init__(
            model, needs_fields=needs_fields, max_record_bytes=max_record_bytes
        )

    def misfits(self, raws: Sequence[Any]) -> list[int]:
        """Return the indices of those *raws* that do not fit the model."""
        decoder = decoder_for(self._model)
        return [
            index
            for index, raw in enumerate(map(bytes, raws))
            if self._append([], decoder, raw, index) is not None
        ]


class RowReader(SliceReader[Any]):
    """Decodes records one by one, to rows of a schema.

    Args:
        model: What each record is.
        schema: The columns.
        errors: Takes the errors of records that do not fit; None to raise the first.
        max_record_bytes: Bytes of one record at most.
        needs_fields: As `SliceReader` has it.
    """

    def __init__(
        self,
        model: type[Any],
        schema: Schema,
        errors: list[Any] | None,
        max_record_bytes: int,
        *,
        needs_fields: bool,
    ) -> None:
        super().__init__(
            model,
            None if errors is None else errors.append,
            needs_fields=needs_fields,
            max_record_bytes=max_record_bytes,
        )
        self.last: object = None
        """The last record that was decoded."""
        self._fields = list(schema)

    def rows(self, raws: Sequence[bytes], start: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows of *raws* in small lists.

        Args:
            raws: The bytes of each record.
            start: The index of the first one in its page.

        Raises:
            DecodeError: A record does not fit, and there is no list of errors.
        """
        return self._one_by_one(raws, start)

    def _read(self, decoder: Decoder[T], array: bytes) -> Any:
        record = super()._read(decoder, array)
        row = {field.name: _value(record, field, "$") for field in self._fields}
        self.last = record
        return row


def _value(record: Any, field: Field, path: str) -> Any:
    """Return a field of *record* as pyarrow takes it.

    Raises:
        msgspec.ValidationError: It is a number that does not fit in the column.
    """
    return _shown(getattr(record, field.name), field, f"{path}.{field.name}")


def _shown(value: Any, field: Field, path: str) -> Any:
    if value is None:
        return None
    if is_json(field):
        return _JSON.encode(value).decode()
    kind = field.type
    if kind == NUMBER:
        return _fitted(value, path)
    if kind == INTEGER and not -INT64_MAX - 1 <= value <= INT64_MAX:
        raise msgspec.ValidationError(
            f"Expected a whole number of 64 bits at most - at `{path}`"
        )
    if pa.types.is_list(kind) and is_array(value):
        item = kind.value_field
        return [
            _shown(one, item, f"{path}[{number}]") for number, one in enumerate(value)
        ]
    if pa.types.is_struct(kind):
        return {below.name: _value(value, below, path) for below in kind}
    return value


def _fitted(number: decimal.Decimal, path: str) -> decimal.Decimal:
    """Return *number* with all its digits, and with zeros up to the last place."""
    try:
        if number.is_finite():
            return number.quantize(_STEP, context=_EXACT)
    except decimal.DecimalException:
        pass
    message = (
        f"Expected a number of at most {WHOLE_DIGITS} digits before and {SCALE} after "
        f"the point - at `{path}`"
    )
    raise msgspec.ValidationError(message)


def as_batch(rows: list[dict[str, Any]], schema: Schema) -> RecordBatch:
    """Return *rows* as a batch.

    Raises:
        DecodeError: pyarrow refuses a value; the message has its own words.
    """
    try:
        return pa.RecordBatch.from_pylist(rows, schema=schema)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise DecodeError(f"the records do not fit in columns: {error}") from error
