"""Views: rows that are made of other records, when they are first used.

A write only notes whose rows are out of date; they are made again before the view is
next read. The notes are in the database: they are undone with the write that is refused,
and a sandbox that is killed leaves them to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sage200_async.sandbox.store.aged_views import AGED_VIEWS, aged_rows
from sage200_async.sandbox.store.database import column_sql
from sage200_async.sandbox.store.period_views import PERIOD_VIEWS, period_rows
from sage200_async.sandbox.store.view_plans import plan_of
from sage200_async.sandbox.store.view_rows import row_maker, rows_of
from sage200_async.sandbox.store.view_specs import VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sage200_async.sandbox.store.rows import Row
    from sage200_async.sandbox.store.stored_tables import StoredTables
    from sage200_async.sandbox.store.view_rows import Json, Lookup

_BATCH: Final = 1000
_ALL: Final = "*"
_BASE: Final = ""
# Columns of what is out of date: every row, or those of some records.
_NOTES: Final = """\
CREATE TABLE IF NOT EXISTS outdated_rows (
    view TEXT, field TEXT, key INTEGER, PRIMARY KEY (view, field, key)
) WITHOUT ROWID
"""


class DerivedViews:
    """Keeps the views in step with the records that they show.

    Args:
        tables: Where both are.
    """

    def __init__(self, tables: StoredTables) -> None:
        self._tables = tables
        tables.database.execute(_NOTES)
        self._uses: dict[str, list[tuple[str, str]]] = {}
        known = tables.tables.keys()
        for view, ledger in AGED_VIEWS.items():
            if view in known:
                self._uses.setdefault(ledger, []).append((view, _ALL))
        for view, periods in PERIOD_VIEWS.items():
            if view in known:
                self._uses.setdefault(periods.source, []).append((view, _ALL))
                if periods.trader:
                    accounts = f"{periods.trader}s"
                    self._uses.setdefault(accounts, []).append((view, _ALL))
        for view, spec in VIEWS.items():
            if view in known and spec.base in known:
                self._uses.setdefault(spec.base, []).append((view, _BASE))
                for resource in {path for path, _ in spec.links.values()}:
                    self._uses.setdefault(resource, []).append((view, resource))

    def has(self, resource: str) -> bool:
        """Whether a resource is a view whose rows are made here."""
        return resource in VIEWS or resource in AGED_VIEWS or resource in PERIOD_VIEWS

    def note_write(self, resource: str, keys: Iterable[int]) -> None:
        """Note that records of a resource were written or deleted."""
        written = list(keys)
        for view, use in self._uses.get(resource, ()):
            if not self._tables.has_table(view):
                continue
            is_column = use in {_ALL, _BASE}
            columns = [use] if is_column else plan_of(view).columns_of(use)
            notes = ((view, column, key) for column in columns for key in written)
            self._tables.database.execute_many(
                "INSERT OR IGNORE INTO outdated_rows VALUES (?, ?, ?)", notes
            )

    def forget_writes(self, view: str) -> None:
        """Take the rows of a view as they are."""
        self._tables.database.execute(
            "DELETE FROM outdated_rows WHERE view = ?", (view,)
        )

    def is_outdated(self, view: str) -> bool:
        """Whether rows of a view have to be made again."""
        sql = "SELECT 1 FROM outdated_rows WHERE view = ? LIMIT 1"
        if self._tables.tables[view].is_derived:
            return False
        return self.has(view) and bool(self._tables.database.execute(sql, (view,)))

    def update(self, view: str) -> None:
        """Make the rows again that are out of date."""
        keys, database = self._base_keys(view), self._tables.database
        self.forget_writes(view)
        if keys is None:
            database.execute(f'DELETE FROM "{view}"')  # noqa: S608 - the catalog's
        else:
            plan = plan_of(view)
            column = column_sql(plan.table, plan.base_column or plan.table.key)
            sql = f'DELETE FROM "{view}" WHERE {column} = ?'  # noqa: S608 - the catalog's
            for key in keys:
                database.execute(sql, (key,))
        database.insert_rows(view, list(self.rows(view, keys)))

    def rows(self, view: str, keys: Iterable[int] | None = None) -> Iterator[Row]:
        """Yield the rows of a view.

        Args:
            view: The view.
            keys: Those of the records that it is to show; None for all.
        """
        if view in AGED_VIEWS:
            yield from aged_rows(self._tables, view)
            return
        if view in PERIOD_VIEWS:
            yield from period_rows(self._tables, view)
            return
        for batch in self._batches(VIEWS[view].base, keys):
            lookup = self._lookup(view, (body for _, body, _ in batch))
            for _, body, expandables in batch:
                yield from rows_of(view, body, expandables, lookup)

    def _base_keys(self, view: str) -> list[int] | None:
        """Return the keys of the records whose rows are out of date; None for all."""
        outdated: dict[str, set[int]] = {}
        sql = "SELECT field, key FROM outdated_rows WHERE view = ?"
        for field, number in self._tables.database.execute(sql, (view,)):
            outdated.setdefault(field.decode(), set()).add(number)
        if _ALL in outdated:
            return None
        plan, keys = plan_of(view), set(outdated.get(_BASE, ()))
        own = column_sql(plan.table, plan.base_column or plan.table.key)
        for column, others in outdated.items():
            if column != _BASE:
                marks = ",".join(map(str, sorted(others)))
                sql = (
                    f'SELECT DISTINCT {own} FROM "{view}" '  # noqa: S608 - the catalog's, and numbers
                    f"WHERE {column_sql(plan.table, column)} IN ({marks})"
                )
                keys.update(key for (key,) in self._tables.database.execute(sql))
        return sorted(keys)

    def _batches(
        self, resource: str, keys: Iterable[int] | None
    ) -> Iterator[list[tuple[int, bytes, bytes]]]:
        """Yield the records of a resource, as they are stored, in batches."""
        columns = f'SELECT key, body, expandables FROM "{resource}"'  # noqa: S608 - the catalog's
        if keys is not None:
            for some in _chunks(keys):
                marks = ",".join(map(str, some))
                sql = f"{columns} WHERE key IN ({marks}) ORDER BY key"
                yield self._tables.execute(sql)
            return
        last, sql = -(2**63), f"{columns} WHERE key > ? ORDER BY key LIMIT ?"
        while batch := self._tables.execute(sql, (last, _BATCH)):
            yield batch
            last = batch[-1][0]

    def _lookup(self, view: str, bases: Iterable[bytes]) -> Lookup:
        """Return a function that finds linked records, most of them read at once."""
        cache: dict[tuple[str, int], Json | None] = {}
        maker, known = row_maker(view), self._tables.tables.keys()
        own = maker.sources[""]
        records = [own.values(body) for body in bases]
        for _, resource, source, name in maker.links:
            if not source and resource in known:
                keys = {own.key(values, name) for values in records}
                for key, body in self._tables.bodies(resource, keys).items():
                    cache[resource, key] = body

        def lookup(resource: str, key: int) -> Json | None:
            if (resource, key) not in cache:
                bodies = (
                    self._tables.bodies(resource, [key]) if resource in known else {}
                )
                cache[resource, key] = bodies.get(key)
            return cache[resource, key]

        return lookup


def _chunks(keys: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), _BATCH):
        yield ordered[start : start + _BATCH]
