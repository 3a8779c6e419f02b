"""Records that are parts of others: a customer's contacts, an order's lines.

They are kept once, in the member of the record that owns them. The table of
their own resource follows: it is derived when it is first asked for, and
brought up to date with each write to an owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Raw, Struct

from sage200_async.sandbox.names import target_of
from sage200_async.sandbox.server.routes import link_of
from sage200_async.sandbox.store.rows import Row, decode, joined, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sage200_async.sandbox.server.routes import Catalog
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.schema import Table
    from sage200_async.sandbox.store.store import Store

_MEMBERS: Final = msgspec.json.Decoder(dict[str, Raw])
_ROWS: Final = msgspec.json.Decoder(list[dict[str, Raw]])


class Part(Struct, frozen=True):
    """A member whose rows are a resource of their own."""

    owner: str
    member: str
    child: str
    link: str
    """The field of the child that holds its owner's id."""


class Parts:
    """Which records are parts of which others.

    Args:
        catalog: Every resource.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._below: dict[str, tuple[Part, ...]] = {}
        self._above: dict[str, Part | None] = {}

    def of(self, owner: str) -> tuple[Part, ...]:
        """Give the parts of a table's records."""
        if owner not in self._below:
            self._below[owner] = tuple(self._find(self._catalog.tables[owner]))
        return self._below[owner]

    def holding(self, child: str) -> Part | None:
        """Give the part that a table's records are, or None where they stand alone."""
        if child not in self._above:
            self._above[child] = next(self._around(child), None)
        return self._above[child]

    def _around(self, child: str) -> Iterator[Part]:
        tables = self._catalog.tables
        for name in tables[child].shape.scalars:
            owner = target_of(name, tables)
            for part in self.of(owner) if owner and owner != child else ():
                if part.child == child and part.link == name:
                    yield part

    def _find(self, owner: Table) -> Iterator[Part]:
        for member in sorted(owner.shape.many):
            child = self._catalog.home(owner.shape.members[member])
            link = "" if child is None else link_of(owner.path, child)
            if child is not None and link:
                yield Part(owner.path, member, child.path, link)


def rows_in(part: Part, child: Table, owners: Iterable[tuple[int, bytes]]) -> list[Row]:
    """Give the rows that lie in the members of some owners.

    Args:
        part: The member.
        child: The table of its rows.
        owners: Keys of owners, each with its members as JSON.
    """
    return [
        _row(child, part.link, owner, raws)
        for owner, members in owners
        for raws in _ROWS.decode(_MEMBERS.decode(members).get(part.member, Raw(b"[]")))
        if child.key in raws
    ]


def _row(child: Table, link: str, owner: int, raws: dict[str, Raw]) -> Row:
    held = {name: bytes(raw) for name, raw in raws.items()}
    held[link] = b"%d" % owner
    shape = child.shape
    plain = {name: held.pop(name) for name in shape.scalars if name in held}
    return Row(int(plain[child.key]), joined(plain), joined(held))


class Follower:
    """Keeps the tables of parts in step with their owners.

    Args:
        store: Where both are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def derive(self, part: Part) -> None:
        """Fill the table of a part from every owner."""
        sql = f'SELECT key, members FROM "{part.owner}" WHERE members LIKE ?'  # noqa: S608 - the catalog's
        self._add(part, self._store.ask(sql, (f'%"{part.member}":%',)))

    def follow(self, owner: str, key: int) -> None:
        """Bring the parts of one owner up to date, as far as their tables exist."""
        store = self._store
        for part in store.parts.of(owner):
            if store.is_made(part.child):
                before = store.keys(part.child, part.link, key)
                for each in before:
                    store.database.remove(part.child, each)
                held = store.database.texts(owner, [key], "members")
                after = self._add(part, held.items())
                for each in {*before, *after}:
                    self.follow(part.child, each)

    def adopt(self, part: Part, rows: Iterable[Row]) -> None:
        """Give rows that were read apart to the owners that they name.

        Raises:
            ValueError: An owner is missing.
        """
        found: dict[int, list[bytes]] = {}
        for row in rows:
            owner = int(decode(row.body).get(part.link, 0))
            found.setdefault(owner, []).append(merged(row))
        for owner, added in found.items():
            try:
                old = self._store.database.row(part.owner, owner)
            except KeyError:
                message = f"{part.child}: no {part.owner} has the id {owner}"
                raise ValueError(message) from None
            self._store.database.put(part.owner, _with(old, part.member, added))
            self.follow(part.owner, owner)

    def inserted(self, part: Part, values: Values) -> Values:
        """Add a part by a write to its owner.

        Raises:
            KeyError: There is no such owner.
        """
        owner = self._write(part, int(values.get(part.link, 0)), values)
        made: Values = owner[part.member][-1]
        return made

    def updated(self, part: Part, key: int, values: Values) -> Values:
        """Change a part, or remove it, by a write to its owner.

        Raises:
            KeyError: There is no such part.
        """
        own = self._store.tables[part.child].key
        number = decode(self._store.bodies(part.child, [key])[key])[part.link]
        row = {**values, own: key}
        owner = self._write(part, number, row)
        rows: list[Values] = [
            each for each in owner[part.member] if each.get(own) == key
        ]
        return rows[0] if rows else {}

    def _write(self, part: Part, owner: int, row: Values) -> Values:
        move = self._store.parts_move_owners
        return self._store.update(part.owner, owner, {part.member: [row]}, move=move)

    def _add(self, part: Part, owners: Iterable[tuple[int, bytes]]) -> list[int]:
        rows = rows_in(part, self._store.tables[part.child], owners)
        self._store.database.add(part.child, rows)
        return [row.key for row in rows]


def _with(owner: Row, member: str, added: list[bytes]) -> Row:
    """Give a row with more rows in a member."""
    held = {name: bytes(raw) for name, raw in _MEMBERS.decode(owner.members).items()}
    old = held.get(member, b"[]")[1:-1]
    held[member] = b"[" + b",".join([old, *added] if old else added) + b"]"
    return owner._replace(members=joined(held))
