"""Rows that wait to be kept: of each key the last, of each parent all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sage200_async.extract.tables import Row, Table


class Buffer:
    """Rows of a resource and of its child tables.

    A row that comes again replaces the one before, and the rows of its members
    with it. Where there is no key, all rows are different ones.

    Args:
        tables: The resource's own first.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self._own, *self._children = tables
        names = [each.name for each in self._own.columns]
        self._key = names.index(self._own.key[0]) if self._own.key else None
        self._empty()

    def __len__(self) -> int:
        return self._size

    def add(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Add rows, for each table by its name."""
        self._size += sum(map(len, rows.values()))
        self._add_own(rows.get(self._own.name, ()))
        for child in self._children:
            parents = self._parents[child.name]
            for row in rows.get(child.name, ()):
                parents.setdefault(row[0], []).append(row)

    def take(self) -> dict[str, list[Row]]:
        """Give the rows, and keep none."""
        taken = {self._own.name: [*self._keyed.values(), *self._keyless]}
        for name, parents in self._parents.items():
            taken[name] = [row for rows in parents.values() for row in rows]
        self._empty()
        return taken

    def _add_own(self, rows: Sequence[Row]) -> None:
        at = self._key
        if at is None:
            self._keyless += rows
            return
        for row in rows:
            self._keyed[row[at]] = row
            for parents in self._parents.values():
                parents[row[at]] = []

    def _empty(self) -> None:
        self._size = 0
        self._keyless: list[Row] = []
        self._keyed: dict[int, Row] = {}
        self._parents: dict[str, dict[int, list[Row]]] = {
            child.name: {} for child in self._children
        }
