"""A database, read to be compared with the source of its rows."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from sage200_async.errors import SinkError
from sage200_async.extract.databases import sql
from sage200_async.extract.databases.sql import Layout
from sage200_async.extract.databases.state import State
from sage200_async.extract.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.tables import Kind, Row, Table

_CONVERTED: Final = frozenset({"number", "datetime", "boolean"})
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
# A number as text: Python would take blanks and underscores, too.


class DatabaseReader:
    """Reads the tables of one resource, without the right to write.

    Nothing is created or altered, neither a file nor a table.

    Args:
        engine: The database; nothing else may use it meanwhile.
        prefix: What the names of tables begin with.
    """

    def __init__(self, engine: Engine, prefix: str = "") -> None:
        self._engine = engine
        self._prefix = prefix

    @contextmanager
    def reading(
        self, tables: Sequence[Table]
    ) -> Generator[DatabaseContent, None, None]:
        """Connect; the content is for use inside of the ``with`` block.

        Raises:
            SinkError: The tables are missing, or the database cannot be read.
        """
        try:
            with self._engine.reading():
                yield DatabaseContent(self._engine, self._prefix, tables)
        except self._engine.failures as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            message = f"{self._engine.where}: cannot be read: {reason}"
            raise SinkError(message) from error

    def as_stored(self, table: Table, rows: Sequence[Row]) -> Sequence[Row]:  # noqa: ARG002 - `CopyReader`
        """Return *rows*: each database holds every value."""
        return rows


class DatabaseContent:
    """The tables of one resource in one state of a database.

    Args:
        engine: The database, connected.
        prefix: What the names of tables begin with.
        tables: The tables that it has to hold.

    Raises:
        SinkError: A table is missing, or a column of its key.
    """

    def __init__(self, engine: Engine, prefix: str, tables: Sequence[Table]) -> None:
        self._engine = engine
        self._types: dict[str, dict[str, str]] = {}
        self._layouts: dict[str, Layout] = {}
        self.query = self._stored_query(prefix + tables[0].name)
        """Of what it is the copy; None where it does not say."""
        self.problems: tuple[str, ...] = ()
        """Columns that are missing, or have another type."""
        self.tables = tuple(
            self._existing(table, prefix + table.name) for table in tables
        )
        """The tables, with those columns that the database has."""

    def rows(self, table: Table) -> Iterator[Sequence[Row]]:
        """Yield the rows of one of `tables`, some hundred at a time."""
        layout, types = self._layouts[table.name], self._types[table.name]
        kinds: list[Kind] = [column.kind for column in table.columns]
        for rows in self._engine.blocks(sql.select_copy(layout, types)):
            pairs = zip(kinds, zip(*rows, strict=True), strict=True)
            columns = [self._values(kind, values) for kind, values in pairs]
            yield list(zip(*columns, strict=True))

    def marked_deleted(self) -> Iterator[int]:
        """Yield the keys of the records that are marked as deleted."""
        own = self.tables[0].name
        if sql.DELETED_AT in self._types[own]:
            statement = sql.select_marked_deleted(self._layouts[own])
            for rows in self._engine.blocks(statement):
                yield from (key for (key,) in rows)

    def _stored_query(self, name: str) -> str | None:
        engine, table = self._engine, sql.STATE_TABLE
        if not engine.columns(table.name):
            return None
        layout = Layout(table, engine.schema, table.name, engine.dialect)
        identity = State(engine, layout, name).get("identity")
        return None if identity is None else str(Identity.decode(identity))

    def _values(self, kind: Kind, values: Sequence[Any]) -> Sequence[Any]:
        """Return the values of a column as a row has them."""
        if kind not in _CONVERTED:
            return values
        return [self._value(kind, value) for value in values]

    def _value(self, kind: Kind, value: Any) -> Any:
        """Return a value of a row; what is none stays as it is, and so differs."""
        is_text = kind == "number" and isinstance(value, str)
        if is_text and not _NUMBER.fullmatch(value):
            return value
        try:
            return self._engine.value(kind, value)
        except (ValueError, TypeError, ArithmeticError):
            return value

    def _existing(self, table: Table, name: str) -> Table:
        """Return *table* with the columns that there are; list what is wrong with them.

        Raises:
            SinkError: There is no such table, or its key is missing.
        """
        engine = self._engine
        types = self._types[table.name] = engine.columns(name)
        if not types:
            message = (
                f"{engine.where}: there is no table {name}; run `sage200 sync` first, "
                "with the same --expand and --related"
            )
            raise SinkError(message)
        wanted = Layout(table, engine.schema, name, engine.dialect)
        self.problems += tuple(_problems(wanted, types))
        if lacking := [key for key in table.key if key not in types]:
            message = (
                f"{engine.where}: table {name} has no column {lacking[0]}, which is "
                "its key; drop the table, and sync again"
            )
            raise SinkError(message)
        columns = tuple(column for column in table.columns if column.name in types)
        existing = replace(table, columns=columns)
        self._layouts[table.name] = replace(wanted, table=existing)
        return existing


def _problems(wanted: Layout, existing: dict[str, str]) -> Iterator[str]:
    for name, kind in wanted.types.items():
        if name not in existing:
            yield f"table {wanted.name}: column {name} is missing"
        elif existing[name] != kind:
            yield f"table {wanted.name}: column {name} is {existing[name]}, not {kind}"
