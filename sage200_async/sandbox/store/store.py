"""The sandbox's records, in SQLite: writing them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.store.embedded import EmbeddedLists, EmbeddedTables
from sage200_async.sandbox.store.lazy_tables import LazyTables
from sage200_async.sandbox.store.records import new_record, updated_record
from sage200_async.sandbox.store.rows import (
    Row,
    decode,
    record_from_row,
    row_from_record,
)
from sage200_async.sandbox.store.view_plans import plan_of
from sage200_async.sandbox.store.view_specs import VIEWS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sage200_async.sandbox.schema.catalog import Catalog
    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.embedded import EmbeddedList
    from sage200_async.sandbox.store.rows import Values

_INDEXED: Final = ("reference", "code", "urn")
_MOVED: Final = ("customers", "products", "suppliers")
# What postings and orders change: the views that are linked to it are out of date.

InitialRows = Callable[["Store", str], Iterable[Row]]
"""Returns the rows that the table of a resource starts with."""


class Store(LazyTables):
    """Every record of the sandbox's company, for tests to read and to write.

    Safe to use from any thread, while the server runs.

    Args:
        database: A file, or ``":memory:"``.
        catalog: The resources; those of the client by default.
        initial_rows: Returns the rows that a table starts with; none by default.
        stored_views: Views whose rows are made up, not made of other records.
    """

    def __init__(
        self,
        database: str | Path = ":memory:",
        catalog: Catalog | None = None,
        initial_rows: InitialRows | None = None,
        stored_views: Container[str] = (),
    ) -> None:
        super().__init__(database, catalog, stored_views)
        self._initial_rows = initial_rows
        self.touch_owners = True
        """Whether a write to an embedded record changes its owner's timestamp."""
        self.embedded_lists = EmbeddedLists(self.catalog)
        self._embedded = EmbeddedTables(self, self.embedded_lists)

    def initial_rows(self, resource: str) -> Iterable[Row]:
        """Return the rows that a new table starts with."""
        embedded = self.embedded_lists.of_child(resource)
        if embedded is not None:
            self.ensure_table(embedded.owner)
            return self._embedded.rows(embedded)
        if self._initial_rows is not None:
            return self._initial_rows(self, resource)
        return self.views.rows(resource) if self.views.has(resource) else ()

    def indexed_fields(self, table: Table) -> set[str]:
        """Return the fields of a new table to index: codes, URNs, and the owner's id."""
        embedded = self.embedded_lists.of_child(table.path)
        wanted = {*_INDEXED, "" if embedded is None else embedded.link}
        if table.path in VIEWS:
            plan = plan_of(table.path)
            wanted.add(plan.base_column)
            wanted.update(*map(plan.columns_of, _MOVED))
        return wanted & table.shape.scalars.keys()

    def is_filling(self, resource: str) -> bool:
        """Whether a table, or that of an owner of its records, is being filled."""
        embedded = self.embedded_lists.of_child(resource)
        return super().is_filling(resource) or (
            embedded is not None and self.is_filling(embedded.owner)
        )

    def insert(
        self, resource: str, values: Mapping[str, Any], parent: int = 0
    ) -> Values:
        """Add a record. Fields without a value are blank, as Sage leaves them.

        Args:
            resource: The resource.
            values: Its fields, and rows of its related records.
            parent: The id that it is listed below, if no field holds that.

        Returns:
            The whole record, with related records.

        Raises:
            KeyError: It is embedded in a record that does not exist.
        """
        self.ensure_table(resource)
        embedded = self.embedded_lists.of_child(resource)
        with self.database.transaction():
            if embedded is not None:
                owner = int(values.get(embedded.link, 0))
                rows = self._write_embedded(embedded, owner, dict(values))
                return rows[-1]
            table = self.tables[resource]
            key, record = new_record(table, values, self.next_id)
            row = row_from_record(table, record, key)._replace(parent=parent)
            self.database.insert_rows(resource, [row])
            self._refresh_copies(resource, key)
        return record

    def update(
        self, resource: str, key: int, values: Mapping[str, Any], *, touch: bool = True
    ) -> Values:
        """Change the fields in *values*, and set ``date_time_updated``.

        Rows of related records with an id are changed, those without are added,
        those with ``is_to_delete`` are removed.

        Args:
            resource: The resource.
            key: The key of the record.
            values: The fields and rows to change.
            touch: Whether ``date_time_updated`` changes.

        Returns:
            The whole record, with related records.

        Raises:
            KeyError: There is no such record.
        """
        self.ensure_table(resource)
        embedded = self.embedded_lists.of_child(resource)
        with self.database.transaction():
            if embedded is not None:
                return self._update_embedded(embedded, key, values)
            table = self.tables[resource]
            old = record_from_row(self.database.get_row(resource, key))
            record = updated_record(table, old, values, self.next_id, touch=touch)
            self.database.replace_row(resource, row_from_record(table, record, key))
            self._refresh_copies(resource, key)
        return record

    def delete(self, resource: str, key: int) -> None:
        """Remove a record, and what is embedded in it.

        Raises:
            KeyError: There is no such record.
        """
        self.ensure_table(resource)
        embedded = self.embedded_lists.of_child(resource)
        with self.database.transaction():
            if embedded is not None:
                self._update_embedded(embedded, key, {"is_to_delete": True})
                return
            self.database.delete_row(resource, key)
            self._refresh_copies(resource, key)

    def add_rows(self, resource: str, rows: Iterable[Row]) -> None:
        """Add rows in one transaction; embedded ones go to their owners.

        Raises:
            ValueError: They refer to owners that do not exist.
            sqlite3.IntegrityError: A key exists already.
        """
        self.ensure_table(resource)
        embedded = self.embedded_lists.of_child(resource)
        rows = list(rows)
        with self.database.transaction():
            if embedded is None:
                self.database.insert_rows(resource, rows)
            else:
                self._embedded.add(embedded, rows)
            self.reserve_ids(resource)
            self.views.note_write(resource, [row.key for row in rows])

    def _update_embedded(
        self, embedded: EmbeddedList, key: int, values: Mapping[str, Any]
    ) -> Values:
        """Change or remove an embedded record by a write to its owner."""
        own = self.tables[embedded.child].key
        old = decode(self.bodies(embedded.child, [key])[key])
        row = {**values, own: key}
        rows = self._write_embedded(embedded, old[embedded.link], row)
        nothing: Values = {}
        return next((row for row in rows if row.get(own) == key), nothing)

    def _write_embedded(
        self, embedded: EmbeddedList, owner: int, row: Values
    ) -> list[Values]:
        """Write a row to its owner, and return all rows of that list."""
        record = self.update(
            embedded.owner, owner, {embedded.name: [row]}, touch=self.touch_owners
        )
        rows: list[Values] = record[embedded.name]
        return rows

    def _refresh_copies(self, resource: str, key: int) -> None:
        self.views.note_write(resource, [key])
        self._embedded.refresh(resource, key)
