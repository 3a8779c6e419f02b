"""Which rows a database refuses, and why."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from sage200_async.extract.databases.sql import Layout
from sage200_async.extract.rejects import (
    RejectedRow,
    key_position,
    rejected_record,
    without_record,
)
from sage200_async.extract.tables import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.tables import Column, Table


class Misfit(Struct, frozen=True, kw_only=True):
    """A row that a database refuses."""

    layout: Layout
    row: Row
    column: str
    """The column of the value that does not fit; empty if it is not known."""
    reason: str

    @property
    def key(self) -> tuple[int | None, ...]:
        """The key of the row; empty without one."""
        names = [column.name for column in self.layout.table.columns]
        return tuple(self.row[names.index(name)] for name in self.layout.table.key)

    @property
    def message(self) -> str:
        """What is wrong, in one line."""
        column = f", column {self.column}" if self.column else ""
        return f"table {self.layout.name}, key {list(self.key)}{column}: {self.reason}"


def refused_rows(
    engine: Engine, layouts: Sequence[Layout], rows: Mapping[str, Sequence[Row]]
) -> list[Misfit]:
    """Return the rows of all tables that the database refuses."""
    return [
        misfit
        for layout in layouts
        for misfit in misfits(engine, layout, rows[layout.table.name])
    ]


def set_aside(
    tables: Sequence[Table], rows: dict[str, list[Row]], refused: Sequence[Misfit]
) -> tuple[dict[str, list[Row]], list[RejectedRow]]:
    """Take whole records out of *rows*: those with a row that is refused.

    Returns:
        The rows that are left, and the records, each once.
    """
    rejected: list[RejectedRow] = []
    for misfit in refused:
        record = _record_of(tables[0], rows, misfit)
        if record is None:  # another of its rows was refused as well
            continue
        rejected.append(
            RejectedRow(
                table=misfit.layout.name,
                key=misfit.key,
                column=misfit.column,
                reason=misfit.reason,
                row=rejected_record(tables, rows, record),
            )
        )
        rows = without_record(tables, rows, record)
    return rows, rejected


def _record_of(
    own: Table, rows: Mapping[str, Sequence[Row]], misfit: Misfit
) -> Row | None:
    """Return the row of the resource's own table that a row belongs to."""
    if not own.key:
        return next((row for row in rows[own.name] if row is misfit.row), None)
    at, key = key_position(own), misfit.row[key_position(misfit.layout.table)]
    return next((row for row in rows[own.name] if row[at] == key), None)


def misfits(engine: Engine, layout: Layout, rows: Sequence[Row]) -> Iterator[Misfit]:
    """Yield the rows that the database refuses, whatever the reason is.

    They are found by halves: parts are loaded, in transactions that are undone.
    """
    error = _error(engine, layout, rows) if rows else None
    if error is None:
        return
    if len(rows) == 1:
        yield _explained(engine, layout, rows[0], error)
        return
    middle = len(rows) // 2
    yield from misfits(engine, layout, rows[:middle])
    yield from misfits(engine, layout, rows[middle:])


class _UndoneError(Exception):
    """Ends a transaction that is not to be kept."""


def _error(engine: Engine, layout: Layout, rows: Sequence[Row]) -> Exception | None:
    """Return why rows cannot be loaded; None if they can."""
    try:
        _load_and_undo(engine, layout, rows)
    except _UndoneError:
        pass
    except engine.value_errors as error:
        return error
    return None


def _load_and_undo(engine: Engine, layout: Layout, rows: Sequence[Row]) -> None:
    with engine.transaction():
        engine.load(layout.staging, layout.table.columns, rows)
        raise _UndoneError


def _explained(engine: Engine, layout: Layout, row: Row, error: Exception) -> Misfit:
    for column, value in zip(layout.table.columns, row, strict=True):
        needed = _needed(engine, layout, column, value)
        if needed:
            reason = f"needs {needed}, got {_shown(value)}"
            return Misfit(layout=layout, row=row, column=column.name, reason=reason)
    reason = str(error).partition("\n")[0] or type(error).__name__
    column_name = _column_without_which(engine, layout, row)
    return Misfit(layout=layout, row=row, column=column_name, reason=reason)


def _needed(engine: Engine, layout: Layout, column: Column, value: object) -> str:
    if value is None:
        return "a value" if column.name in layout.table.key else ""
    return engine.explain_rejection(column, value)


def _column_without_which(engine: Engine, layout: Layout, row: Row) -> str:
    """Return the column without whose value the row fits; empty if there is none."""
    for n, column in enumerate(layout.table.columns):
        if row[n] is not None and column.name not in layout.table.key:
            changed = (*row[:n], None, *row[n + 1 :])
            if _error(engine, layout, [changed]) is None:
                return column.name
    return ""


def _shown(value: object) -> str:
    """Show numbers; of other values, which may be personal data, only the type."""
    shown = value is None or isinstance(value, int | Decimal)
    return str(value) if shown else f"other {type(value).__name__}"
