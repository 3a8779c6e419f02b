"""Write records as they arrive, in the formats of `sage200 query`."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

import msgspec

from sage200_async.cli.messages import note
from sage200_async.cli.table import as_mapping, make_table, text_of, value_of
from sage200_async.cli.xlsx import XlsxWriter
from sage200_async.errors.foreign_text import escaped_json, printable
from sage200_async.extract.files.formats import csv_cells, neutral_text

if TYPE_CHECKING:
    from collections.abc import Callable

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_IN_QUOTES: Final = "\t\n"
# Blanks that a cell of CSV may have.
_NAMED: Final = 12
# Columns, or ranges of them, that a line names.


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """Where records are written, and how."""

    file: IO[bytes]
    names: Sequence[str]
    """The columns."""
    cleanup: ExitStack
    """What is to be undone once all is written, or cannot be."""
    bom: bool = False
    neutralize_formulas: bool = False
    width: int | None = None
    """Cells of the terminal; None if a table may be as wide as it is."""
    keep_empty: bool = False
    """Whether a table has columns without a value: those that were asked for."""


class Writer(Protocol):
    """Writes records one at a time."""

    def write(self, record: Any) -> None:
        """Write one record."""
        ...

    def close(self) -> None:
        """Write what is not written yet."""
        ...


class NdjsonWriter:
    """One JSON object per line, without null values; control characters escaped."""

    def __init__(self, output: Output) -> None:
        self._file = output.file

    def write(self, record: Any) -> None:
        """Write one record."""
        self._file.write(escaped_json(_ENCODER.encode(record)) + b"\n")

    def close(self) -> None:
        """Flush the output."""
        self._file.flush()


class JsonWriter:
    """One array of the objects that NDJSON has, one to a line."""

    def __init__(self, output: Output) -> None:
        self._file = output.file
        self._before = b"[\n"

    def write(self, record: Any) -> None:
        """Write one record."""
        self._file.write(self._before + escaped_json(_ENCODER.encode(record)))
        self._before = b",\n"

    def close(self) -> None:
        """End the array."""
        self._file.write(b"[]\n" if self._before == b"[\n" else b"\n]\n")
        self._file.flush()


class CsvWriter:
    """A header and one row per record, as an export writes it; related records as JSON.

    Terminals and spreadsheets get it as it is. So cells keep tabs and line breaks
    (CRLF becomes LF); other control characters become U+FFFD. NDJSON keeps them all.
    """

    def __init__(self, output: Output) -> None:
        self._file, self._names = output.file, output.names
        self._neutralize = output.neutralize_formulas
        if output.bom:
            self._file.write(codecs.BOM_UTF8)
        self._write(output.names)

    def write(self, record: Any) -> None:
        """Write one record."""
        plain = as_mapping(record)
        values = (value_of(plain, name) for name in self._names)
        self._write([self._cell(value) for value in values])

    def _cell(self, value: Any) -> str | None:
        text = text_of(value)
        return neutral_text(text) if self._neutralize and is_text(value) else text

    def _write(self, cells: Sequence[str | None]) -> None:
        row = csv_cells([None if cell is None else csv_text(cell) for cell in cells])
        line = ",".join(row) if len(row) > 1 else row[0] or '""'
        self._file.write(f"{line}\n".encode())

    def close(self) -> None:
        """Flush the output."""
        self._file.flush()


class TableWriter:
    """A table of a few records, written at the end."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._rows: list[Mapping[str, Any]] = []

    def write(self, record: Any) -> None:
        """Add one record to the table."""
        self._rows.append(as_mapping(record))

    def close(self) -> None:
        """Write the table; name the columns that it lacks."""
        output = self._output
        table = make_table(
            output.names, self._rows, output.width, keep_empty=output.keep_empty
        )
        output.file.write("".join(f"{line}\n" for line in table.lines).encode())
        output.file.flush()
        if table.hidden:
            note(f"no room for {shortened(table.hidden)}; --select chooses columns")
        if table.empty and self._rows:
            note(f"no values in {shortened(table.empty)}")


WRITERS: Final[Mapping[str, Callable[[Output], Writer]]] = {
    "table": TableWriter,
    "ndjson": NdjsonWriter,
    "json": JsonWriter,
    "csv": CsvWriter,
    "xlsx": lambda output: XlsxWriter(output.file, output.names, output.cleanup),
}
FORMATS: Final = (*WRITERS, "arrow")


def is_text(value: Any) -> bool:
    """Whether a spreadsheet might take a value for a formula: a number it may not."""
    return isinstance(value, str | dict | list)


def shortened(names: Sequence[str]) -> str:
    """Return *names* for a line: numbered ones as a range, and of many the first.

    Example:
        >>> shortened(["fax", "spare_1", "spare_2", "spare_3", "website"])
        'fax, spare_1 to 3, website'
    """
    ranges: dict[str, list[str]] = {}
    for name in names:
        ranges.setdefault(name.rstrip("0123456789"), []).append(name)
    texts = [
        f"{some[0]} to {some[-1][len(stem) :]}" if len(some) > 1 else some[0]
        for stem, some in ranges.items()
    ]
    more = len(names) - sum(map(len, list(ranges.values())[:_NAMED]))
    return ", ".join(texts[:_NAMED]) + (f" and {more} more" if more else "")


def csv_text(cell: str) -> str:
    """Return a text that is fit for a terminal and a spreadsheet."""
    return printable(cell.replace("\r\n", "\n"), keep=_IN_QUOTES)
