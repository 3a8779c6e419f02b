"""Tables in a database: compared with what they should be, created and altered."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Final, NoReturn

from msgspec.structs import replace as altered

from sage200_async.errors import SinkConflict
from sage200_async.extract.databases import sql
from sage200_async.extract.databases.sql import STATE_TABLE, Layout
from sage200_async.extract.databases.staging import prepared
from sage200_async.extract.databases.state import KnownTable, State
from sage200_async.extract.identity import Identity
from sage200_async.extract.sink import Copy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.sink import OpenOptions
    from sage200_async.extract.tables import Table

_NAMED: Final = 8
# Names in a message.


class Migrator:
    """Creates the tables of a resource, or the columns that they lack.

    What is stored about a copy counts only while its table has the mark that it
    was created with, and rows if it had any: what was dropped, created again or
    emptied by hand begins anew.

    Args:
        engine: The database, connected.
        prefix: What the names of tables begin with.
        tables: The resource's own first.
        options: What they are opened for.
        writer: Who alone may write from then on.
    """

    def __init__(
        self,
        engine: Engine,
        prefix: str,
        tables: Sequence[Table],
        options: OpenOptions,
        writer: str,
    ) -> None:
        self._engine = engine
        self._options = options
        self._writer = writer
        self._state_layout = self._layout(STATE_TABLE, STATE_TABLE.name)
        self.layouts = tuple(
            self._layout(table, prefix + table.name) for table in tables
        )
        """The tables as they are in this database."""
        self.state = State(engine, self._state_layout, self.layouts[0].name)
        """The values of the resource in the state table."""
        self.replacing = False
        """Whether the commit replaces a copy of something else."""
        self._known: dict[str, KnownTable] = {}

    def open(self) -> Checkpoint | None:
        """Create what is missing; return the checkpoint to resume from.

        Raises:
            SinkConflict: Something else is there. Nothing was changed.
        """
        with self._engine.transaction(creating=True):
            self._open_state()
            self.state.set({"writer": self._writer})
            lost = self._forget_lost()
            self.replacing = self._is_replacing()
            self._require_identity()
            if not self.replacing:
                self._migrate(lost)
            self.state.set_tables(self._known)
            checkpoint = prepared(self._engine, self.state, self.layouts)
            if self.replacing:
                self.state.set({"replacing": "yes"})
        return checkpoint

    def copy(self) -> Copy:
        """Return what is there."""
        stored = self.state.all()
        return Copy(
            is_new=self.replacing or "certificate" not in stored,
            unfilled=tuple(json.loads(stored.get("unfilled", "[]"))),
        )

    def swap(self) -> None:
        """Create the tables of a copy that replaces another; drop what it lacks."""
        self._drop_others()
        for layout in self.layouts:
            if not self._can_stay(layout):
                self._drop(layout.name)
                self._create(layout)
        self.state.set_tables(self._known)

    def note_rows(self) -> None:
        """Store which tables have rows: one that has none later was emptied by hand."""
        for layout in self.layouts:
            known = self._known[layout.name]
            self._known[layout.name] = altered(known, filled=self._has_rows(layout))
        self.state.set_tables(self._known)

    def _open_state(self) -> None:
        columns = self._engine.columns(STATE_TABLE.name)
        self._require_types(self._state_layout, columns)
        if not columns:
            self._engine.create_schema()
            self._engine.execute(sql.create_table(self._state_layout))
        self._known = self.state.tables()

    def _forget_lost(self) -> set[str]:
        """Forget what is known of tables that are gone; return their names.

        Raises:
            SinkConflict: A table is not ours.
        """
        own = self.layouts[0].name
        lost = {layout.name for layout in self.layouts if self._is_lost(layout)}
        if own in lost:
            self.state.clear()
        for name in lost:
            if self._engine.columns(name):
                self._known[name] = altered(self._known[name], filled=False)
            else:
                del self._known[name]
        return lost

    def _is_lost(self, layout: Layout) -> bool:
        exists = bool(self._engine.columns(layout.name))
        known = self._known.get(layout.name)
        if known is None:
            if exists:
                self._refuse(
                    layout, "it was not created by sage200_async; choose another prefix"
                )
            return False
        if not exists:
            return True
        if known.mark in self._engine.marker(layout.name):
            return known.filled and not self._has_rows(layout)
        if not self._has_rows(layout):
            self._engine.execute(sql.drop_table(layout.qualified))
            return True
        if not self._options.replace:
            self._refuse(
                layout,
                "it is not the one that sage200_async created; choose another prefix, "
                "or pass --replace (replace=True) to build a new copy in its place",
            )
        return False

    def _is_replacing(self) -> bool:
        """Drop an unfinished read if that is wished; return whether a copy is replaced.

        Raises:
            SinkConflict: An unfinished read is of something else.
        """
        options, checkpoint = self._options, self.state.checkpoint()
        wanted = None if options.identity is None else str(options.identity)
        other = checkpoint is not None and wanted not in {None, checkpoint.query}
        if options.restart or (other and options.replace):
            self.state.drop_unfinished()
        elif checkpoint is not None and other:
            self._refuse(
                self.layouts[0],
                f"there is an unfinished read of {checkpoint.query}; finish it, or pass "
                "--restart (restart=True) to drop it",
            )
        replacing = options.replace or "replacing" in self._unfinished()
        return replacing and self.layouts[0].name in self._known

    def _unfinished(self) -> dict[str, str]:
        """Return the values if a read is unfinished."""
        stored = self.state.all()
        return stored if "checkpoint" in stored else {}

    def _require_identity(self) -> None:
        identity, stored = self._options.identity, self.state.all()
        if identity is None or self.replacing or "certificate" not in stored:
            return
        if "identity" in stored:
            name = f"{self._engine.where}: table {self.layouts[0].name}"
            identity.require_same(Identity.decode(stored["identity"]), name)

    def _migrate(self, lost: set[str]) -> None:
        """Create or alter the tables."""
        self._require_columns()
        unfilled = set(self.copy().unfilled) | (lost & self._known.keys())
        for layout in self.layouts:
            unfilled |= self._create_missing(layout)
        if self._options.drop_columns:
            self._drop_superfluous()
        if not self.copy().is_new:
            self.state.set({"unfilled": json.dumps(sorted(unfilled))})

    def _require_columns(self) -> None:
        for layout in self.layouts:
            if layout.name not in self._known:
                continue
            key, wanted = self._known[layout.name].key, layout.table.key
            if key != wanted:
                self._refuse(
                    layout,
                    f"its key must be {list(wanted)}, not {list(key)}; pass --replace "
                    "(replace=True) to build a new copy in its place",
                )
            self._require_types(layout, self._engine.columns(layout.name))
        superfluous = self._superfluous()
        if superfluous and not self._options.drop_columns:
            self._refuse(
                self.layouts[0],
                f"the copy has {_some(superfluous)}, which the query no longer has; "
                "select them, or pass --drop-columns (drop_columns=True)",
            )

    def _superfluous(self) -> list[str]:
        """Return the names of tables and columns of ours that are no longer wanted."""
        names = {layout.name for layout in self.layouts}
        tables = [
            name for name in self._known if name not in names and self._is_ours(name)
        ]
        columns = [
            f"{layout.name}.{column}"
            for layout in self.layouts
            for column in self._superfluous_columns(layout)
        ]
        return [*tables, *columns]

    def _superfluous_columns(self, layout: Layout) -> list[str]:
        known = self._known.get(layout.name)
        if known is None:
            return []
        existing = self._engine.columns(layout.name)
        return [c for c in known.columns if c in existing and c not in layout.types]

    def _drop_superfluous(self) -> None:
        for layout in self.layouts:
            for column in self._superfluous_columns(layout):
                self._engine.execute(sql.drop_column(layout, column))
            self._note_columns(layout)
        self._drop_others()

    def _drop_others(self) -> None:
        """Drop the tables that are no longer wanted; forget those not ours any more."""
        names = {layout.name for layout in self.layouts}
        for name in self._known.keys() - names:
            if self._is_ours(name):
                self._drop(name)
            else:
                self._engine.execute(
                    sql.drop_table(self._layout(STATE_TABLE, name).staging)
                )
                del self._known[name]

    def _is_ours(self, name: str) -> bool:
        """Whether a table is there, and the one that was created here."""
        exists = bool(self._engine.columns(name))
        return exists and self._known[name].mark in self._engine.marker(name)

    def _create_missing(self, layout: Layout) -> set[str]:
        """Create a table or its columns; return the names of what was created."""
        existing = self._engine.columns(layout.name)
        if not existing:
            self._create(layout)
            return {layout.name}
        missing = [name for name in layout.types if name not in existing]
        for name in missing:
            self._engine.execute(sql.add_column(layout, name))
        self._note_columns(layout)
        return {f"{layout.name}.{name}" for name in missing}

    def _note_columns(self, layout: Layout) -> None:
        """Note which columns are ours."""
        existing, known = self._engine.columns(layout.name), self._known[layout.name]
        names = dict.fromkeys([*known.columns, *layout.types])
        ours = tuple(name for name in names if name in existing)
        self._known[layout.name] = altered(known, columns=ours)

    def _create(self, layout: Layout) -> None:
        mark = f"sage200_async {uuid.uuid4().hex}"
        self._engine.execute(sql.create_table(layout, mark))
        self._engine.mark(layout.qualified, mark)
        self._known[layout.name] = KnownTable(
            key=layout.table.key, columns=tuple(layout.types), mark=mark
        )

    def _drop(self, name: str) -> None:
        """Drop a table, and the one for its staged rows unless it is in use."""
        layout = self._layout(STATE_TABLE, name)
        self._engine.execute(sql.drop_table(layout.qualified))
        if name not in {layout.name for layout in self.layouts}:
            self._engine.execute(sql.drop_table(layout.staging))
        self._known.pop(name, None)

    def _can_stay(self, layout: Layout) -> bool:
        """Whether a table is as it has to be for the copy that replaces another."""
        known, existing = (
            self._known.get(layout.name),
            self._engine.columns(layout.name),
        )
        if known is None or not existing or known.key != layout.table.key:
            return False
        right = all(existing.get(name) == kind for name, kind in layout.types.items())
        marked = known.mark in self._engine.marker(layout.name)
        return right and marked and not self._superfluous_columns(layout)

    def _has_rows(self, layout: Layout) -> bool:
        return bool(self._engine.execute(sql.any_row(layout)))

    def _layout(self, table: Table, name: str) -> Layout:
        return Layout(table, self._engine.schema, name, self._engine.dialect)

    def _require_types(self, layout: Layout, columns: dict[str, str]) -> None:
        for name, kind in layout.types.items():
            existing = columns.get(name, kind)
            if existing != kind:
                self._refuse(
                    layout,
                    f"column {name} must be {kind}, not {existing}; alter it back, or "
                    "pass --replace (replace=True) to build a new copy in its place",
                )

    def _refuse(self, layout: Layout, problem: str) -> NoReturn:
        raise SinkConflict(f"{self._engine.where}: table {layout.name}: {problem}")


def _some(names: list[str]) -> str:
    """Return *names*, of many the first: a long message is cut, with its advice."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
