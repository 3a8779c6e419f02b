"""SQLite: one connection behind one lock, and the SQL of fields and rows."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from sage200_async.sandbox.store.rows import Row
from sage200_async.sandbox.store.view_sql import (
    FUNCTIONS,
    create_view_sql,
    view_columns,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from sage200_async.sandbox.schema.tables import Table

_MAX_PARAMETERS: Final = 500
# Values bound in one statement: SQLite before 3.32 takes 999 at most.
_MAX_IMAGE: Final = 256 * 1024**2
# Bytes. A database that was made of an image cannot grow past 1 GiB (SQLite's
# SQLITE_CONFIG_MEMDB_MAXSIZE): the content of a larger image is copied.


class Database:
    """Tables of rows: a key, and plain fields and related records as JSON.

    Args:
        file: A file, or ``":memory:"``.
    """

    def __init__(self, file: str | Path) -> None:
        self.lock = threading.RLock()
        """Held during each statement and transaction; may be held for several."""
        self._in_memory = str(file) == ":memory:"
        self._unchanged: tuple[bytes, int, frozenset[str]] | None = None
        # The image that equals the content, and the changes up to then.
        self._connection = _connect(str(file))
        try:
            self.tables = self._table_names()
            """The names of the existing tables and views."""
        except BaseException:  # it is no database
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        with self.lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Commit on leaving, roll back on an error; an inner one joins the outer."""
        with self.lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # SQLite ends it itself at some errors
            self._connection.execute("ROLLBACK")
        self.tables = self._table_names()

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of one statement; text comes as bytes."""
        with self.lock:
            return self._connection.execute(sql, tuple(values)).fetchall()

    def execute_many(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        """Carry out a statement with each of *values*, in one transaction."""
        with self.transaction():
            self._connection.executemany(sql, values)

    def image(self) -> bytes:
        """Return a copy of the whole content, as a database file would hold it."""
        with self.lock:
            # Writes a page: a database without any has no image.
            self._connection.execute("PRAGMA user_version = 1")
            image = self._connection.serialize()
            self._unchanged = image, *self._changes()
            return image

    def restore(self, image: bytes) -> None:
        """Replace the whole content by that of an image.

        In memory, SQLite takes the image's bytes as its own. A file stays
        where it is: the pages are copied into it, in one transaction.

        Args:
            image: What `image` returned.
        """
        with self.lock:
            unchanged = self._unchanged
            if (
                unchanged is None
                or unchanged[0] is not image
                or unchanged[1:] != self._changes()
            ):
                self._replace_content(image)
                self.tables = self._table_names()
            self._unchanged = image, *self._changes()

    @property
    def changes(self) -> int:
        """How many rows were written since it was opened."""
        return self._connection.total_changes

    def _changes(self) -> tuple[int, frozenset[str]]:
        """Return what is another after any change: SQLite counts those of rows only."""
        return self.changes, frozenset(self.tables)

    def _replace_content(self, image: bytes) -> None:
        if self._in_memory and len(image) <= _MAX_IMAGE:
            old = self._connection
            # Statements that the old connection has prepared would still run, by
            # its tables' places in the file.
            self._connection = _connect(":memory:")
            self._connection.deserialize(image)
            old.close()
            return
        with contextlib.closing(sqlite3.connect(":memory:")) as source:
            source.deserialize(image)
            source.backup(self._connection)

    def _table_names(self) -> set[str]:
        sql = (
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "UNION ALL SELECT name FROM sqlite_temp_master"
        )
        return {name.decode() for (name,) in self.execute(sql)}

    def create_table(self, table: Table, indexed: Iterable[str]) -> None:
        """Create a table, with an index on each of the *indexed* fields."""
        self.execute(
            f'CREATE TABLE "{table.path}" (key INTEGER PRIMARY KEY, body TEXT NOT NULL,'
            " expandables TEXT NOT NULL, parent INTEGER NOT NULL)"
        )
        for name in indexed:
            self.execute(
                f'CREATE INDEX "{table.path}_{name}" '
                f'ON "{table.path}" ({column_sql(table, name)})'
            )
        self.tables.add(table.path)

    def create_view(self, path: str) -> None:
        """Create a view, for as long as the database is open."""
        self.execute(create_view_sql(path))
        self.tables.add(path)

    def insert_rows(self, path: str, rows: Iterable[Row]) -> None:
        """Insert rows in one transaction.

        Raises:
            sqlite3.IntegrityError: A key exists already.
        """
        sql = (
            f'INSERT INTO "{path}" (key, body, expandables, parent) '  # noqa: S608 - the catalog's
            "VALUES (?, ?, ?, ?)"
        )
        self.execute_many(sql, rows)

    def replace_row(self, path: str, row: Row) -> None:
        """Replace the row that has the same key; its parent stays."""
        sql = f'UPDATE "{path}" SET body = ?, expandables = ? WHERE key = ?'  # noqa: S608 - the catalog's
        self.execute(sql, (row.body, row.expandables, row.key))

    def delete_row(self, path: str, key: int) -> None:
        """Delete a row.

        Raises:
            KeyError: No row has that key.
        """
        sql = f'DELETE FROM "{path}" WHERE key = ?'  # noqa: S608 - the catalog's
        with self.lock:
            if not self._connection.execute(sql, (key,)).rowcount:
                raise KeyError(key)

    def get_row(self, path: str, key: int) -> Row:
        """Return the row with a key.

        Raises:
            KeyError: No row has that key.
        """
        sql = f'SELECT key, body, expandables, parent FROM "{path}" WHERE key = ?'  # noqa: S608 - the catalog's
        rows = self.execute(sql, (key,))
        if not rows:
            raise KeyError(key)
        number, body, expandables, parent = rows[0]
        return Row(number, body.decode(), expandables.decode(), parent)

    def json_by_key(
        self,
        path: str,
        keys: Iterable[int],
        column: Literal["body", "expandables"] = "body",
    ) -> dict[int, bytes]:
        """Return the JSON in a column of the rows with these keys."""
        wanted, texts = sorted(set(keys)), dict[int, bytes]()
        for start in range(0, len(wanted), _MAX_PARAMETERS):
            batch = wanted[start : start + _MAX_PARAMETERS]
            marks = ", ".join("?" * len(batch))
            sql = f'SELECT key, {column} FROM "{path}" WHERE key IN ({marks})'  # noqa: S608 - the catalog's
            texts.update(self.execute(sql, batch))
        return texts

    def highest_key(self, path: str) -> int:
        """Return the highest key of a table, or 0 if it is empty."""
        return int(self.execute(f'SELECT max(key) FROM "{path}"')[0][0] or 0)  # noqa: S608 - the catalog's


def _connect(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    try:
        connection.text_factory = bytes
        for name, arity, function in (
            ("fold", 1, _fold),
            ("exact_compare", 3, _exact_compare),
            *FUNCTIONS,
        ):
            connection.create_function(name, arity, function, deterministic=True)
        connection.execute("PRAGMA synchronous = OFF")
    except BaseException:  # the file is no database
        connection.close()
        raise
    return connection


def column_sql(table: Table, name: str) -> str:
    """Return the SQL of a field's value; that of the key is the row's own number.

    Not a generated column: SQLite would evaluate each of them at each insert.
    """
    if name == table.key:
        return "key"
    value = f"json_extract(body, '$.{name}')"
    if table.is_derived:
        value = view_columns(table.path).get(name, value)
    return f"rtrim({value}, 'Z')" if table.shape.scalars[name] == "datetime" else value


def _fold(text: bytes | str | None) -> str | None:
    if text is None:
        return None
    return (text.decode() if isinstance(text, bytes) else text).casefold()


def _exact_compare(body: bytes | str, name: bytes | str, other: str) -> int | None:
    """Compare a number digit for digit; None if the record lacks it."""
    field = name.decode() if isinstance(name, bytes) else name
    raw = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get(field)
    if raw is None or bytes(raw) == b"null":
        return None
    mine, theirs = Decimal(bytes(raw).decode()), Decimal(other)
    return (mine > theirs) - (mine < theirs)
