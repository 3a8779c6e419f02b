"""SQLite: one file, from Python's own library."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sage200_async.errors import SinkError
from sage200_async.extract.databases.sql import Dialect, quoted
from sage200_async.extract.databases.value_limits import value_rejection
from sage200_async.extract.text_values import plain_number, utc

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from sage200_async.extract.tables import Column, Kind, Row

BLOCK: Final = 500
"""Rows that are read at once: a library may hold up other threads meanwhile."""
_WAIT: Final = 60.0
# Most seconds to wait for another writer, or for a reader.


class SQLite:
    """A SQLite file.

    SQLite has no decimals and no times. A decimal is text in plain notation,
    exact to the last digit: ``CAST(balance AS NUMERIC)`` to compare or sum, as
    text compares as text. A time is ``2026-03-01T09:30:00.000000Z``, always of
    that length and in UTC, so that the order of the text is that of the times.
    Column types name what is in them: ``DECIMAL TEXT``, ``DATETIME TEXT``, ``JSON
    TEXT``, ``BOOLEAN`` (0 or 1).

    Args:
        path: The file; created if it is missing, but its folder is not.
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
        is_distinct="IS NOT",
    )
    """Its words in SQL."""
    # OverflowError: an integer of more than 64 bits, a time before the year 1 in
    # UTC. ValueError: half a character, a number that is not finite.
    failures: tuple[type[Exception], ...] = (sqlite3.Error, OverflowError, ValueError)
    """The errors of its library."""
    value_errors: tuple[type[Exception], ...] = (
        sqlite3.IntegrityError,
        sqlite3.DataError,
        OverflowError,
        ValueError,
    )
    """Those that a value can cause."""
    schema = "main"
    """SQLite's name for the file that is open."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._connection: sqlite3.Connection | None = None

    @property
    def where(self) -> str:
        """Its kind and its path."""
        return f"SQLite at {self.path}"

    def connect(self) -> None:
        """Open the file.

        Raises:
            SinkError: Its folder is missing.
        """
        require_folder(self.where, self.path)
        self._connection = sqlite3.connect(
            self.path, timeout=_WAIT, isolation_level=None, check_same_thread=False
        )

    @contextmanager
    def reading(self) -> Generator[None, None, None]:
        """Open the file to read only, and see one state of it inside.

        Raises:
            SinkError: There is no such file.
        """
        require_file(self.where, self.path)
        self._connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=_WAIT,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self.execute("BEGIN")
            yield
        finally:
            self.disconnect()

    def blocks(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """Run one query; yield its rows, some hundred at a time."""
        cursor = self._open().execute(sql)
        while rows := cursor.fetchmany(BLOCK):
            yield rows

    def disconnect(self) -> None:
        """Close it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextmanager
    def transaction(self, *, creating: bool = False) -> Generator[None, None, None]:
        """Do everything inside, or nothing; other writers wait."""
        del creating  # any writer is the only one
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows."""
        return self._run(sql, values).fetchall()

    def change(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement; return how many rows it has written or deleted."""
        return self._run(sql, values).rowcount

    def _run(self, sql: str, values: Sequence[object]) -> sqlite3.Cursor:
        stored = [_timestamp(v) if isinstance(v, datetime) else v for v in values]
        return self._open().execute(sql, stored)

    def columns(self, name: str) -> dict[str, str]:
        """Return the type of each column of a table; none if there is no table."""
        return dict(
            self.execute("SELECT name, type FROM pragma_table_info(?)", (name,))
        )

    def create_schema(self) -> None:
        """Do nothing: the file is the schema."""

    def mark(self, table: str, mark: str) -> None:
        """Do nothing: SQLite keeps the statement that created the table."""

    def marker(self, name: str) -> str:
        """Return the statement that created a table."""
        rows = self.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,))
        return rows[0][0] if rows else ""

    def load(
        self, staging: str, columns: Sequence[Column], rows: Sequence[Row]
    ) -> None:
        """Insert rows into a staging table."""
        names = ", ".join(quoted(column.name) for column in columns)
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {staging} ({names}) VALUES ({marks})"
        self._open().executemany(statement, _stored(columns, rows))

    def value(self, kind: Kind, stored: Any) -> Any:
        """Return a value that was selected as `Row` has it."""
        convert = _PYTHON.get(kind)
        return stored if stored is None or convert is None else convert(stored)

    def explain_rejection(self, column: Column, value: Any) -> str:
        """Return what *column* can hold if *value* does not fit; else nothing."""
        return value_rejection(column.kind, value)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise sqlite3.ProgrammingError("it is not open")
        return self._connection

    def _roll_back(self) -> None:
        """Undo what was done, unless SQLite did so itself, as when the disk is full."""
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
            f"{where}: the folder {path.parent} does not exist; in a URL, three "
            "slashes begin a relative path and four an absolute one"
        )
        raise SinkError(message)


def require_file(where: str, path: Path) -> None:
    """Refuse to read a file that is missing: a library would create it.

    Raises:
        SinkError: It is missing.
    """
    if not path.is_file():
        message = f"{where}: there is no such file; run `sage200 sync` first"
        raise SinkError(message)


def _stored(columns: Sequence[Column], rows: Sequence[Row]) -> Iterator[list[Any]]:
    """Yield rows of the values that SQLite stores."""
    conversions = [
        (n, _CONVERSIONS[column.kind])
        for n, column in enumerate(columns)
        if column.kind in _CONVERSIONS
    ]
    for row in rows:
        values = list(row)
        for n, convert in conversions:
            if values[n] is not None:
                values[n] = convert(values[n])
        yield values


def _timestamp(at: datetime) -> str:
    return utc(at).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


_CONVERSIONS: Final[dict[Kind, Callable[[Any], str]]] = {
    "number": plain_number,
    "datetime": _timestamp,
}


def _boolean(stored: Any) -> Any:
    """Return the truth value; what is none stays as it is."""
    return bool(stored) if stored in {0, 1} else stored


_PYTHON: Final[dict[Kind, Callable[[Any], Any]]] = {
    "number": Decimal,
    "datetime": datetime.fromisoformat,
    "boolean": _boolean,
}
