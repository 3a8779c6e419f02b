"""The rows of a workbook of Excel, by openpyxl: what its cells show, or a refusal.

Excel keeps what was typed as a number where it can: dates lose their zone, references
their leading zeros, and 19.99 is a float. A cell becomes the value of its field where that
can be only one; else it is refused, with its row and column.
"""

from __future__ import annotations

import re
import warnings
from contextlib import ExitStack
from datetime import date, datetime, time
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zipfile import BadZipFile

import click

from sage200_async._optional import require
from sage200_async.odata.plain_values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIXES: Final = (".xlsx", ".xlsm")
"""What the names of workbooks end with."""
_DIGITS: Final = 15
# Significant digits that Excel shows of a number. From Microsoft's "Excel specifications
# and limits".
_PADDED: Final = re.compile("0{2,}")
# A format that shows a whole number with its leading zeros.
_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
# How the format writes control characters, by ECMA-376, 22.9.2.19 (ST_Xstring).
_FAULTS: Final = (
    BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    SyntaxError,  # of XML
    EOFError,
    NotImplementedError,
)
# What openpyxl raises for files that are no workbooks, or damaged ones.


class SheetCell(NamedTuple):
    """A cell that is not empty."""

    address: str
    """Such as ``C4``."""
    value: Any
    kind: str
    """openpyxl's ``data_type``: ``e`` for an error, ``f`` for a formula."""
    number_format: str


class SheetRow(NamedTuple):
    """A row with cells that are not empty, by the texts of the first row."""

    number: int
    """As Excel shows it; the header is row 1."""
    sheet: str
    cells: dict[str, SheetCell]


def sheet_rows(path: Path, sheet: str | None) -> Iterator[SheetRow]:
    """Yield the rows of one sheet that are not blank, one at a time.

    Rows and columns that are hidden, by a filter or by hand, count as others do.

    Args:
        path: A workbook.
        sheet: The sheet's name; None for the only one that is not hidden.

    Raises:
        MissingExtra: openpyxl is not installed.
        click.UsageError: The file is no workbook, there is no such sheet, there are
            several, or its first row does not name the columns.
    """
    require("loading a workbook", "xlsx", "openpyxl")
    with ExitStack() as cleanup:
        try:
            title, rows = _open(path, sheet, cleanup)
            names = _names(
                path, title, next((cells for _, cells in rows), list[SheetCell]())
            )
            for number, cells in rows:
                if cells:
                    yield SheetRow(number, title, _by_name(path, title, names, cells))
        except _FAULTS as error:
            message = (
                f"{path}: no workbook that can be read ({error}); save it as .xlsx, "
                "without a password"
            )
            raise click.UsageError(message) from error


def _open(
    path: Path, sheet: str | None, cleanup: ExitStack
) -> tuple[str, Iterator[tuple[int, list[SheetCell]]]]:
    """Return the title of a sheet, and its rows: values and formulas side by side."""
    titles: list[str] = []
    both: list[Any] = []
    for data_only in (True, False):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features that no cell is read by
            book = import_module("openpyxl").load_workbook(
                cleanup.enter_context(path.open("rb")),
                read_only=True,
                data_only=data_only,
                keep_links=False,
            )
        cleanup.callback(book.close)
        chosen = _chosen(path, book, sheet)
        chosen.reset_dimensions()  # some programs write wrong ones, which cut rows off
        titles.append(chosen.title)
        both.append(_quietly(chosen.iter_rows()))
    values, formulas = both
    rows = zip(values, formulas, strict=True)
    return titles[0], ((n, _cells(*row)) for n, row in enumerate(rows, 1))


def _quietly(rows: Iterator[Any]) -> Iterator[Any]:
    """Yield *rows* without warnings of openpyxl, which say nothing of what is read."""
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            row = next(rows, None)
        if row is None:
            return
        yield row


def _chosen(path: Path, book: Any, name: str | None) -> Any:
    sheets = [one for one in book.worksheets if name or one.sheet_state == "visible"]
    if name is not None:
        sheets = [one for one in sheets if one.title == name]
    if len(sheets) == 1:
        return sheets[0]
    names = ", ".join(shown(one.title) for one in book.worksheets)
    wanted = "name one with --sheet" if name is None else f"no sheet {shown(name)}"
    raise click.UsageError(f"{path}: {wanted}; it has {names}")


def _cells(values: Any, formulas: Any) -> list[SheetCell]:
    """Return the cells of a row that are not empty."""
    cells: list[SheetCell] = []
    for cell, written in zip(values, formulas, strict=True):
        is_formula = written.data_type == "f"
        is_text = cell.data_type == "str"  # of a formula; it may be empty
        if cell.value in {None, ""} and (is_text or not is_formula):
            continue
        kind = "f" if cell.value is None else cell.data_type
        text = cell.number_format or ""
        cells.append(SheetCell(cell.coordinate, _plain(cell.value), kind, text))
    return cells


