"""Workbooks of Excel, by XlsxWriter: values as exact as the format allows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from sage200_async._optional import require
from sage200_async.cli.table import text_of, value_of
from sage200_async.errors import QueryError
from sage200_async.errors.foreign_text import printable
from sage200_async.extract.text_values import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

MAX_RECORDS: Final = 1_048_575
"""Rows of a sheet, without the header."""
_MAX_TEXT: Final = 32_767
# UTF-16 units of a cell. Both from Microsoft's "Excel specifications and limits".
_DIGITS: Final = 15
# Significant digits of a number: it is a float.
_EXPONENT: Final = 300
# Below that of the largest float.
_FIRST_DAY: Final = date(1900, 3, 1)
# Before it days are off by one: Excel has a 29 February 1900.
_BLANKS: Final = "\t\n"
_SAMPLE: Final = 50
# Rows by which the width of a column is chosen.
_WIDEST: Final = 40
# Characters.
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def require_xlsx() -> None:
    """Check that XlsxWriter is installed.

    Raises:
        MissingExtra: It is not.
    """
    require("--format xlsx", "xlsx", "xlsxwriter")


class XlsxWriter:
    """A workbook with one sheet: a header and one row per record.

    No text is run as a formula, and none becomes a link. Numbers of more than 15
    digits, times before March 1900 and those with fractions of a millisecond are
    texts, as a cell would round them. Times are in UTC. Control characters become
    U+FFFD, as in CSV; related records are JSON.

    Args:
        file: Where it goes, at the end: until then it is in temporary files.
        names: The columns.
        cleanup: Removes those files, also where the records come to no end.

    Raises:
        MissingExtra: XlsxWriter is not installed.
    """

    def __init__(
        self, file: IO[bytes], names: Sequence[str], cleanup: ExitStack
    ) -> None:
        require_xlsx()
        library: Any = import_module("xlsxwriter")
        self._file, self._names, self._rows = file, names, 0
        folder = cleanup.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
        self._book = library.Workbook(file, _OPTIONS | {"tmpdir": folder})
        self._sheet = self._book.add_worksheet()
        cleanup.callback(self._sheet._opt_close)  # noqa: SLF001 - it has no other end
        self._sheet.freeze_panes(1, 0)
        self._days = self._book.add_format({"num_format": "yyyy-mm-dd"})
        times = "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd hh:mm:ss.000"
        self._times = [self._book.add_format({"num_format": text}) for text in times]
        bold = self._book.add_format({"bold": True})
        self._widths = [len(name) for name in names]
        for column, name in enumerate(names):
            self._sheet.write_string(0, column, printable(name), bold)

    def write(self, record: Any) -> None:
        """Add one record.

        Raises:
            QueryError: The sheet is full, or a text is too long for a cell.
        """
        if self._rows == MAX_RECORDS:
            raise too_many(None)
        self._rows += 1
        kinds = (Decimal, datetime, date)
        plain = msgspec.to_builtins(record, builtin_types=kinds)
        for column, name in enumerate(self._names):
            self._write(column, value_of(plain, name))

    def _write(self, column: int, value: Any) -> None:
        sheet, row = self._sheet, self._rows
        if value is None:
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, int | Decimal) and _is_exact(Decimal(value)):
            sheet.write_number(row, column, float(value))
        elif isinstance(value, date) and (day := _as_day(value)) is not None:
            sheet.write_datetime(row, column, day, self._day_format(value))
        else:
            self._write_text(column, value)
            return
        self._widen(column, len(str(value)))

    def _write_text(self, column: int, value: Any) -> None:
        text = timestamp(value) if isinstance(value, datetime) else text_of(value) or ""
        text = printable(text.replace("\r\n", "\n"), keep=_BLANKS)
        if len(text.encode("utf-16-le")) > 2 * _MAX_TEXT:
            message = f"record {self._rows}: {self._names[column]} has more than "
            raise QueryError(
                f"{message}{_MAX_TEXT:,} characters, and no cell of Excel can hold it; "
                "use another --format, or leave it out with --select"
            )
        self._sheet.write_string(self._rows, column, text)
        self._widen(column, len(text))

    def _day_format(self, value: date) -> Any:
        if isinstance(value, datetime):
            return self._times[value.microsecond > 0]
        return self._days

    def _widen(self, column: int, width: int) -> None:
        if self._rows <= _SAMPLE:
            self._widths[column] = max(self._widths[column], min(width, _WIDEST))

    def close(self) -> None:
        """Write the workbook."""
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, width + 2)
        try:
            self._book.close()
        except import_module("xlsxwriter.exceptions").FileCreateError as error:
            raise error.args[0] from None  # the OSError that it stands for
        self._file.flush()


def too_many(records: int | None) -> QueryError:
    """Return the error for records that no sheet of Excel can hold."""
    got = "more" if records is None else f"{records:,}"
    return QueryError(
        f"a sheet of Excel holds {MAX_RECORDS:,} records, and there are {got}; use "
        "--format csv or arrow, or narrow it with --filter or --top"
    )


def _is_exact(number: Decimal) -> bool:
    """Whether the number has no more digits than a cell keeps."""
    if not number.is_finite():
        return False
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return len(digits) <= _DIGITS and abs(number.adjusted()) < _EXPONENT


def _as_day(value: date) -> date | None:
    """Return a time in UTC without its zone, which Excel lacks; None if it cannot hold it."""
    if not isinstance(value, datetime):
        return value if value >= _FIRST_DAY else None
    try:
        at = (
            value
            if value.tzinfo is None
            else value.astimezone(UTC).replace(tzinfo=None)
        )
    except OverflowError:  # at the ends of the calendar
        return None
    return at if at.date() >= _FIRST_DAY and not at.microsecond % 1000 else None
