"""Tables for people: as many whole columns as the width has room for."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from rich.cells import cell_len, set_cell_size

from sage200_async.errors.foreign_text import printable
from sage200_async.wire.json_types import is_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_WIDEST: Final = 40
# Terminal cells of a text, unless there is more room.
_NARROWEST: Final = range(12, 29)
# Terminal cells that a longer text is cut to before a column is left out: a third of
# the terminal, within these. A time and most names fit a terminal of 80 cells whole.
_GAP: Final = "  "


class Table(NamedTuple):
    """A table that fits a width, and the names of the columns that it lacks."""

    lines: list[str]
    hidden: list[str]
    """Columns that do not fit."""
    empty: list[str]
    """Columns without a value in any row."""


class _Column(NamedTuple):
    """A column of printable cells, and how many terminal cells it takes."""

    name: str
    cells: list[str]
    is_number: bool

    @property
    def whole(self) -> int:
        """The width without cutting."""
        return max(map(cell_len, self.cells))

    def least(self, width: int) -> int:
        """The width that it must have: a number that is cut is another number."""
        if self.is_number:
            return self.whole
        narrowest = min(max(width // 3, _NARROWEST[0]), _NARROWEST[-1])
        return max(cell_len(self.cells[0]), min(self.whole, narrowest))


def make_table(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    width: int | None = None,
    *,
    keep_empty: bool = False,
) -> Table:
    """Return a table of *rows*.

    Widths are those of a terminal: a letter of Chinese takes two cells, a combining
    accent none. Long texts are cut, with an ellipsis; numbers and headers never.

    Args:
        names: The columns; a dot leads into related records.
        rows: The records, as plain values.
        width: Cells of the terminal; None for as many as it takes, nothing cut.
        keep_empty: Whether columns without a value are shown.

    Example:
        >>> table = make_table(["id", "name", "fax"], [{"id": 7, "name": "Łódź"}], 80)
        >>> table.lines, table.empty
        (['id  name', ' 7  Łódź'], ['fax'])
    """
    filled = [name for name in names if any(cell_text(row, name) for row in rows)]
    wanted = list(names) if keep_empty or not filled else filled
    columns = [_column(name, rows) for name in wanted]
    widths = _widths(columns, width)
    return Table(
        lines=list(_lines(columns, widths)),
        hidden=wanted[len(widths) :],
        empty=[name for name in names if name not in wanted],
    )


def _column(name: str, rows: Sequence[Mapping[str, Any]]) -> _Column:
    cells = [printable(text) for text in (name, *(cell_text(r, name) for r in rows))]
    values = [value_of(row, name) for row in rows]
    numbers = [
        isinstance(value, int | Decimal) and not isinstance(value, bool)
        for value in values
        if value is not None
    ]
    return _Column(name, cells, bool(numbers) and all(numbers))


def _widths(columns: Sequence[_Column], width: int | None) -> list[int]:
    """Return the widths of the first columns, of those that fit."""
    if width is None:
        return [column.whole for column in columns]
    shown = list[_Column]()
    free = width
    for column in columns:
        least = column.least(width) + (len(_GAP) if shown else 0)
        if least > free and shown:
            break
        free -= least
        shown.append(column)
    return _widened(shown, [column.least(width) for column in shown], max(free, 0))


def _widened(columns: Sequence[_Column], widths: list[int], free: int) -> list[int]:
    """Widen texts that are cut by what is left: first up to a usual length."""
    for most in (_WIDEST, None):
        for number, column in enumerate(columns):
            wanted = column.whole if most is None else min(column.whole, most)
            more = min(free, max(wanted - widths[number], 0))
            widths[number] += more
            free -= more
    return widths


def _lines(columns: Sequence[_Column], widths: Sequence[int]) -> Iterator[str]:
    # Columns beyond the last width do not fit.
    shown = list(zip(columns, widths, strict=False))
    for number in range(len(columns[0].cells) if columns else 0):
        cells = [
            padded(column.cells[number], width, right=column.is_number)
            for column, width in shown
        ]
        yield _GAP.join(cells).rstrip()


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return *text* in *width* cells of a terminal, cut with an ellipsis if longer."""
    missing = width - cell_len(text)
    if missing < 0:
        return set_cell_size(text, width - 1) + "…"
    return " " * missing + text if right else text + " " * missing


def as_mapping(record: Any) -> Mapping[str, Any]:
    """Return a record as plain values: exact numbers, times as text."""
    plain: Mapping[str, Any] = msgspec.to_builtins(record, builtin_types=(Decimal,))
    return plain


def value_of(row: Mapping[str, Any], name: str) -> Any:
    """Return the value of a column; a dot in its name leads into related records."""
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if is_object(value) else None
    return value


def cell_text(row: Mapping[str, Any], name: str) -> str:
    """Return the value of a column as text; empty without one."""
    text = text_of(value_of(row, name))
    return "" if text is None else text


def text_of(value: Any) -> str | None:
    """Return a plain value as text, related records as JSON; None is None."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _ENCODER.encode(value).decode()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
