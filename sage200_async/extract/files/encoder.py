"""Rows as encoded blocks, without the records that have a value which does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sage200_async.errors import SinkError
from sage200_async.extract.rejects import RejectedRow, key_position, rejected_record
from sage200_async.extract.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sage200_async.extract.files.formats import FileFormat
    from sage200_async.extract.sink import SinkForm
    from sage200_async.extract.tables import Column, Row

ENCODING_ERRORS: Final = (ValueError, TypeError, ArithmeticError)
"""What encoders raise for a value that they cannot hold; pyarrow's are among them."""
_SHOWN: Final = 40
# Characters of a value that a message shows.


class EncodedRows(NamedTuple):
    """Rows of one table, as the format has them."""

    rows: int
    data: bytes | memoryview


class Misfit(NamedTuple):
    """A value that does not fit."""

    table: Table
    number: int
    """The position of its row."""
    row: Row
    column: Column | None
    """Its column, where that is known."""
    value: object
    reason: str


class Encoder:
    """Encodes the rows of all tables, and sets aside the records that do not fit.

    Args:
        file_format: How rows are encoded.
        tables: The tables, the resource's own first.
        on_reject: Called with each record that does not fit, before the others
            are stored; without it the first such record is an error.
    """

    def __init__(
        self,
        file_format: FileFormat,
        tables: Sequence[Table],
        on_reject: Callable[[RejectedRow], None] | None = None,
    ) -> None:
        self._format = file_format
        self._tables = tuple(tables)
        self._on_reject = on_reject

    def encode(
        self, rows: Mapping[str, Sequence[Any]], form: SinkForm = "rows"
    ) -> tuple[list[EncodedRows], int]:
        """Return the encoded rows of each table, and how many records were set aside.

        Args:
            rows: The rows of each table by its name; those of related records
                with their parents.
            form: What they are: rows, of which some may be set aside, lines or columns.

        Raises:
            SinkError: A value does not fit, and nothing takes such records.
        """
        if form != "rows":
            return [self._encoded_form(rows[self._tables[0].name], form)], 0
        try:
            return self._encoded(rows), 0
        except ENCODING_ERRORS as error:
            misfits = self._misfits(rows)
            first = next(misfits, None)
            if first is None or self._on_reject is None:
                raise _error(self._tables[0], first) from error
            records = {self._record(first): first}
            for misfit in misfits:
                records.setdefault(self._record(misfit), misfit)
            for record, misfit in records.items():
                self._on_reject(self._rejected(rows, record, misfit))
            return self._encoded(self._without(rows, records)), len(records)

    def _encoded_form(self, records: Sequence[Any], form: SinkForm) -> EncodedRows:
        """Return the lines or the columns of the only table."""
        own, encoder = self._tables[0], cast("Any", self._format)
        encode = encoder.encode_lines if form == "lines" else encoder.encode_columns
        count = len(records) if form == "lines" else sum(map(len, records))
        return EncodedRows(count, encode(own, records) if count else b"")

    def _encoded(self, rows: Mapping[str, Sequence[Row]]) -> list[EncodedRows]:
        return [
            EncodedRows(len(some), self._format.encode(table, some) if some else b"")
            for table in self._tables
            for some in (rows[table.name],)
        ]

    def _misfits(self, rows: Mapping[str, Sequence[Row]]) -> Iterator[Misfit]:
        for table in self._tables:
            yield from self._misfits_of(table, rows[table.name], 0)

    def _misfits_of(
        self, table: Table, rows: Sequence[Row], start: int
    ) -> Iterator[Misfit]:
        """Yield the rows that do not fit; they are found by halves."""
        try:
            if rows:
                self._format.encode(table, rows)
        except ENCODING_ERRORS as error:
            if len(rows) == 1:
                yield self._misfit(table, rows[0], start, error)
                return
            middle = len(rows) // 2
            yield from self._misfits_of(table, rows[:middle], start)
            yield from self._misfits_of(table, rows[middle:], start + middle)

    def _misfit(self, table: Table, row: Row, number: int, error: Exception) -> Misfit:
        for column, value in zip(table.columns, row, strict=True):
            try:
                self._format.encode(Table(table.name, (column,)), [(value,)])
            except ENCODING_ERRORS as one:
                return Misfit(table, number, row, column, value, _reason(one))
        return Misfit(table, number, row, None, None, _reason(error))

    def _record(self, misfit: Misfit) -> object:
        """Return what names the record of a row: its key, or else its position."""
        if not self._tables[0].key:
            return misfit.number
        return misfit.row[key_position(misfit.table)]

    def _without(
        self, rows: Mapping[str, Sequence[Row]], records: Mapping[object, Misfit]
    ) -> dict[str, list[Row]]:
        """Return *rows* without some records, and what is related to them."""
        if not self._tables[0].key:
            name = self._tables[0].name
            numbered = enumerate(rows[name])
            return {name: [row for number, row in numbered if number not in records]}
        return {
            table.name: [row for row in rows[table.name] if row[at] not in records]
            for table in self._tables
            for at in (key_position(table),)
        }

    def _rejected(
        self, rows: Mapping[str, Sequence[Row]], record: object, misfit: Misfit
    ) -> RejectedRow:
        own = self._tables[0]
        if own.key:
            at = key_position(own)
            own_row = next(row for row in rows[own.name] if row[at] == record)
        else:
            own_row = misfit.row
        return RejectedRow(
            table=misfit.table.name,
            key=tuple(value for _, value in _key(misfit)) if own.key else (),
            column=misfit.column.name if misfit.column else "",
            reason=misfit.reason,
            row=rejected_record(self._tables, rows, own_row),
        )


def _key(misfit: Misfit) -> list[tuple[str, int]]:
    """Return the names and the values of the key of a row."""
    pairs = zip(misfit.table.columns, misfit.row, strict=True)
    values = {column.name: value for column, value in pairs}
    return [(name, values[name]) for name in misfit.table.key]


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _error(table: Table, misfit: Misfit | None) -> SinkError:
    """Return an error that names the value, and a way past it."""
    if misfit is None or misfit.column is None:
        return SinkError(f"{table.name}: rows cannot be written")
    key = " ".join(f"{name} {value}" for name, value in _key(misfit)) or "no key"
    shown = repr(misfit.value)
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}…"
    return SinkError(
        f"{misfit.table.name}, {key}: {misfit.column.name}: {shown} does not fit "
        f"{misfit.column.kind}: {misfit.reason}; correct it, or set such records aside "
        "with --rejects (on_reject=)"
    )
