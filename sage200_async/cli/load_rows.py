"""The rows of a file: CSV, NDJSON, Parquet or xlsx, as the fields of a record.

Text becomes a number, a date or a truth value by the type of its field, and only in the
one form that can mean nothing else: 1234.50, 2026-07-31. All cells that cannot be read are
named with their lines before anything is sent.
"""

from __future__ import annotations

import csv
import re
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from sage200_async._optional import require
from sage200_async.cli.workbook_rows import (
    SUFFIXES,
    SheetCell,
    cell_value,
    sheet_rows,
)
from sage200_async.odata.fields import Field
from sage200_async.odata.namespaces import look_up
from sage200_async.odata.plain_values import shown
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.json_types import DECODING_ERRORS, Untyped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sage200_async.odata.namespaces import AnyName, Fields

_LISTED: Final = 20
# Cells that a message lists.
_OTHER_WORKBOOKS: Final = {".xls", ".xlsb", ".ods", ".numbers"}
_DELIMITERS: Final = (",", ";", "\t")
_INTEGER: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d{1,28}(\.\d*)?|\.\d+)", re.ASCII)
_TRUTHS: Final = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}
EXPECTED: Final = {
    "integer": "a whole number such as 42",
    "number": "a number such as 1234.50, without a comma",
    "boolean": "true or false",
    "datetime": "a date such as 2026-07-31, or a time such as 2026-07-31T09:00:00Z",
}
"""What a cell of each kind of field has to be."""


class Line(NamedTuple):
    """One row of a file, with where it stands: ``line 4``."""

    location: str
    cells: Mapping[str, Any]


class Rows:
    """The rows of a file, each time it is iterated over.

    Args:
        path: The file.
        fields: The fields of the record.
        columns: Fields by the columns that are called otherwise; "" to leave one out.
        sheet: The sheet of a workbook; None for the only one.
        numbers_as_text: Whether a number of a workbook may stand in a text field.

    Raises:
        click.UsageError: It is not of a form that can be read.
    """

    def __init__(
        self,
        path: Path,
        fields: Fields | None,
        columns: Mapping[str, str],
        *,
        sheet: str | None = None,
        numbers_as_text: bool = False,
    ) -> None:
        self._path = path
        self._fields = fields
        self._columns = columns
        self._numbers_as_text = numbers_as_text
        kind = path.suffix.lower()
        if kind not in {*_READERS, *SUFFIXES}:
            known = ", ".join(sorted({*_READERS, *SUFFIXES}))
            hint = "; save it as .xlsx" if kind in _OTHER_WORKBOOKS else ""
            message = f"{path}: expected a file that ends with {known}{hint}"
            raise click.UsageError(message)
        if (sheet is not None or numbers_as_text) and kind not in SUFFIXES:
            message = f"{path}: --sheet and --numbers-as-text are for workbooks"
            raise click.UsageError(message)
        self._read: Callable[[Path], Iterator[Line]] = _READERS.get(
            kind, partial(_sheet_lines, sheet=sheet)
        )

    def __iter__(self) -> Iterator[Untyped]:
        """Yield the rows.

        Raises:
            click.UsageError: A cell cannot be read.
        """
        for line in self._lines():
            row, faults = self._row(line)
            if faults:
                raise click.UsageError("\n".join(faults))
            yield row

    def check(self) -> int:
        """Read the file once, and return the number of its rows.

        Raises:
            click.UsageError: Cells cannot be read: the first of them, with their lines.
        """
        faults: list[str] = []
        count = 0
        for line in self._lines():
            count += 1
            faults += self._row(line)[1]
            if len(faults) >= _LISTED:
                break
        if faults:
            more = "\n..." if len(faults) >= _LISTED else ""
            raise click.UsageError("\n".join(faults[:_LISTED]) + more)
        return count

    def _lines(self) -> Iterator[Line]:
        try:
            yield from self._read(self._path)
        except UnicodeDecodeError as error:
            message = f"{self._path}: not UTF-8; save it as 'CSV UTF-8'"
            raise click.UsageError(message) from error

    def _row(self, line: Line) -> tuple[Untyped, list[str]]:
        """Return a row, and what is wrong with its cells."""
        row: Untyped = {}
        faults: list[str] = []
        for column, cell in line.cells.items():
            name = self._columns.get(column, column)
            if cell is None or cell == "" or not name:
                continue
            try:
                _put(row, name, self._value(name, cell))
            except ValueError as error:
                faults.append(f"{self._path}, {line.location}: {name}: {error}")
        return row, faults

    def _value(self, name: str, cell: Any) -> Any:
        if isinstance(cell, SheetCell):
            return self._value_of_cell(name, cell)
        if not isinstance(cell, str) or self._fields is None:
            return cell
        return convert(self._kind(name), cell)

    def _value_of_cell(self, name: str, cell: SheetCell) -> Any:
        kind = self._kind(name)
        try:
            value = cell_value(kind, cell, numbers_as_text=self._numbers_as_text)
            return convert(kind, value) if isinstance(value, str) else value
        except ValueError as error:
            message = f"{cell.address}: {error}"
            raise ValueError(message) from None

    def _kind(self, name: str) -> str:
        """Return what the field holds, or "" where that is unknown."""
        field: AnyName | None = self._fields and look_up(self._fields, name)
        return field.kind if isinstance(field, Field) else ""