def _plain(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value)


def _names(path: Path, title: str, cells: list[SheetCell]) -> dict[str, str]:
    """Return the columns' names by their letters."""
    names = {_column(cell): str(cell.value) for cell in cells if cell.kind == "s"}
    if len(names) < len(cells) or len({*names.values()}) < len(names) or not names:
        message = (
            f"{path}, sheet {shown(title)}: expected a first row with a name for each "
            "column, each once"
        )
        raise click.UsageError(message)
    return names


def _by_name(
    path: Path, title: str, names: dict[str, str], cells: list[SheetCell]
) -> dict[str, SheetCell]:
    for cell in cells:
        if _column(cell) not in names:
            message = (
                f"{path}, sheet {shown(title)}: {cell.address} holds something, and its "
                "column has no name in the first row"
            )
            raise click.UsageError(message)
    return {names[_column(cell)]: cell for cell in cells}


def _column(cell: SheetCell) -> str:
    return cell.address.rstrip("0123456789")


def cell_value(kind: str, cell: SheetCell, *, numbers_as_text: bool = False) -> Any:
    """Return what *cell* is, in a field of a kind; a text as it stands.

    Args:
        kind: The kind of the field; "" where it is unknown.
        cell: The cell.
        numbers_as_text: Whether a number may stand in a text field.

    Raises:
        ValueError: It is none of these, or could mean several things.
    """
    value = cell.value
    if cell.kind == "f":
        raise ValueError("a formula without a result; save the workbook in Excel")
    if cell.kind == "e":
        raise ValueError(f"the error {value}")
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return _day(kind, value)
    if isinstance(value, bool):
        if kind in {"boolean", "", "any"}:
            return value
    elif isinstance(value, int | float):
        return _number(kind, cell, numbers_as_text=numbers_as_text)
    raise ValueError(f"got {shown(str(value))}, which is none that this field holds")


def _day(kind: str, value: date) -> date:
    """Return the day; a time would need a zone, which cells lack."""
    if kind not in {"datetime", "", "any"}:
        message = (
            f"got the date {value:%Y-%m-%d}; Excel makes dates of texts such as 1-2: "
            "format the column as Text, and type it again"
        )
        raise ValueError(message)
    if not isinstance(value, datetime):
        return value
    if value.time() != time():
        message = (
            f"got the time {value}, and cells have no time zone; write it as the text "
            "2026-07-31T09:00:00Z"
        )
        raise ValueError(message)
    return value.date()


def _number(kind: str, cell: SheetCell, *, numbers_as_text: bool) -> Any:
    number = _exact(cell.value)
    if kind == "text":
        return _text(number, cell.number_format, any_number=numbers_as_text)
    if "%" in cell.number_format:
        message = (
            f"got {number}, which is shown as a percentage; format the column as Number, "
            "and check whether 20% is 20 or 0.2 there"
        )
        raise ValueError(message)
    if kind == "datetime":
        raise ValueError(f"got the number {number}; format the column as Date")
    if kind == "boolean" and number in {0, 1}:
        return bool(number)
    is_whole = number == number.to_integral_value()
    if is_whole and kind in {"integer", "enum"}:
        return int(number)
    if kind in {"number", "", "any"}:
        return int(number) if is_whole and kind != "number" else number
    raise ValueError(f"got the number {number}, which is none that this field holds")


def _exact(value: float) -> Decimal:
    """Return a number as Excel shows it: 19.99, and not the float next to it.

    Raises:
        ValueError: It has more whole digits than Excel keeps.
    """
    if abs(value) >= 10**_DIGITS:
        message = (
            f"got {value}, and Excel keeps {_DIGITS} digits: format the column as Text, "
            "and type it again"
        )
        raise ValueError(message)
    return Decimal(f"{Decimal(f'{value:.{_DIGITS}g}'):f}")


def _text(number: Decimal, number_format: str, *, any_number: bool) -> str:
    """Return a number as the text that its cell shows.

    Raises:
        ValueError: It may have lost zeros at its beginning.
    """
    is_whole = number == number.to_integral_value()
    if is_whole and number >= 0 and _PADDED.fullmatch(number_format):
        return str(int(number)).zfill(len(number_format))
    if any_number:
        return str(int(number) if is_whole else number)
    message = (
        f"got the number {number} in a text field, and Excel makes 123 of 00123: format "
        "the column as Text and type it again, or pass --numbers-as-text if no zeros "
        "were dropped"
    )
    raise ValueError(message)
