"""The records, in SQLite: one table to a resource, made when it is first used.

A row holds ready-made JSON: a page is joined text, and filters and orders are
SQL over ``json_extract``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.query.filters import column
from sage200_async.sandbox.server import writes
from sage200_async.sandbox.server.routes import catalog as whole
from sage200_async.sandbox.store.database import Database
from sage200_async.sandbox.store.embedded import Follower, Parts
from sage200_async.sandbox.store.order_line_views import VIEW, LineViews
from sage200_async.sandbox.store.rows import Row, record_of, row_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sage200_async.sandbox.server.routes import Catalog
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.schema import Table

_BATCH: Final = 1000
_QUOTED: Final = re.compile(r'"(\w+)"')
_LOOKED_UP: Final = ("reference", "code")
_FIRST_ID: Final = 250_000
# Above the ids of resources that hold a few made-up records.

Filler = Callable[["Store", str], Iterable[Row]]
"""Gives the rows that a resource holds at first."""


class Store:
    """Every record of the sandbox's company, for oracles and other writers.

    Safe to call from any thread, while the server runs.

    Args:
        database: A file, or ``":memory:"``.
        catalog: The resources; those of the client by default.
        filler: Gives the rows that a resource holds at first; none by default.
    """

    def __init__(
        self,
        database: str | Path = ":memory:",
        catalog: Catalog | None = None,
        filler: Filler | None = None,
    ) -> None:
        self.catalog = catalog or whole()
        self.tables = self.catalog.tables
        self.parts = Parts(self.catalog)
        self.database = Database(database)
        self._filler = filler
        self._made = self.database.made()
        self._filling: set[str] = set()
        self.parts_move_owners = True
        self._next_id = _FIRST_ID
        self.line_views = LineViews(self)
        self._follower = Follower(self)
        for path in self._made & self.tables.keys():
            self._number_on(path)

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def touch(self, resource: str) -> None:
        """Make the table of a resource, and fill it, unless that is done."""
        if resource in self._made:
            return
        with self.database.transaction():
            if resource not in self._made:
                table = self.tables[resource]
                self.database.make(table, self._indexed(table))
                self._made.add(resource)
                self._filling.add(resource)
                try:
                    self._fill(resource)
                except BaseException:
                    self._made.discard(resource)
                    raise
                finally:
                    self._filling.discard(resource)
                self._number_on(resource)

    def is_made(self, resource: str) -> bool:
        """Tell whether a resource has its table yet."""
        return resource in self._made

    def is_filling(self, resource: str) -> bool:
        """Tell whether a resource, or what it is a part of, is being filled."""
        part = self.parts.holding(resource)
        busy = resource in self._filling
        return busy or (part is not None and self.is_filling(part.owner))

    def insert(
        self, resource: str, values: Mapping[str, Any], parent: int = 0
    ) -> Values:
        """Add a record; what is not given is blank, as the service leaves it.

        Args:
            resource: Where to.
            values: Its fields, and rows of its members.
            parent: The id that it is listed below, where no field says so.

        Returns:
            The whole record, with members.

        Raises:
            KeyError: It is a part of a record that there is not.
        """
        self.touch(resource)
        table, part = self.tables[resource], self.parts.holding(resource)
        with self.database.transaction():
            if part is not None:
                return self._follower.inserted(part, dict(values))
            key, record = writes.created(table, values, self.take_id)
            row = row_of(table, record, key)._replace(parent=parent)
            self.database.add(resource, [row])
            self._followed(resource, key, record)
        return record

    def update(
        self, resource: str, key: int, values: Mapping[str, Any], *, move: bool = True
    ) -> Values:
        """Change what *values* names, and move ``date_time_updated`` on.

        Rows of members with an id are changed, those without are added, those
        with ``is_to_delete`` are removed.

        Args:
            resource: Whose record.
            key: Its key.
            values: What changes.
            move: Whether the stamp moves on.

        Returns:
            The whole record, with members.

        Raises:
            KeyError: There is no such record.
        """
        self.touch(resource)
        table, part = self.tables[resource], self.parts.holding(resource)
        with self.database.transaction():
            if part is not None:
                return self._follower.updated(part, key, dict(values))
            old = record_of(self.database.row(resource, key))
            record = writes.changed(table, old, values, self.take_id, move=move)
            self.database.put(resource, row_of(table, record, key))
            self._followed(resource, key, record)
        return record

    def delete(self, resource: str, key: int) -> None:
        """Remove a record, and what is a part of it.

        Raises:
            KeyError: There is no such record.
        """
        self.touch(resource)
        part = self.parts.holding(resource)
        with self.database.transaction():
            if part is not None:
                self._follower.updated(part, key, {"is_to_delete": True})
                return
            self.database.remove(resource, key)
            self.line_views.forget(resource, key)
            self._follower.follow(resource, key)

    def get(self, resource: str, key: int) -> Values:
        """Give a whole record, with members.

        Raises:
            KeyError: There is no such record.
        """
        self.touch(resource)
        return record_of(self.database.row(resource, key))

    def count(self, resource: str) -> int:
        """Count the records."""
        self.touch(resource)
        return int(self.ask(f'SELECT count(*) FROM "{resource}"')[0][0])  # noqa: S608 - the catalog's

    def keys(self, resource: str, below: str = "", parent: int = 0) -> list[int]:
        """Give every key, ascending; or those of the records *below* a parent.

        Args:
            resource: Whose keys.
            below: The field that holds the parent's id.
            parent: That id.
        """
        self.touch(resource)
        where = f"{column(self.tables[resource], below)} = {parent:d}" if below else "1"
        sql = f'SELECT key FROM "{resource}" WHERE {where} ORDER BY key'  # noqa: S608 - the catalog's
        return [int(key) for (key,) in self.ask(sql)]

    def rows(self, resource: str) -> Iterator[Values]:
        """Give every record with its members, by ascending key.

        Numbers with a point are `Decimal`, times are text as served.
        """
        self.touch(resource)
        sql = (
            f'SELECT key, body, members FROM "{resource}" '  # noqa: S608 - the catalog's
            "WHERE key > ? ORDER BY key LIMIT ?"
        )
        last = -(2**63)
        while batch := self.ask(sql, (last, _BATCH)):
            yield from (record_of(Row(*row)) for row in batch)
            last = batch[-1][0]

    def holds(self, resource: str, values: Mapping[str, Any], but: int = 0) -> bool:
        """Tell whether a record other than *but* has all of some values."""
        self.touch(resource)
        table = self.tables[resource]
        alike = " AND ".join(f"{column(table, name)} = ?" for name in values)
        sql = f'SELECT 1 FROM "{resource}" WHERE {alike} AND key <> ? LIMIT 1'  # noqa: S608 - the catalog's
        return bool(self.ask(sql, (*values.values(), but)))

    def bodies(self, resource: str, keys: Iterable[int]) -> dict[int, bytes]:
        """Give the plain fields of the records with these keys, as JSON."""
        self.touch(resource)
        return self.database.texts(resource, keys)

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Run one query, with the names of tables in quotes; text comes as bytes."""
        for name in _QUOTED.findall(sql):
            if name not in self._made and name in self.tables:
                self.touch(name)
        return self.database.ask(sql, values)

    def add_rows(self, resource: str, rows: Iterable[Row]) -> None:
        """Add rows in one transaction; parts go to the records that own them.

        Raises:
            ValueError: They are parts of records that there are not.
            sqlite3.IntegrityError: A key is there already.
        """
        self.touch(resource)
        part = self.parts.holding(resource)
        with self.database.transaction():
            if part is None:
                self.database.add(resource, rows)
            else:
                self._follower.adopt(part, rows)
            self._number_on(resource)

    def take_id(self) -> int:
        """Give the next id: one counter serves all tables and members."""
        with self.database.transaction():
            self._next_id += 1
            return self._next_id - 1

    def _fill(self, resource: str) -> None:
        part = self.parts.holding(resource)
        if part is not None:
            self.touch(part.owner)
            self._follower.derive(part)
        elif self._filler is not None:
            self.database.add(resource, self._filler(self, resource))

    def _followed(self, resource: str, key: int, record: Values) -> None:
        self.line_views.follow(resource, record)
        self._follower.follow(resource, key)

    def _indexed(self, table: Table) -> set[str]:
        part = self.parts.holding(table.path)
        wanted = {*_LOOKED_UP, "" if part is None else part.link}
        found = {name for name in table.shape.scalars if name in wanted}
        return found | {"sop_order_id"} if table.path == VIEW else found

    def _number_on(self, resource: str) -> None:
        """Number on from a resource's highest id."""
        # A row's members took ids after its own, fewer than 64 in made-up data.
        above = self.database.highest(resource) + 64
        self._next_id = max(self._next_id, above)
