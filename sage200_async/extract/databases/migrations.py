"""Tables in a database: compared with what they should be, then created."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NoReturn

from sage200_async.errors import SinkConflict
from sage200_async.extract.databases import sql
from sage200_async.extract.databases.sql import STATE_TABLE, Layout
from sage200_async.extract.databases.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.tables import Table

_KEY: Final = "key"
# The name in the state table that makes a table ours: its primary key.


class Migrator:
    """Creates the tables of a resource, or the columns that they lack.

    Args:
        engine: The database, connected.
        prefix: What the names of tables begin with.
        tables: The resource's own first.
    """

    def __init__(self, engine: Engine, prefix: str, tables: Sequence[Table]) -> None:
        self._engine = engine
        self._state_layout = self._layout(STATE_TABLE, STATE_TABLE.name, "")
        self.layouts = tuple(
            self._layout(table, prefix + table.name, f"_stage_{number}")
            for number, table in enumerate(tables)
        )
        """The tables as they are in this database."""
        self.state = self._state(self.layouts[0])
        """The values of the resource in the state table."""

    def migrate(self) -> None:
        """Create what is missing, and the staging tables.

        Raises:
            SinkConflict: A table exists and is not ours, or a column has another
                type. Nothing was changed.
        """
        with self._engine.transaction(creating=True):
            state = self._engine.columns(STATE_TABLE.name)
            self._require_types(self._state_layout, state)
            existing = [self._engine.columns(layout.name) for layout in self.layouts]
            for layout, columns in zip(self.layouts, existing, strict=True):
                self._require_ours(layout, columns, stateful=bool(state))
            self._engine.create_schema()
            self._create(self._state_layout, state)
            for layout, columns in zip(self.layouts, existing, strict=True):
                self._create(layout, columns)
                self._state(layout).set({_KEY: json.dumps(layout.table.key)})
                self._engine.execute(sql.create_staging(layout))

    def _layout(self, table: Table, name: str, staging: str) -> Layout:
        return Layout(table, self._engine.schema, name, staging, self._engine.dialect)

    def _state(self, layout: Layout) -> State:
        return State(self._engine, self._state_layout, layout.name)

    def _require_ours(
        self, layout: Layout, columns: dict[str, str], *, stateful: bool
    ) -> None:
        """Refuse a table that is not ours, or not what it should be."""
        if not columns:
            return
        stored = self._state(layout).get(_KEY) if stateful else None
        if stored is None:
            self._refuse(
                layout, "it was not created by sage200_async; choose another prefix"
            )
        key, wanted = json.loads(stored), list(layout.table.key)
        if key != wanted:
            self._refuse(layout, f"its key must be {wanted}, not {key}")
        self._require_types(layout, columns)

    def _require_types(self, layout: Layout, columns: dict[str, str]) -> None:
        for name, kind in layout.types.items():
            existing = columns.get(name, kind)
            if existing != kind:
                self._refuse(layout, f"column {name} must be {kind}, not {existing}")

    def _refuse(self, layout: Layout, problem: str) -> NoReturn:
        raise SinkConflict(f"{self._engine.where}: table {layout.name}: {problem}")

    def _create(self, layout: Layout, columns: dict[str, str]) -> None:
        if not columns:
            self._engine.execute(sql.create_table(layout))
            return
        for name in layout.types:
            if name not in columns:
                self._engine.execute(sql.add_column(layout, name))