def convert(kind: str, text: str) -> Any:
    """Return what *text* is, in a field of a kind.

    Raises:
        ValueError: It is none of these, or could mean several things.

    Example:
        >>> convert("number", "1234.50"), convert("datetime", "2026-07-31")
        (Decimal('1234.50'), datetime.date(2026, 7, 31))
    """
    bare = text.strip()
    value: Any = None
    if kind == "integer" and _INTEGER.fullmatch(bare):
        value = int(bare)
    elif kind == "number" and _NUMBER.fullmatch(bare):
        value = Decimal(bare)
    elif kind == "boolean":
        value = _TRUTHS.get(bare.lower())
    elif kind == "datetime":
        value = _time(bare)
    elif kind not in EXPECTED:
        return text
    if value is None:
        raise ValueError(f"got {shown(text)}, expected {EXPECTED[kind]}")
    return value


def _time(text: str) -> date | datetime | None:
    try:
        if len(text) == len("2026-07-31"):
            return date.fromisoformat(text) if text[4] == text[7] == "-" else None
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _put(row: Untyped, name: str, value: Any) -> None:
    """Put a value into *row*; a dotted name is that of a related record's field."""
    *parents, last = name.split(".")
    for parent in parents:
        row = row.setdefault(parent, {})
    if last in row:
        raise ValueError("two columns are for this field")
    row[last] = value


def _csv_lines(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        delimiter = max(_DELIMITERS, key=first.count)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            names = next(reader, list[str]())
            _require_names(path, names)
            for cells in reader:
                if cells:
                    yield Line(
                        f"line {reader.line_num}", _cells(path, reader, names, cells)
                    )
        except csv.Error as error:
            message = f"{path}, line {reader.line_num}: {error}"
            raise click.UsageError(message) from error


def _require_names(path: Path, names: Sequence[str]) -> None:
    if not names or len({*names}) < len(names) or not all(names):
        message = (
            f"{path}: expected a first line with a name for each column, each once"
        )
        raise click.UsageError(message)


def _cells(path: Path, reader: Any, names: list[str], cells: list[str]) -> Untyped:
    if len(cells) != len(names):
        message = (
            f"{path}, line {reader.line_num}: {len(cells)} cells, expected "
            f"{len(names)} as in the first line"
        )
        raise click.UsageError(message)
    return dict(zip(names, cells, strict=True))


def _json_lines(path: Path) -> Iterator[Line]:
    decoder = decoder_for(Untyped)
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                row = decoder.decode(text.removeprefix(b"\xef\xbb\xbf"))
                yield Line(f"line {number}", row)
            except DECODING_ERRORS as error:
                message = f"{path}, line {number}: no JSON object: {error}"
                raise click.UsageError(message) from error


def _parquet_lines(path: Path) -> Iterator[Line]:
    require("loading Parquet", "parquet", "pyarrow.parquet")
    parquet: Any = import_module("pyarrow.parquet")
    number = 0
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                number += 1
                yield Line(f"row {number}", row)


def _sheet_lines(path: Path, sheet: str | None) -> Iterator[Line]:
    for row in sheet_rows(path, sheet):
        yield Line(f"sheet {shown(row.sheet)}, row {row.number}", row.cells)


_READERS: Final[dict[str, Callable[[Path], Iterator[Line]]]] = {
    ".csv": _csv_lines,
    ".tsv": _csv_lines,
    ".ndjson": _json_lines,
    ".jsonl": _json_lines,
    ".parquet": _parquet_lines,
}
