"""Tables that are created, and filled, when they are first used; reading them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.sandbox.schema.catalog import load_catalog
from sage200_async.sandbox.store.database import Database, column_sql
from sage200_async.sandbox.store.derived_views import DerivedViews
from sage200_async.sandbox.store.rows import Row, record_from_row
from sage200_async.sandbox.store.view_sql import is_made_of_one_table, resources_in

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Container,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from pathlib import Path

    from sage200_async.sandbox.schema.catalog import Catalog
    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.rows import Values

_BATCH: Final = 1000
_QUOTED: Final = re.compile(r'"(\w+)"')
_FIRST_ID: Final = 250_000
# Above the ids of resources that hold a few made-up records.
_NESTED_IDS: Final = 64
# Nested rows of made-up data have the ids after their owner's: fewer than these.


class StoreState(Struct, frozen=True):
    """All that tables hold at one time."""

    image: bytes
    """The content of the database."""
    next_id: int


class LazyTables(ABC):
    """Tables that exist once they are used. Safe to use from any thread.

    Args:
        database: A file, or ``":memory:"``.
        catalog: The resources; those of the client by default.
        stored_views: Views that have rows of their own.
    """

    def __init__(
        self,
        database: str | Path = ":memory:",
        catalog: Catalog | None = None,
        stored_views: Container[str] = (),
    ) -> None:
        self.catalog = catalog or load_catalog()
        self.tables = dict(self.catalog.tables)
        self.database = Database(database)
        self._filling: set[str] = set()
        self._next_id = _FIRST_ID
        self.views = DerivedViews(self)
        for path in self.database.tables & self.tables.keys():
            if not self.views.has(path):
                self.reserve_ids(path)
        for path, table in self.catalog.tables.items():
            is_stored = path in stored_views or self.has_table(path)
            if is_made_of_one_table(path) and not is_stored:
                self.tables[path] = replace(table, is_derived=True)

    @abstractmethod
    def initial_rows(self, resource: str) -> Iterable[Row]:
        """Return the rows that a new table starts with."""

    @abstractmethod
    def indexed_fields(self, table: Table) -> set[str]:
        """Return the fields of a new table to index."""

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def snapshot(self) -> StoreState:
        """Return the tables, their records and the next id, to be restored later."""
        with self.database.lock:
            return StoreState(self.database.image(), self._next_id)

    def restore(self, state: StoreState) -> None:
        """Return to an earlier state.

        Tables that did not exist then are created and filled again when they are
        next used.
        """
        with self.database.lock:
            self.database.restore(state.image)
            self._next_id = state.next_id

    def ensure_table(self, resource: str) -> None:
        """Create and fill the table of a resource, and bring a view up to date."""
        with self.database.lock:  # what another thread creates may be rolled back
            if self.tables[resource].is_derived:
                for other in resources_in(resource):
                    self.ensure_table(other)
                if resource not in self.database.tables:
                    self.database.create_view(resource)
                return
            exists = self.has_table(resource)
            if exists and not self.views.is_outdated(resource):
                return
            with self.database.transaction():
                if exists:
                    self.views.update(resource)
                    return
                self._create(resource, self.initial_rows)
                if not self.views.has(resource):
                    self.reserve_ids(resource)

    def create_empty(self, resource: str) -> None:
        """Create the table of a resource, without the rows that it starts with."""
        self.tables[resource] = self.catalog.tables[resource]
        with self.database.transaction():
            self._create(resource, lambda _: ())

    def has_table(self, resource: str) -> bool:
        """Whether the table of a resource exists yet; that of a derived one never does."""
        is_derived = self.tables[resource].is_derived
        return not is_derived and resource in self.database.tables

    def is_filling(self, resource: str) -> bool:
        """Whether a table is being filled right now."""
        return resource in self._filling

    def get(self, resource: str, key: int) -> Values:
        """Return a whole record with its related records.

        Raises:
            KeyError: There is no such record.
        """
        self.ensure_table(resource)
        return record_from_row(self.database.get_row(resource, key))

    def count(self, resource: str) -> int:
        """Return the number of records."""
        self.ensure_table(resource)
        return int(self.execute(f'SELECT count(*) FROM "{resource}"')[0][0])  # noqa: S608 - the catalog's

    def keys(
        self, resource: str, link: str = "", parent: int = 0, limit: int = -1
    ) -> list[int]:
        """Return every key in ascending order, or those of one parent's records.

        Args:
            resource: The resource.
            link: The field that holds the parent's id.
            parent: That id.
            limit: How many at most; -1 for all.
        """
        self.ensure_table(resource)
        table = self.tables[resource]
        where = f"{column_sql(table, link)} = {parent:d}" if link else "1"
        sql = f'SELECT key FROM "{resource}" WHERE {where} ORDER BY key LIMIT {limit:d}'  # noqa: S608 - the catalog's
        return [int(key) for (key,) in self.execute(sql)]

    def rows(self, resource: str) -> Iterator[Values]:
        """Yield every record with its related records, by ascending key.

        Numbers with a point are `Decimal`, timestamps are text as served.
        """
        self.ensure_table(resource)
        sql = (
            f'SELECT key, body, expandables FROM "{resource}" '  # noqa: S608 - the catalog's
            "WHERE key > ? ORDER BY key LIMIT ?"
        )
        last = -(2**63)
        while batch := self.execute(sql, (last, _BATCH)):
            yield from (record_from_row(Row(*row)) for row in batch)
            last = batch[-1][0]

    def exists(
        self, resource: str, values: Mapping[str, Any], other_than: int = 0
    ) -> bool:
        """Whether a record has all these values, not counting the key *other_than*."""
        self.ensure_table(resource)
        table = self.tables[resource]
        equal = " AND ".join(f"{column_sql(table, name)} = ?" for name in values)
        sql = f'SELECT 1 FROM "{resource}" WHERE {equal} AND key <> ? LIMIT 1'  # noqa: S608 - the catalog's
        return bool(self.execute(sql, (*values.values(), other_than)))

    def bodies(self, resource: str, keys: Iterable[int]) -> dict[int, bytes]:
        """Return the plain fields of the records with these keys, as JSON."""
        self.ensure_table(resource)
        return self.database.json_by_key(resource, keys)

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a query with quoted table names; text comes as bytes."""
        for name in _QUOTED.findall(sql):
            if name in self.tables:
                self.ensure_table(name)
        return self.database.execute(sql, values)

    def next_id(self) -> int:
        """Return an id that is not in use; all tables and nested rows share one counter."""
        with self.database.lock:
            self._next_id += 1
            return self._next_id - 1

    def reserve_ids(self, resource: str) -> None:
        """Continue the counter above the ids of a table."""
        self.skip_ids(self.database.highest_key(resource) + _NESTED_IDS)

    def skip_ids(self, first: int) -> None:
        """Continue the counter of ids at *first*, unless it is there already."""
        self._next_id = max(self._next_id, first)

    def _create(
        self, resource: str, initial_rows: Callable[[str], Iterable[Row]]
    ) -> None:
        table = self.tables[resource]
        self.database.create_table(table, self.indexed_fields(table))
        self._filling.add(resource)
        try:
            self.database.insert_rows(resource, initial_rows(resource))
        finally:
            self._filling.discard(resource)
