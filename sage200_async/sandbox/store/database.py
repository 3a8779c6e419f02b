"""SQLite underneath: one connection, one lock, and tables made when first used."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.sandbox.query.filters import column
from sage200_async.sandbox.store.rows import Row

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from sage200_async.sandbox.store.schema import Table

_IN_ONE: Final = 500
# Values bound in one statement: SQLite before 3.32 takes 999 at most.


class Database:
    """Tables of rows: a key, plain fields and members as ready-made JSON.

    Args:
        file: A file, or ``":memory:"``.
    """

    def __init__(self, file: str | Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            str(file), check_same_thread=False, isolation_level=None
        )
        self._connection.text_factory = bytes
        for name, arity, function in (
            ("fold", 1, _fold),
            ("exact_compare", 3, _exact_compare),
        ):
            self._connection.create_function(name, arity, function, deterministic=True)
        self._connection.execute("PRAGMA synchronous = OFF")

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Do all that is done inside, or nothing; inside another, join that."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Run one statement; text comes as bytes."""
        with self._lock:
            return self._connection.execute(sql, tuple(values)).fetchall()

    def made(self) -> set[str]:
        """Name the tables that there are."""
        sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
        return {name.decode() for (name,) in self.ask(sql)}

    def make(self, table: Table, indexed: Iterable[str]) -> None:
        """Make a table, with an index on each of some fields."""
        self.ask(
            f'CREATE TABLE "{table.path}" (key INTEGER PRIMARY KEY, '
            "body TEXT NOT NULL, members TEXT NOT NULL, parent INTEGER NOT NULL)"
        )
        for name in indexed:
            self.ask(
                f'CREATE INDEX "{table.path}_{name}" '
                f'ON "{table.path}" ({column(table, name)})'
            )

    def add(self, path: str, rows: Iterable[Row]) -> None:
        """Add rows in one transaction.

        Raises:
            sqlite3.IntegrityError: A key is there already.
        """
        sql = f'INSERT INTO "{path}" (key, body, members, parent) VALUES (?, ?, ?, ?)'  # noqa: S608 - the catalog's
        with self.transaction():
            self._connection.executemany(sql, rows)

    def put(self, path: str, row: Row) -> None:
        """Write a row in place of what has its key."""
        sql = f'UPDATE "{path}" SET body = ?, members = ? WHERE key = ?'  # noqa: S608 - the catalog's
        self.ask(sql, (row.body, row.members, row.key))

    def remove(self, path: str, key: int) -> None:
        """Remove a row.

        Raises:
            KeyError: There is none of that key.
        """
        sql = f'DELETE FROM "{path}" WHERE key = ?'  # noqa: S608 - the catalog's
        with self._lock:
            if not self._connection.execute(sql, (key,)).rowcount:
                raise KeyError(key)

    def row(self, path: str, key: int) -> Row:
        """Give a row.

        Raises:
            KeyError: There is none of that key.
        """
        sql = f'SELECT key, body, members, parent FROM "{path}" WHERE key = ?'  # noqa: S608 - the catalog's
        found = self.ask(sql, (key,))
        if not found:
            raise KeyError(key)
        number, body, members, parent = found[0]
        return Row(number, body.decode(), members.decode(), parent)

    def texts(
        self, path: str, keys: Iterable[int], what: str = "body"
    ) -> dict[int, bytes]:
        """Give the ``body``, or the ``members``, of the rows with these keys."""
        wanted, found = sorted(set(keys)), dict[int, bytes]()
        for start in range(0, len(wanted), _IN_ONE):
            part = wanted[start : start + _IN_ONE]
            marks = ", ".join("?" * len(part))
            sql = f'SELECT key, {what} FROM "{path}" WHERE key IN ({marks})'  # noqa: S608 - the catalog's
            found.update(self.ask(sql, part))
        return found

    def highest(self, path: str) -> int:
        """Give the highest key, or 0."""
        return int(self.ask(f'SELECT max(key) FROM "{path}"')[0][0] or 0)  # noqa: S608 - the catalog's


def _fold(text: bytes | str | None) -> str | None:
    if text is None:
        return None
    return (text.decode() if isinstance(text, bytes) else text).casefold()


def _exact_compare(body: bytes | str, name: bytes | str, other: str) -> int | None:
    field = name.decode() if isinstance(name, bytes) else name
    raw = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get(field)
    if raw is None or bytes(raw) == b"null":
        return None
    mine, theirs = Decimal(bytes(raw).decode()), Decimal(other)
    return (mine > theirs) - (mine < theirs)
