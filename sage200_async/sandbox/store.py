"""The records, in SQLite: one table to a resource.

A row holds ready-made JSON: a page is joined text, and filters and orders are
SQL over ``json_extract``.
"""

from __future__ import annotations

import sqlite3
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.sandbox import writes
from sage200_async.sandbox.filters import column
from sage200_async.sandbox.lines import VIEW, LineViews
from sage200_async.sandbox.rows import Row, record_of, row_of
from sage200_async.sandbox.schema import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sage200_async.sandbox.rows import Values
    from sage200_async.sandbox.schema import Table

_BATCH: Final = 1000
_LOOKED_UP: Final = ("reference", "code", "sop_order_id")
_IN_ONE: Final = 500
# Values bound in one statement: SQLite before 3.32 takes 999 at most.


class Store:
    """Every record of the sandbox's company, for oracles and other writers.

    Safe to call from any thread, while the server runs.

    Args:
        database: A file, or ``":memory:"``.
    """

    def __init__(self, database: str | Path = ":memory:") -> None:
        self.tables = tables()
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            str(database), check_same_thread=False, isolation_level=None
        )
        self._connection.text_factory = bytes
        for name, arity, function in (
            ("fold", 1, _fold),
            ("exact_compare", 3, _exact_compare),
        ):
            self._connection.create_function(name, arity, function, deterministic=True)
        self._connection.execute("PRAGMA synchronous = OFF")
        for table in self.tables.values():
            for statement in _schema_of(table):
                self._connection.execute(statement)
        self._next_id = self._highest() + 1
        self._line_views = LineViews(self)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()

    def insert(self, resource: str, values: Mapping[str, Any]) -> Values:
        """Add a record; what is not given is blank, as the service leaves it.

        Returns:
            The whole record, with members.
        """
        table = self.tables[resource]
        with self._lock:
            record = writes.created(table, values, self.take_id)
            self.add_rows(resource, [row_of(table, record)])
            self._line_views.follow(resource, record)
        return record

    def update(self, resource: str, key: int, values: Mapping[str, Any]) -> Values:
        """Change what *values* names, and move ``date_time_updated`` on.

        Rows of members with an id are changed, those without are added, those
        with ``is_to_delete`` are removed.

        Returns:
            The whole record, with members.

        Raises:
            KeyError: There is no such record.
        """
        table = self.tables[resource]
        with self._lock:
            old = record_of(self._row(table, key))
            record = writes.changed(table, old, values, self.take_id)
            row = row_of(table, record)
            self._connection.execute(
                f'UPDATE "{resource}" SET body = ?, members = ? WHERE key = ?',  # noqa: S608 - names are the catalogue's
                (row.body, row.members, key),
            )
            self._line_views.follow(resource, record)
        return record

    def delete(self, resource: str, key: int) -> None:
        """Remove a record.

        Raises:
            KeyError: There is no such record.
        """
        with self._lock:
            sql = f'DELETE FROM "{resource}" WHERE key = ?'  # noqa: S608 - the catalogue's
            if not self._connection.execute(sql, (key,)).rowcount:
                raise KeyError(key)
            self._line_views.forget(resource, key)

    def get(self, resource: str, key: int) -> Values:
        """Give a whole record, with members.

        Raises:
            KeyError: There is no such record.
        """
        return record_of(self._row(self.tables[resource], key))

    def count(self, resource: str) -> int:
        """Count the records."""
        found = self.ask(f'SELECT count(*) FROM "{resource}"')  # noqa: S608 - the catalogue's
        return int(found[0][0])

    def keys(self, resource: str) -> list[int]:
        """Give every key, ascending."""
        sql = f'SELECT key FROM "{resource}" ORDER BY key'  # noqa: S608 - the catalogue's
        return [int(key) for (key,) in self.ask(sql)]

    def rows(self, resource: str) -> Iterator[Values]:
        """Give every record with its members, by ascending key.

        Numbers with a point are `Decimal`, times are text as served.
        """
        sql = (
            f'SELECT key, body, members FROM "{resource}" '  # noqa: S608 - the catalogue's
            "WHERE key > ? ORDER BY key LIMIT ?"
        )
        last = -(2**63)
        while batch := self.ask(sql, (last, _BATCH)):
            yield from (record_of(Row(*row)) for row in batch)
            last = batch[-1][0]

    def holds(self, resource: str, name: str, value: object, but: int = 0) -> bool:
        """Tell whether a record other than *but* has *value* in a field."""
        field = column(self.tables[resource], name)
        sql = f'SELECT 1 FROM "{resource}" WHERE {field} = ? AND key <> ? LIMIT 1'  # noqa: S608 - the catalogue's
        return bool(self.ask(sql, (value, but)))

    def bodies(self, resource: str, keys: Iterable[int]) -> dict[int, bytes]:
        """Give the plain fields of the records with these keys, as JSON."""
        wanted, found = sorted(set(keys)), dict[int, bytes]()
        for start in range(0, len(wanted), _IN_ONE):
            part = wanted[start : start + _IN_ONE]
            marks = ", ".join("?" * len(part))
            sql = f'SELECT key, body FROM "{resource}" WHERE key IN ({marks})'  # noqa: S608 - the catalogue's
            found.update(self.ask(sql, part))
        return found

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Run one query; text comes as bytes."""
        with self._lock:
            return self._connection.execute(sql, tuple(values)).fetchall()

    def add_rows(self, resource: str, rows: Iterable[Row]) -> None:
        """Add rows in one transaction.

        Raises:
            sqlite3.IntegrityError: A key is there already.
        """
        sql = f'INSERT INTO "{resource}" (key, body, members) VALUES (?, ?, ?)'  # noqa: S608 - the catalogue's
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany(sql, rows)

    def refresh_ids(self) -> None:
        """Number on from the highest id, after rows were added in bulk."""
        with self._lock:
            self._next_id = max(self._next_id, self._highest() + 1)

    def take_id(self) -> int:
        """Give the next id: one counter serves all tables and members."""
        taken = self._next_id
        self._next_id += 1
        return taken

    def remove_where(self, resource: str, field: str, value: int) -> None:
        """Remove the records that have *value* in a field."""
        table = self.tables[resource]
        sql = f'DELETE FROM "{resource}" WHERE {column(table, field)} = ?'  # noqa: S608 - the catalogue's
        with self._lock:
            self._connection.execute(sql, (value,))

    def _row(self, table: Table, key: int) -> Row:
        sql = f'SELECT key, body, members FROM "{table.path}" WHERE key = ?'  # noqa: S608 - the catalogue's
        found = self.ask(sql, (key,))
        if not found:
            raise KeyError(key)
        return Row(*found[0])

    def _highest(self) -> int:
        # A row's members took ids after its own, fewer than 64 in made-up data.
        highest = 1000
        for path in self.tables:
            found = self.ask(f'SELECT max(key) FROM "{path}"')  # noqa: S608 - the catalogue's
            highest = max(highest, (found[0][0] or 0) + 64)
        return highest


def _schema_of(table: Table) -> Iterator[str]:
    path = table.path
    yield (
        f'CREATE TABLE IF NOT EXISTS "{path}" (key INTEGER PRIMARY KEY, '
        "body TEXT NOT NULL, members TEXT NOT NULL)"
    )
    for name in (each for each in _LOOKED_UP if each in table.shape.scalars):
        if name != "sop_order_id" or path == VIEW:
            yield (
                f'CREATE INDEX IF NOT EXISTS "{path}_{name}" '
                f'ON "{path}" ({column(table, name)})'
            )


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
