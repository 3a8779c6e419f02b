"""Write records to standard output as they arrive."""

from __future__ import annotations

import csv
import errno
import os
import sys
from contextlib import (
    ExitStack,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
    suppress,
)
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sage200_async.errors.foreign_text import escaped_json, printable
from sage200_async.wire.json_types import is_object

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_MAX_COLUMNS: Final = 8
_IN_QUOTES: Final = "\t\n"
# Blanks that a cell of CSV may have.


class Writer(Protocol):
    """Writes records one at a time."""

    def write(self, record: Any) -> None:
        """Write one record."""
        ...

    def close(self) -> None:
        """Print what is not printed yet."""
        ...


class NdjsonWriter:
    """One JSON object per line, without null values; control characters escaped."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def write(self, record: Any) -> None:
        """Print one record."""
        sys.stdout.buffer.write(escaped_json(_ENCODER.encode(record)) + b"\n")

    def close(self) -> None:
        """Flush standard output."""
        sys.stdout.buffer.flush()


class CsvWriter:
    """A header and one row per record; related records as JSON.

    Terminals and spreadsheets get it as it is. So cells keep tabs and line breaks
    (CRLF becomes LF); other control characters become U+FFFD. NDJSON keeps them all.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(map(_csv_text, names))

    def write(self, record: Any) -> None:
        """Print one record."""
        plain = as_mapping(record)
        cells = [_cell_text(plain, name) for name in self._names]
        self._writer.writerow(map(_csv_text, cells))

    def close(self) -> None:
        """Flush standard output."""
        sys.stdout.flush()


class TableWriter:
    """A table of a few records, printed at the end."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._rows: list[Mapping[str, Any]] = []

    def write(self, record: Any) -> None:
        """Add one record to the table."""
        self._rows.append(as_mapping(record))

    def close(self) -> None:
        """Print the table."""
        Console().print(make_table(self._names, self._rows))


FORMATS: Final = ("table", "ndjson", "csv")
WRITERS: Final[dict[str, type[NdjsonWriter | CsvWriter | TableWriter]]] = {
    "table": TableWriter,
    "ndjson": NdjsonWriter,
    "csv": CsvWriter,
}


def make_table(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a table of *rows* with the named columns; of many, the first that are filled."""
    columns = names if len(names) <= _MAX_COLUMNS else _filled_columns(names, rows)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        is_number = any(isinstance(_value(row, name), int | Decimal) for row in rows)
        header = escape(printable(name))
        table.add_column(header, justify="right" if is_number else "left")
    for row in rows:
        cells = [printable(_cell_text(row, name)) for name in columns]
        table.add_row(*map(escape, cells))
    return table


def align_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield *rows* as lines with aligned columns, without cutting anything."""
    lines = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for row in lines:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _csv_text(cell: str) -> str:
    return printable(cell.replace("\r\n", "\n"), keep=_IN_QUOTES)


def print_lines(lines: Iterable[str]) -> None:
    """Print *lines*, as far as they are read: `head` ends before they do."""
    try:
        for line in lines:
            click.echo(line)
    except OSError as error:
        if not is_reader_gone(error):
            raise
        drop_output(sys.stdout)


def is_reader_gone(error: BaseException | None) -> bool:
    """Return whether *error* is that of an output whose reader has ended.

    Windows has no error of its own for it.
    """
    is_invalid = isinstance(error, OSError) and error.errno == errno.EINVAL
    return isinstance(error, BrokenPipeError) or (os.name == "nt" and is_invalid)


def drop_output(file: IO[str]) -> None:
    """Send what is still written to *file* nowhere, as its reader has ended.

    Without this the interpreter complains when it ends.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file.fileno())
    os.close(nowhere)


class Messages:
    """Standard error: what cannot be written there is left out, and ends no command.

    Args:
        file: Where it goes: a full disk, a closed pipe, a terminal that is gone.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write *text*, if that is possible."""
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is waiting, if that is possible."""
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def safe_outputs() -> Generator[None, None, None]:
    """Let a command print, whatever its outputs are: a service may have none."""
    with ExitStack() as stack:
        nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        outputs: list[IO[str]] = [sys.stdout or nowhere, sys.stderr or nowhere]
        stack.enter_context(redirect_stdout(outputs[0]))
        stack.enter_context(redirect_stderr(Messages(outputs[1])))
        try:
            yield
        finally:
            for output in outputs:
                _settle(output)


def _settle(output: IO[str]) -> None:
    """Write what is waiting, or drop it: the interpreter ends with 120 otherwise."""
    try:
        output.flush()
    except OSError:
        drop_output(output)


def _filled_columns(
    names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    filled = [name for name in names if any(_cell_text(row, name) for row in rows)]
    return (filled or list(names))[:_MAX_COLUMNS]


def as_mapping(record: Any) -> Mapping[str, Any]:
    """Return a record as plain values: exact numbers, times as text."""
    plain: Mapping[str, Any] = msgspec.to_builtins(record, builtin_types=(Decimal,))
    return plain


def _value(row: Mapping[str, Any], name: str) -> Any:
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if is_object(value) else None
    return value


def _cell_text(row: Mapping[str, Any], name: str) -> str:
    value = _value(row, name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _ENCODER.encode(value).decode()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
