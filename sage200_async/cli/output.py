"""Records on standard output, as they arrive."""

from __future__ import annotations

import csv
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sage200_async.wire.json_types import is_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_COLUMNS: Final = 8


class Writer(Protocol):
    """Takes records one at a time."""

    def write(self, record: Any) -> None:
        """Take one record."""
        ...

    def close(self) -> None:
        """Print what is left to print."""
        ...


class NdjsonWriter:
    """One JSON object to a line; what is null is left out."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def write(self, record: Any) -> None:
        """Print *record*."""
        sys.stdout.buffer.write(_ENCODER.encode(record) + b"\n")

    def close(self) -> None:
        """Push out what is buffered."""
        sys.stdout.buffer.flush()


class CsvWriter:
    """One row to a record, under a header; nested members as JSON."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(names)

    def write(self, record: Any) -> None:
        """Print *record*."""
        plain = as_mapping(record)
        self._writer.writerow([_cell(plain, name) for name in self._names])

    def close(self) -> None:
        """Push out what is buffered."""
        sys.stdout.flush()


class TableWriter:
    """A table, printed at the end: for a few records, to look at."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._rows: list[Mapping[str, Any]] = []

    def write(self, record: Any) -> None:
        """Keep *record*."""
        self._rows.append(as_mapping(record))

    def close(self) -> None:
        """Print the table."""
        Console().print(table_of(self._names, self._rows))


FORMATS: Final = ("table", "ndjson", "csv")
WRITERS: Final[dict[str, type[NdjsonWriter | CsvWriter | TableWriter]]] = {
    "table": TableWriter,
    "ndjson": NdjsonWriter,
    "csv": CsvWriter,
}


def table_of(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Table:
    """Make a table of *rows*: the named columns, or the first that hold anything."""
    shown = names if len(names) <= _COLUMNS else _telling(names, rows)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in shown:
        number = any(isinstance(_at(row, name), int | Decimal) for row in rows)
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*(escape(_cell(row, name)) for name in shown))
    return table


def padded(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Write *rows* under each other, however wide: nothing is cut off."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _telling(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    full = [name for name in names if any(_cell(row, name) for row in rows)]
    return (full or list(names))[:_COLUMNS]


def as_mapping(record: Any) -> Mapping[str, Any]:
    """Give a record as plain values: numbers to the digit, times as text."""
    plain: Mapping[str, Any] = msgspec.to_builtins(record, builtin_types=(Decimal,))
    return plain


def _at(row: Mapping[str, Any], name: str) -> Any:
    here: Any = row
    for part in name.split("."):
        here = here.get(part) if is_object(here) else None
    return here


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = _at(row, name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _ENCODER.encode(value).decode()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
