"""Rows as record batches of Arrow, for the formats that are made of them."""

from __future__ import annotations

import decimal
from datetime import UTC
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sage200_async._optional import require
from sage200_async.extract.nested import typed_values
from sage200_async.extract.text_values import utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from decimal import Decimal

    from sage200_async.extract.sink import SinkForm
    from sage200_async.extract.tables import Column, Kind, Row, Table

PRECISION: Final = 38
"""Digits of a number: the most that fit in 128 bits."""
SCALE: Final = 10
"""Decimal places: Sage's numbers have 9 at most."""
GROUP: Final = 16_384
"""Rows of a row group."""


class ArrowRows:
    """Rows as record batches, in groups of one size.

    Numbers are ``decimal128(38, 10)``: a number with more digits is refused,
    never rounded. Times are microseconds in UTC, as `datetime` has them.
    Related records are JSON text, or, where they are nested, structs.

    Args:
        purpose: What needs Arrow, for the error where it is not installed.

    Raises:
        MissingExtra: ``pyarrow`` is not installed.
    """

    options: tuple[str, ...] = ()
    nests = True

    def __init__(self, purpose: str) -> None:
        require(purpose, "parquet", "pyarrow")
        self._arrow: Any = import_module("pyarrow")
        self._kinds = _kinds(self._arrow)

    def form(self, tables: Sequence[Table]) -> SinkForm:
        """Return ``columns``, unless JSON has to be written as text."""
        columns, key = tables[0].columns, tables[0].key
        has_types = all(one.kind != "json" or one.fields for one in columns)
        return "columns" if len(tables) == 1 and key and has_types else "rows"

    def encode(self, table: Table, rows: Sequence[Row]) -> bytes:
        """Return an Arrow record batch, without its schema."""
        return bytes(self.record_batch(table, rows).serialize())

    def record_batch(self, table: Table, rows: Sequence[Row]) -> Any:
        """Return a ``pyarrow.RecordBatch`` of *rows*, of which there is at least one."""
        pairs = zip(table.columns, zip(*rows, strict=True), strict=True)
        arrays = [self._array(column, values) for column, values in pairs]
        return self._arrow.RecordBatch.from_arrays(arrays, schema=self.schema(table))

    def encode_columns(self, table: Table, batches: Sequence[Any]) -> memoryview:
        """Return one record batch of all *batches*, without its schema."""
        return memoryview(self.joined(table, batches).serialize())

    def joined(self, table: Table, batches: Sequence[Any]) -> Any:
        """Return one record batch of all *batches*, with the columns of *table*."""
        schema = self.schema(table)
        joined = self._arrow.concat_batches(batches)
        arrays: list[Any] = []
        for field in schema:
            column = joined.column(field.name)
            same = column.type.equals(field.type)  # else but for what may be null
            arrays.append(column if same else column.cast(field.type))
        return self._arrow.RecordBatch.from_arrays(arrays, schema=schema)

    def groups(self, table: Table, blocks: Iterable[bytes]) -> Iterator[Any]:
        """Join *blocks* and cut them anew: how they were cut does not show."""
        schema = self.schema(table)
        read, join = self._arrow.ipc.read_record_batch, self._arrow.Table.from_batches
        batches: list[Any] = []
        rows = 0
        for block in blocks:
            batches.append(read(self._arrow.py_buffer(block), schema))
            rows += batches[-1].num_rows
            while rows >= GROUP:
                joined = join(batches)
                yield joined.slice(0, GROUP).combine_chunks()
                batches = joined.slice(GROUP).to_batches()
                rows -= GROUP
        if rows:
            yield join(batches).combine_chunks()

    def schema(self, table: Table) -> Any:
        """Return the schema of *table*."""
        fields = [(column.name, self._type(column)) for column in table.columns]
        return self._arrow.schema(fields)

    def _type(self, column: Column) -> Any:
        if not column.fields:
            return self._kinds[column.kind]
        fields = [(one.name, self._type(one)) for one in column.fields]
        struct = self._arrow.struct(fields)
        return self._arrow.list_(struct) if column.many else struct

    def _array(self, column: Column, values: Sequence[Any]) -> Any:
        if column.fields:
            values = [typed_values(column, text) for text in values]
            return self._arrow.array(values, self._type(column))
        kind = column.kind
        if kind == "datetime":
            values = [v if v is None or v.tzinfo is UTC else utc(v) for v in values]
        try:
            return self._arrow.array(values, self._kinds[kind])
        except self._arrow.ArrowInvalid:
            if kind != "number":
                raise
        fitted = [None if number is None else _fitted(number) for number in values]
        return self._arrow.array(fitted, self._kinds[kind])


def _kinds(arrow: Any) -> dict[Kind, Any]:
    return {
        "integer": arrow.int64(),
        "number": arrow.decimal128(PRECISION, SCALE),
        "text": arrow.string(),
        "boolean": arrow.bool_(),
        "datetime": arrow.timestamp("us", tz="UTC"),
        "json": arrow.string(),
    }


_EXACT: Final = decimal.Context(
    prec=PRECISION, traps=[decimal.Inexact, decimal.InvalidOperation]
)


def _fitted(number: Decimal) -> Decimal:
    """Return *number* without zeros at its end, and without losing another digit.

    Raises:
        ArithmeticError: It has more digits than fit.
    """
    try:
        return number.quantize(decimal.Decimal(1).scaleb(-SCALE), context=_EXACT)
    except ArithmeticError as error:
        whole = PRECISION - SCALE
        message = f"at most {whole} digits before and {SCALE} after the point"
        raise ArithmeticError(message) from error
