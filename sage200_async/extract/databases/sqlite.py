"""SQLite: one file, from Python's own library."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sage200_async.errors import SinkError
from sage200_async.extract.databases.sql import Dialect, quoted
from sage200_async.extract.databases.value_limits import takes_integer, takes_text
from sage200_async.extract.text_values import plain, utc

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from sage200_async.extract.tables import Column, Kind, Row

_WAIT: Final = 60.0
# Seconds to wait for another writer, or for a reader, at most.


class SQLite:
    """A SQLite file.

    SQLite has no decimals and no times. A decimal is text in plain notation,
    exact to the last digit: ``CAST(balance AS NUMERIC)`` to compare or sum, as
    text compares as text. A time is ``2026-03-01T09:30:00.000000Z``, always of
    that length and in UTC, so that the order of the text is that of the times.
    Columns say what they hold: ``DECIMAL TEXT``, ``DATETIME TEXT``, ``JSON
    TEXT``, ``BOOLEAN`` (0 or 1).

    Args:
        path: The file; it is made where it is missing, its folder is not.
    """

    dialect = Dialect(
        types={
            "integer": "INTEGER",
            "number": "DECIMAL TEXT",
            "text": "TEXT",
            "boolean": "BOOLEAN",
            "datetime": "DATETIME TEXT",
            "json": "JSON TEXT",
        },
        differs="IS NOT",
        clear="DELETE FROM",
    )
    """How it words SQL."""
    # OverflowError is an integer of more than 64 bits; ValueError half a character,
    # no finite number, or a time without a zone.
    failures: tuple[type[Exception], ...] = (sqlite3.Error, OverflowError, ValueError)
    """What its library raises."""
    schema = "main"
    """What SQLite calls the file that is open."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._connection: sqlite3.Connection | None = None

    @property
    def where(self) -> str:
        """What and where it is."""
        return f"SQLite at {self._path}"

    def connect(self) -> None:
        """Open the file.

        Raises:
            SinkError: Its folder is missing.
        """
        require_folder(self.where, self._path)
        self._connection = sqlite3.connect(
            self._path, timeout=_WAIT, isolation_level=None, check_same_thread=False
        )

    def disconnect(self) -> None:
        """Close it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextmanager
    def transaction(self, *, making: bool = False) -> Generator[None, None, None]:
        """Do all that is done inside, or nothing; other writers wait."""
        del making  # any writer is the only one
        self.ask("BEGIN IMMEDIATE")
        try:
            yield
            self.ask("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; give the rows that it gives."""
        given = [_moment(v) if isinstance(v, datetime) else v for v in values]
        return self._open().execute(sql, given).fetchall()

    def columns(self, name: str) -> dict[str, str]:
        """Give the type of each column of a table; none where there is no table."""
        return dict(self.ask("SELECT name, type FROM pragma_table_info(?)", (name,)))

    def make_schema(self) -> None:
        """Do nothing: the file is the schema."""

    def load(self, stage: str, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Add rows to a temporary table."""
        names = ", ".join(quoted(each.name) for each in columns)
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {quoted(stage)} ({names}) VALUES ({marks})"
        self._open().executemany(statement, _stored(columns, rows))

    def takes(self, column: Column, value: Any) -> str:
        """Say what *column* can hold where *value* is not that; else nothing."""
        if column.kind == "integer":
            return takes_integer(value)
        return takes_text(value, without="")

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise sqlite3.ProgrammingError("it is not open")
        return self._connection

    def _roll_back(self) -> None:
        """Undo what was done, unless SQLite has done so itself: a full disk."""
        connection = self._connection
        if connection is not None and connection.in_transaction:
            connection.rollback()


def require_folder(where: str, path: Path) -> None:
    """Refuse a file whose folder is missing.

    Raises:
        SinkError: It is missing.
    """
    if not path.parent.is_dir():
        message = (
            f"{where}: expected a folder {path.parent}, got none; in a URL, three "
            "slashes begin a relative path and four an absolute one"
        )
        raise SinkError(message)


def _stored(columns: Sequence[Column], rows: Sequence[Row]) -> Iterator[list[Any]]:
    """Give the values as SQLite keeps them."""
    found = [(at, _STORED.get(each.kind)) for at, each in enumerate(columns)]
    changed = [(at, change) for at, change in found if change is not None]
    for row in rows:
        values = list(row)
        for at, change in changed:
            if values[at] is not None:
                values[at] = change(values[at])
        yield values


def _moment(at: datetime) -> str:
    return utc(at).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


_STORED: Final[dict[Kind, Callable[[Any], str]]] = {
    "number": plain,
    "datetime": _moment,
}
