"""Tables in a database: compared with what they should be, then made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from sage200_async.errors import SinkConflict
from sage200_async.extract.databases import sql
from sage200_async.extract.databases.sql import BOOKS, Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.tables import Table

_KEY: Final = "key"
# The entry in the books that makes a table ours.


class Maker:
    """Makes the tables of a resource, or the columns that they lack.

    Args:
        engine: The database, connected.
        prefix: What the names of tables begin with.
        tables: The resource's own first.
    """

    def __init__(self, engine: Engine, prefix: str, tables: Sequence[Table]) -> None:
        self._engine = engine
        self.books = self._layout(BOOKS, BOOKS.name, "")
        """The table that tells which tables are ours."""
        self.layouts = tuple(
            self._layout(table, prefix + table.name, f"_stage_{number}")
            for number, table in enumerate(tables)
        )
        """The tables as they are in this database."""

    def make(self) -> None:
        """Make what is missing, and the temporary tables where rows wait.

        Raises:
            SinkConflict: A table is there and is not ours, or a column has another
                type. Nothing was changed.
        """
        with self._engine.transaction(making=True):
            books = self._engine.columns(self.books.name)
            self._refuse_types(self.books, books)
            found = [self._engine.columns(layout.name) for layout in self.layouts]
            for layout, columns in zip(self.layouts, found, strict=True):
                self._refuse_other(layout, columns, kept=bool(books))
            self._engine.make_schema()
            self._add(self.books, books)
            for layout, columns in zip(self.layouts, found, strict=True):
                self._add(layout, columns)
                self._sign(layout)
                self._engine.ask(sql.create_stage(layout))

    def _layout(self, table: Table, name: str, stage: str) -> Layout:
        return Layout(table, self._engine.schema, name, stage, self._engine.dialect)

    def _refuse_other(
        self, layout: Layout, columns: dict[str, str], *, kept: bool
    ) -> None:
        """Refuse a table that is not ours, or not what it should be."""
        if not columns:
            return
        key = self._key(layout) if kept else None
        if key is None:
            self._refuse(layout, "no table, or one that this library made", "another")
        if key != list(layout.table.key):
            self._refuse(layout, f"the key {list(layout.table.key)}", f"{key}")
        self._refuse_types(layout, columns)

    def _refuse_types(self, layout: Layout, columns: dict[str, str]) -> None:
        for name, kind in layout.types.items():
            found = columns.get(name, kind)
            if found != kind:
                self._refuse(layout, f"column {name} of type {kind}", found)

    def _refuse(self, layout: Layout, expected: str, got: str) -> NoReturn:
        where = f"{self._engine.where}: table {layout.name}"
        raise SinkConflict(f"{where}: expected {expected}, got {got}")

    def _key(self, layout: Layout) -> Any:
        """Give the key that the table was made with; None where it is not ours."""
        of = (layout.name, _KEY)
        found = self._engine.ask(sql.ask_books(self.books), of)
        return json.loads(found[0][0]) if found else None

    def _add(self, layout: Layout, columns: dict[str, str]) -> None:
        if not columns:
            self._engine.ask(sql.create(layout))
            return
        for name in layout.types:
            if name not in columns:
                self._engine.ask(sql.add_column(layout, name))

    def _sign(self, layout: Layout) -> None:
        signed = (layout.name, _KEY, json.dumps(layout.table.key))
        self._engine.ask(sql.tell_books(self.books), signed)
