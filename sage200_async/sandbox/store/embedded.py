"""Embedded records: a customer's contacts, an order's lines.

They are stored once, inside the record that owns them. The table of their own
resource is a copy: it is derived when it is first used, and updated with each
write to an owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Raw, Struct

from sage200_async.sandbox.schema.catalog import link_field
from sage200_async.sandbox.schema.naming import referenced_resource
from sage200_async.sandbox.store.rows import Row, decode, join_object, json_from_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sage200_async.sandbox.schema.catalog import Catalog
    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.lazy_tables import LazyTables

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_ROWS: Final = msgspec.json.Decoder(list[dict[str, Raw]])


class EmbeddedList(Struct, frozen=True):
    """A list in a record whose rows are a resource of their own."""

    owner: str
    """The resource whose records hold the list."""
    name: str
    """The expandable field."""
    child: str
    """The resource of its rows."""
    link: str
    """The field of a row that holds its owner's id."""


class EmbeddedLists:
    """Which resources are embedded in which.

    Args:
        catalog: Every resource.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._by_owner: dict[str, tuple[EmbeddedList, ...]] = {}
        self._by_child: dict[str, EmbeddedList | None] = {}

    def of_owner(self, owner: str) -> tuple[EmbeddedList, ...]:
        """Return what is embedded in the records of a resource."""
        if owner not in self._by_owner:
            self._by_owner[owner] = tuple(self._find(self._catalog.tables[owner]))
        return self._by_owner[owner]

    def of_child(self, child: str) -> EmbeddedList | None:
        """Return where the records of a resource are embedded, or None."""
        if child not in self._by_child:
            self._by_child[child] = next(self._find_owner(child), None)
        return self._by_child[child]

    def _find_owner(self, child: str) -> Iterator[EmbeddedList]:
        tables = self._catalog.tables
        for name in tables[child].shape.scalars:
            owner = referenced_resource(name, tables)
            for embedded in self.of_owner(owner) if owner and owner != child else ():
                if embedded.child == child and embedded.link == name:
                    yield embedded

    def _find(self, owner: Table) -> Iterator[EmbeddedList]:
        for name in sorted(owner.shape.lists):
            child = self._catalog.table_of(owner.shape.expandables[name])
            link = "" if child is None else link_field(owner.path, child)
            if child is not None and link:
                yield EmbeddedList(owner.path, name, child.path, link)


class EmbeddedTables:
    """Keeps the tables of embedded records in step with their owners.

    Args:
        tables: Where both are.
        embedded_lists: Which are embedded in which.
    """

    def __init__(self, tables: LazyTables, embedded_lists: EmbeddedLists) -> None:
        self._tables = tables
        self._embeddings = embedded_lists

    def rows(self, embedded: EmbeddedList) -> list[Row]:
        """Return every embedded record of one kind, from all owners."""
        sql = (
            f'SELECT key, expandables FROM "{embedded.owner}" WHERE expandables LIKE ?'  # noqa: S608 - the catalog's
        )
        owners = self._tables.execute(sql, (f'%"{embedded.name}":%',))
        return self._rows_in(embedded, owners)

    def refresh(self, owner: str, key: int) -> None:
        """Copy the embedded records of one owner again, into tables that exist."""
        database = self._tables.database
        for embedded in self._embeddings.of_owner(owner):
            child = embedded.child
            if not self._tables.has_table(child):
                continue
            old = self._tables.keys(child, embedded.link, key)
            for child_key in old:
                database.delete_row(child, child_key)
            owners = database.json_by_key(owner, [key], "expandables")
            rows = self._rows_in(embedded, owners.items())
            database.insert_rows(child, rows)
            changed = {*old, *(row.key for row in rows)}
            self._tables.views.note_write(child, changed)
            for child_key in changed:
                self.refresh(child, child_key)

    def add(self, embedded: EmbeddedList, rows: Iterable[Row]) -> None:
        """Add rows to the owners that they refer to.

        Raises:
            ValueError: An owner does not exist.
        """
        by_owner: dict[int, list[bytes]] = {}
        for row in rows:
            owner = int(decode(row.body).get(embedded.link, 0))
            by_owner.setdefault(owner, []).append(json_from_row(row))
        for owner, added in by_owner.items():
            try:
                old = self._tables.database.get_row(embedded.owner, owner)
            except KeyError:
                message = f"{embedded.child}: no {embedded.owner} has the id {owner}"
                raise ValueError(message) from None
            new = _with_rows(old, embedded.name, added)
            self._tables.database.replace_row(embedded.owner, new)
            self.refresh(embedded.owner, owner)

    def _rows_in(
        self, embedded: EmbeddedList, owners: Iterable[tuple[int, bytes]]
    ) -> list[Row]:
        """Return the embedded rows of some owners.

        Args:
            embedded: The list that holds them.
            owners: Keys of owners, each with its expandables as JSON.
        """
        child = self._tables.tables[embedded.child]
        return [
            _row(child, embedded.link, owner, fields)
            for owner, expandables in owners
            for fields in _ROWS.decode(
                _OBJECT.decode(expandables).get(embedded.name, Raw(b"[]"))
            )
            if child.key in fields
        ]


def _row(child: Table, link: str, owner: int, fields: dict[str, Raw]) -> Row:
    values = {name: bytes(raw) for name, raw in fields.items()}
    values[link] = b"%d" % owner
    shape = child.shape
    body = {name: values.pop(name) for name in shape.scalars if name in values}
    return Row(int(body[child.key]), join_object(body), join_object(values))


def _with_rows(owner: Row, name: str, added: list[bytes]) -> Row:
    """Return an owner's row with more rows in one of its lists."""
    lists = {key: bytes(raw) for key, raw in _OBJECT.decode(owner.expandables).items()}
    old = lists.get(name, b"[]")[1:-1]
    lists[name] = b"[" + b",".join([old, *added] if old else added) + b"]"
    return owner._replace(expandables=join_object(lists))
