"""SQL text for tables in a database: pure, and the same for all databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from sage200_async.extract.tables import PARENT_KEY, POSITION, Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

DELETED_AT: Final = "_deleted_at"
"""The column with the time since when the source no longer has a row."""
STATE_TABLE: Final = Table(
    "_sage200",
    tuple(Column(name, "text") for name in ("resource", "name", "value")),
    ("resource", "name"),
)
"""The table with our own values: which tables are ours, and how far each has come."""


class Dialect(Struct, frozen=True):
    """The words in which databases differ."""

    types: dict[Kind, str]
    """The type of a column, in the words in which the database reports it."""
    is_distinct: str = "IS DISTINCT FROM"
    """Compares rows of values, any of which may be null."""
    placeholder: str = "?"
    """Stands for a value."""
    truncate: str = "TRUNCATE"
    """Empties the table whose name follows."""


class Layout(Struct, frozen=True):
    """The layout of a table in one database."""

    table: Table
    schema: str
    """The schema that it is in."""
    name: str
    """Its name there, with the prefix."""
    staging: str
    """The name of the temporary table for its rows; empty for the state table."""
    dialect: Dialect

    @property
    def qualified(self) -> str:
        """Its name with its schema, in SQL."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def types(self) -> dict[str, str]:
        """The type of each column, in the database's words."""
        own = () if self.table == STATE_TABLE else (Column(DELETED_AT, "datetime"),)
        columns = (*self.table.columns, *own)
        return {column.name: self.dialect.types[column.kind] for column in columns}

    @property
    def columns(self) -> str:
        """The names of the columns that rows have, in SQL."""
        return _list(column.name for column in self.table.columns)


def quoted(name: str) -> str:
    """Return a name in quotes, whatever is in it.

    Example:
        >>> print(quoted('a "b" c'))
        "a ""b"" c"
    """
    return '"' + name.replace('"', '""') + '"'


def create_table(layout: Layout) -> str:
    """Create a table."""
    parts = [f"{quoted(name)} {kind}" for name, kind in layout.types.items()]
    if layout.table.key:
        parts.append(f"PRIMARY KEY ({_list(layout.table.key)})")
    return f"CREATE TABLE {layout.qualified} ({', '.join(parts)})"


def add_column(layout: Layout, name: str) -> str:
    """Add a column to an existing table."""
    kind = layout.types[name]
    return f"ALTER TABLE {layout.qualified} ADD COLUMN {quoted(name)} {kind}"


def create_staging(layout: Layout) -> str:
    """Create the staging table."""
    types, key = layout.types, layout.table.key
    # Without NOT NULL, SQLite would make up a key for a row that has none.
    parts = [
        f"{quoted(c.name)} {types[c.name]}{' NOT NULL' * (c.name in key)}"
        for c in layout.table.columns
    ]
    return f"CREATE TEMPORARY TABLE {quoted(layout.staging)} ({', '.join(parts)})"


def clear_staging(layout: Layout) -> str:
    """Empty the staging table."""
    return f"{layout.dialect.truncate} {quoted(layout.staging)}"


def upsert(layout: Layout) -> str:
    """Insert or update the staged rows; rows that are the same are not written."""
    names = [column.name for column in layout.table.columns]
    rest = [name for name in names if name not in layout.table.key]
    assignments = [f"{quoted(name)} = excluded.{quoted(name)}" for name in rest]
    stored = [f"stored.{quoted(name)}" for name in rest]
    staged = [f"excluded.{quoted(name)}" for name in rest]
    return (
        f"INSERT INTO {layout.qualified} AS stored ({layout.columns}) "
        # "WHERE true" tells SQLite that the ON which follows is no join's.
        f"SELECT {layout.columns} FROM {quoted(layout.staging)} WHERE true "
        f"ON CONFLICT ({_list(layout.table.key)}) DO UPDATE "
        f"SET {', '.join([*assignments, f'{quoted(DELETED_AT)} = NULL'])} "
        f"WHERE ({', '.join([*stored, f'stored.{quoted(DELETED_AT)}'])}) "
        f"{layout.dialect.is_distinct} ({', '.join([*staged, 'NULL'])})"
    )


def delete_unlisted(related: Layout, own: Layout) -> str:
    """Delete related rows that their parents, which are staged, no longer have."""
    parent, position = quoted(PARENT_KEY), quoted(POSITION)
    same = f"new.{parent} = old.{parent} AND new.{position} = old.{position}"
    return (
        f"DELETE FROM {related.qualified} AS old WHERE {parent} IN "
        f"({_staged_keys(own)}) AND NOT EXISTS "
        f"(SELECT 1 FROM {quoted(related.staging)} AS new WHERE {same})"
    )


def mark_deleted(layout: Layout, own: Layout) -> str:
    """Mark the rows whose keys are staged as deleted, at the time of the parameter."""
    deleted_at = quoted(DELETED_AT)
    return (
        f"UPDATE {layout.qualified} SET {deleted_at} = {layout.dialect.placeholder} "
        f"WHERE {quoted(layout.table.key[0])} IN ({_staged_keys(own)}) "
        f"AND {deleted_at} IS NULL"
    )


def staged_differ(layout: Layout) -> str:
    """Return whether the staged rows differ from the stored ones."""
    counted = (
        f"SELECT {layout.columns}, count(*) FROM {{}} GROUP BY {layout.columns}".format
    )
    staging = quoted(layout.staging)
    return (
        f"SELECT (SELECT count(*) FROM {staging}) <> "
        f"(SELECT count(*) FROM {layout.qualified})"
        f" OR EXISTS ({counted(staging)} EXCEPT {counted(layout.qualified)})"
    )


def delete_all(layout: Layout) -> str:
    """Delete all stored rows."""
    return f"DELETE FROM {layout.qualified}"


def insert_staged(layout: Layout) -> str:
    """Insert the staged rows."""
    columns, staging = layout.columns, quoted(layout.staging)
    return f"INSERT INTO {layout.qualified} ({columns}) SELECT {columns} FROM {staging}"


def select_keys(layout: Layout, limit: int, *, after: bool) -> str:
    """Return the next keys that are not marked as deleted, in ascending order."""
    key = quoted(layout.table.key[0])
    further = f"AND {key} > {layout.dialect.placeholder} " if after else ""
    return (
        f"SELECT {key} FROM {layout.qualified} WHERE {quoted(DELETED_AT)} IS NULL "
        f"{further}ORDER BY {key} LIMIT {limit}"
    )


def select_state(state: Layout) -> str:
    """Return the value of a resource under a name."""
    value = state.dialect.placeholder
    return (
        f"SELECT value FROM {state.qualified} WHERE resource = {value} "
        f"AND name = {value}"
    )


def upsert_state(state: Layout) -> str:
    """Store the value of a resource under a name."""
    value = state.dialect.placeholder
    return (
        f"INSERT INTO {state.qualified} AS stored (resource, name, value) "
        f"VALUES ({value}, {value}, {value}) ON CONFLICT (resource, name) "
        "DO UPDATE SET value = excluded.value "
        f"WHERE stored.value {state.dialect.is_distinct} excluded.value"
    )


def delete_state(state: Layout) -> str:
    """Delete the value of a resource under a name."""
    value = state.dialect.placeholder
    return f"DELETE FROM {state.qualified} WHERE resource = {value} AND name = {value}"


def _staged_keys(own: Layout) -> str:
    return f"SELECT {quoted(own.table.key[0])} FROM {quoted(own.staging)}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))
