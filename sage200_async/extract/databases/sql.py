"""SQL text for tables in a database: pure, and the same for all databases."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from sage200_async.extract.tables import PARENT_KEY, Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DELETED_AT: Final = "_deleted_at"
"""The column with the time since when the source no longer has a row."""
STATE_TABLE: Final = Table(
    "_sage200",
    tuple(Column(name, "text") for name in ("resource", "name", "value")),
    ("resource", "name"),
)
"""The table with our own values: which tables are ours, and how far each has come."""
_MAX_NAME: Final = 63
# Bytes that the shortest limit of a database leaves for a name: PostgreSQL's.


class Dialect(Struct, frozen=True):
    """The words in which databases differ."""

    types: dict[Kind, str]
    """The type of a column, in the words in which the database reports it."""
    is_distinct: str = "IS DISTINCT FROM"
    """Compares rows of values, any of which may be null."""
    placeholder: str = "?"
    """Stands for a value."""
    selected: dict[Kind, str] = {}
    """How a column is selected, where its own name is not enough."""
    compared: dict[Kind, str] = {}
    """The same where a value that Python does not have must not pass for another."""
    staging_is_unique: bool = True
    """Whether keys of staged rows are indexed."""


class Layout(Struct, frozen=True):
    """The layout of a table in one database."""

    table: Table
    schema: str
    """The schema that it is in."""
    name: str
    """Its name there, with the prefix."""
    dialect: Dialect

    @property
    def qualified(self) -> str:
        """Its name with its schema, in SQL."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def staging_name(self) -> str:
        """The name of the table for its staged rows."""
        name = f"{STATE_TABLE.name}_{self.name}"
        if len(name.encode()) <= _MAX_NAME:
            return name
        return (
            f"{STATE_TABLE.name}_{hashlib.sha256(self.name.encode()).hexdigest()[:32]}"
        )

    @property
    def staging(self) -> str:
        """The name of that table with its schema, in SQL."""
        return f"{quoted(self.schema)}.{quoted(self.staging_name)}"

    @property
    def staged_types(self) -> dict[str, str]:
        """The type of each column that rows have, in the database's words."""
        return {c.name: self.dialect.types[c.kind] for c in self.table.columns}

    @property
    def types(self) -> dict[str, str]:
        """The type of each column, in the database's words."""
        if self.table == STATE_TABLE:
            return self.staged_types
        return self.staged_types | {DELETED_AT: self.dialect.types["datetime"]}

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


def create_table(layout: Layout, mark: str = "") -> str:
    """Create a table; *mark* is kept in the statement, which SQLite stores."""
    parts = [f"{quoted(name)} {kind}" for name, kind in layout.types.items()]
    if layout.table.key:
        parts.append(f"PRIMARY KEY ({_list(layout.table.key)})")
    comment = f" /* {mark} */" if mark else ""
    return f"CREATE TABLE {layout.qualified} ({', '.join(parts)}{comment})"


def drop_table(qualified: str) -> str:
    """Drop a table."""
    return f"DROP TABLE IF EXISTS {qualified}"


def add_column(layout: Layout, name: str) -> str:
    """Add a column to an existing table."""
    kind = layout.types[name]
    return f"ALTER TABLE {layout.qualified} ADD COLUMN {quoted(name)} {kind}"


def drop_column(layout: Layout, name: str) -> str:
    """Drop a column, with all its values."""
    return f"ALTER TABLE {layout.qualified} DROP COLUMN {quoted(name)}"


def create_staging(layout: Layout) -> str:
    """Create the staging table."""
    types, key = layout.staged_types, layout.table.key
    # Without NOT NULL, SQLite would make up a key for a row that has none.
    parts = [
        f"{quoted(name)} {kind}{' NOT NULL' * (name in key)}"
        for name, kind in types.items()
    ]
    if key and layout.dialect.staging_is_unique:
        parts.append(f"UNIQUE ({_list(key)})")
    return f"CREATE TABLE {layout.staging} ({', '.join(parts)})"


def clear_staging(layout: Layout) -> str:
    """Empty the staging table."""
    return f"DELETE FROM {layout.staging}"


def count_staged(layout: Layout) -> str:
    """Return the number of staged rows."""
    return f"SELECT count(*) FROM {layout.staging}"


def any_row(layout: Layout) -> str:
    """Return a row if the table has any."""
    return f"SELECT 1 FROM {layout.qualified} LIMIT 1"


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
        f"SELECT {layout.columns} FROM {layout.staging} WHERE true "
        f"ON CONFLICT ({_list(layout.table.key)}) DO UPDATE "
        f"SET {', '.join([*assignments, f'{quoted(DELETED_AT)} = NULL'])} "
        f"WHERE ({', '.join([*stored, f'stored.{quoted(DELETED_AT)}'])}) "
        f"{layout.dialect.is_distinct} ({', '.join([*staged, 'NULL'])})"
    )


def delete_absent(layout: Layout) -> str:
    """Delete the rows that are not staged."""
    return f"DELETE FROM {layout.qualified} AS old WHERE {_not_staged(layout)}"


