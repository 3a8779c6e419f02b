"""SQL text for tables in a database: pure, and one for all databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from sage200_async.extract.tables import PARENT_KEY, POSITION, Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

DELETED: Final = "_deleted_at"
"""The column that tells since when the source no longer has a row."""
BOOKS: Final = Table(
    "_sage200",
    tuple(Column(name, "text") for name in ("resource", "name", "value")),
    ("resource", "name"),
)
"""The table that tells which tables are ours, and how far each has come."""


class Dialect(Struct, frozen=True):
    """What databases say in different words."""

    types: dict[Kind, str]
    """A column's type as the database itself tells it."""
    differs: str = "IS DISTINCT FROM"
    """Compares rows of values, of which any may be null."""
    mark: str = "?"
    """Stands for a value."""
    clear: str = "TRUNCATE"
    """Empties the table whose name follows."""


class Layout(Struct, frozen=True):
    """A table as it is in one database."""

    table: Table
    schema: str
    """The schema that it is in."""
    name: str
    """Its name there, with the prefix."""
    stage: str
    """The temporary table where its rows wait."""
    dialect: Dialect

    @property
    def full(self) -> str:
        """Its name in SQL."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def types(self) -> dict[str, str]:
        """The type of each column, by the database's words."""
        marked = () if self.table == BOOKS else (Column(DELETED, "datetime"),)
        columns = (*self.table.columns, *marked)
        return {each.name: self.dialect.types[each.kind] for each in columns}

    @property
    def columns(self) -> str:
        """The names of the columns that rows have, in SQL."""
        return _list(each.name for each in self.table.columns)


def quoted(name: str) -> str:
    """Write a name, whatever is in it.

    Example:
        >>> print(quoted('a "b" c'))
        "a ""b"" c"
    """
    return '"' + name.replace('"', '""') + '"'


def create(layout: Layout) -> str:
    """Make a table."""
    parts = [f"{quoted(name)} {kind}" for name, kind in layout.types.items()]
    if layout.table.key:
        parts.append(f"PRIMARY KEY ({_list(layout.table.key)})")
    return f"CREATE TABLE {layout.full} ({', '.join(parts)})"


def add_column(layout: Layout, name: str) -> str:
    """Add a column to a table that is there."""
    kind = layout.types[name]
    return f"ALTER TABLE {layout.full} ADD COLUMN {quoted(name)} {kind}"


def create_stage(layout: Layout) -> str:
    """Make the temporary table where rows wait."""
    types, key = layout.types, layout.table.key
    # Without NOT NULL, SQLite would make up a key for a row that has none.
    parts = [
        f"{quoted(c.name)} {types[c.name]}{' NOT NULL' * (c.name in key)}"
        for c in layout.table.columns
    ]
    return f"CREATE TEMPORARY TABLE {quoted(layout.stage)} ({', '.join(parts)})"


def clear(layout: Layout) -> str:
    """Empty the temporary table."""
    return f"{layout.dialect.clear} {quoted(layout.stage)}"


def upsert(layout: Layout) -> str:
    """Take over the rows that wait; those that are there already are not written."""
    names = [each.name for each in layout.table.columns]
    rest = [name for name in names if name not in layout.table.key]
    sets = [f"{quoted(name)} = excluded.{quoted(name)}" for name in rest]
    here = [f"held.{quoted(name)}" for name in rest]
    there = [f"excluded.{quoted(name)}" for name in rest]
    return (
        f"INSERT INTO {layout.full} AS held ({layout.columns}) "
        # "WHERE true" tells SQLite that the ON which follows is no join's.
        f"SELECT {layout.columns} FROM {quoted(layout.stage)} WHERE true "
        f"ON CONFLICT ({_list(layout.table.key)}) DO UPDATE "
        f"SET {', '.join([*sets, f'{quoted(DELETED)} = NULL'])} "
        f"WHERE ({', '.join([*here, f'held.{quoted(DELETED)}'])}) "
        f"{layout.dialect.differs} ({', '.join([*there, 'NULL'])})"
    )


def remove_rest(child: Layout, own: Layout) -> str:
    """Remove what the parents that wait no longer have."""
    parent, place = quoted(PARENT_KEY), quoted(POSITION)
    same = f"new.{parent} = old.{parent} AND new.{place} = old.{place}"
    return (
        f"DELETE FROM {child.full} AS old WHERE {parent} IN ({_keys(own)}) AND NOT "
        f"EXISTS (SELECT 1 FROM {quoted(child.stage)} AS new WHERE {same})"
    )


def mark(layout: Layout, own: Layout) -> str:
    """Mark the rows whose keys wait as deleted, at the time that is given."""
    deleted = quoted(DELETED)
    return (
        f"UPDATE {layout.full} SET {deleted} = {layout.dialect.mark} "
        f"WHERE {quoted(layout.table.key[0])} IN ({_keys(own)}) AND {deleted} IS NULL"
    )


def differs(layout: Layout) -> str:
    """Tell whether the rows that wait are others than those that are there."""
    counted = (
        f"SELECT {layout.columns}, count(*) FROM {{}} GROUP BY {layout.columns}".format
    )
    stage = quoted(layout.stage)
    return (
        f"SELECT (SELECT count(*) FROM {stage}) <> (SELECT count(*) FROM {layout.full})"
        f" OR EXISTS ({counted(stage)} EXCEPT {counted(layout.full)})"
    )


def empty(layout: Layout) -> str:
    """Remove all rows that are there."""
    return f"DELETE FROM {layout.full}"


def take_over(layout: Layout) -> str:
    """Add the rows that wait."""
    columns = layout.columns
    stage = quoted(layout.stage)
    return f"INSERT INTO {layout.full} ({columns}) SELECT {columns} FROM {stage}"


def held_keys(layout: Layout, page: int, *, after: bool) -> str:
    """Give a page of the keys that are not marked as deleted, in ascending order."""
    key = quoted(layout.table.key[0])
    further = f"AND {key} > {layout.dialect.mark} " if after else ""
    return (
        f"SELECT {key} FROM {layout.full} WHERE {quoted(DELETED)} IS NULL {further}"
        f"ORDER BY {key} LIMIT {page}"
    )


def ask_books(books: Layout) -> str:
    """Give what is kept for a resource under a name."""
    mark = books.dialect.mark
    return f"SELECT value FROM {books.full} WHERE resource = {mark} AND name = {mark}"


def tell_books(books: Layout) -> str:
    """Keep a value for a resource under a name."""
    mark = books.dialect.mark
    return (
        f"INSERT INTO {books.full} AS held (resource, name, value) "
        f"VALUES ({mark}, {mark}, {mark}) ON CONFLICT (resource, name) "
        "DO UPDATE SET value = excluded.value "
        f"WHERE held.value {books.dialect.differs} excluded.value"
    )


def forget(books: Layout) -> str:
    """Forget what is kept for a resource under a name."""
    mark = books.dialect.mark
    return f"DELETE FROM {books.full} WHERE resource = {mark} AND name = {mark}"


def _keys(own: Layout) -> str:
    return f"SELECT {quoted(own.table.key[0])} FROM {quoted(own.stage)}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))