def delete_unlisted(related: Layout, own: Layout) -> str:
    """Delete related rows that their parents, which are staged, no longer have."""
    return (
        f"DELETE FROM {related.qualified} AS old WHERE {quoted(PARENT_KEY)} IN "
        f"(SELECT {quoted(own.table.key[0])} FROM {own.staging}) "
        f"AND {_not_staged(related)}"
    )


def mark_deleted(layout: Layout, keys: Iterable[int]) -> str:
    """Mark the rows of *keys* as deleted, at the time of the parameter."""
    deleted_at = quoted(DELETED_AT)
    return (
        f"UPDATE {layout.qualified} SET {deleted_at} = {layout.dialect.placeholder} "
        f"WHERE {among(layout, keys)} AND {deleted_at} IS NULL"
    )


def staged_differ(layout: Layout) -> str:
    """Return whether the staged rows differ from the stored ones."""
    counted = (
        f"SELECT {layout.columns}, count(*) FROM {{}} GROUP BY {layout.columns}".format
    )
    return (
        f"SELECT (SELECT count(*) FROM {layout.staging}) <> "
        f"(SELECT count(*) FROM {layout.qualified})"
        f" OR EXISTS ({counted(layout.staging)} EXCEPT {counted(layout.qualified)})"
    )


def delete_all(layout: Layout) -> str:
    """Delete all stored rows."""
    return f"DELETE FROM {layout.qualified}"


def insert_staged(layout: Layout) -> str:
    """Insert the staged rows."""
    columns = layout.columns
    return f"INSERT INTO {layout.qualified} ({columns}) SELECT {columns} FROM {layout.staging}"


def select_stamps(layout: Layout, column: str | None, condition: str) -> str:
    """Return key, stamp and whether it is marked as deleted, in ascending order."""
    key = quoted(layout.table.key[0])
    stamp = "NULL" if column is None else selected(layout, Column(column, "datetime"))
    return (
        f"SELECT {key}, {stamp}, {quoted(DELETED_AT)} IS NOT NULL "
        f"FROM {layout.qualified} WHERE {condition} ORDER BY {key}"
    )


def between(layout: Layout) -> str:
    """Return the condition of keys between two parameters, both included."""
    value = layout.dialect.placeholder
    return f"{quoted(layout.table.key[0])} BETWEEN {value} AND {value}"


def among(layout: Layout, keys: Iterable[int]) -> str:
    """Return the condition of some keys."""
    return f"{quoted(layout.table.key[0])} IN ({', '.join(f'{key:d}' for key in keys)})"


def select_rows(layout: Layout, limit: int, *, after: bool) -> str:
    """Return the next rows that are not marked as deleted, in the order of their keys."""
    columns = ", ".join(selected(layout, column) for column in layout.table.columns)
    live = f"{quoted(DELETED_AT)} IS NULL"
    text = f"SELECT {columns} FROM {layout.qualified} WHERE {live}"
    if not layout.table.key:
        return text
    key = _list(layout.table.key)
    marks = ", ".join([layout.dialect.placeholder] * len(layout.table.key))
    further = f" AND ({key}) > ({marks})" if after else ""
    return f"{text}{further} ORDER BY {key} LIMIT {limit}"


def selected(layout: Layout, column: Column) -> str:
    """Return how a column is selected."""
    return layout.dialect.selected.get(column.kind, "{}").format(quoted(column.name))


def select_copy(layout: Layout, existing: Mapping[str, str]) -> str:
    """Return the rows that are not marked as deleted, in the order of their keys.

    Args:
        layout: The table, with the columns to read.
        existing: The type of each column that there is.
    """
    types, dialect = layout.types, layout.dialect
    forms = dialect.selected | dialect.compared
    parts = [
        forms.get(column.kind, "{0}").format(quoted(column.name))
        if existing[column.name] == types[column.name]
        else quoted(column.name)
        for column in layout.table.columns
    ]
    live = f" WHERE {quoted(DELETED_AT)} IS NULL" if DELETED_AT in existing else ""
    order = f" ORDER BY {_list(layout.table.key)}" if layout.table.key else ""
    return f"SELECT {', '.join(parts)} FROM {layout.qualified}{live}{order}"


def select_marked_deleted(layout: Layout) -> str:
    """Return the keys of the rows that are marked as deleted."""
    key = quoted(layout.table.key[0])
    return (
        f"SELECT {key} FROM {layout.qualified} WHERE {quoted(DELETED_AT)} IS NOT NULL"
    )


def select_state(state: Layout) -> str:
    """Return the names and values of a resource."""
    return (
        f"SELECT name, value FROM {state.qualified} "
        f"WHERE resource = {state.dialect.placeholder}"
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


def _not_staged(layout: Layout) -> str:
    same = (f"new.{quoted(name)} = old.{quoted(name)}" for name in layout.table.key)
    staged = f"SELECT 1 FROM {layout.staging} AS new WHERE {' AND '.join(same)}"
    return f"NOT EXISTS ({staged})"


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))
