"""Made-up related records: embedded ones, and those without a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sage200_async.sandbox.data.consistency import repeated_fields
from sage200_async.sandbox.data.values import FIRST_TICK
from sage200_async.sandbox.schema.naming import referenced_resource
from sage200_async.sandbox.schema.tables import STAMPS, shape_of
from sage200_async.sandbox.store.embedded import EmbeddedLists
from sage200_async.sandbox.store.timestamps import timestamp_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sage200_async.query.records import Record
    from sage200_async.sandbox.data.consistency import Records
    from sage200_async.sandbox.data.values import ValueGenerator
    from sage200_async.sandbox.schema.catalog import Catalog
    from sage200_async.sandbox.schema.tables import Shape, Table
    from sage200_async.sandbox.store.embedded import EmbeddedList

    Counts = Callable[[str], int]
    """Returns how many records a resource is to have."""
    Numbers = Callable[[str, int], Iterator[tuple[int, int]]]
    """Yields the index and the key of a resource's records."""

DEFAULT_COUNT: Final = 3
"""Records of a resource for which no number is given."""
_MAX_DEPTH: Final = 2
_FREE_IDS: Final = 15
# Ids after a made-up record's own that no other record has.
_ENDLESS: Final = 2**40
_TICKS_APART: Final = 300_000
# Between two embedded records: about a quarter of an hour.


class Position(NamedTuple):
    """Which record of its resource one is."""

    number: int
    """From 0."""
    key: int
    owners: int
    """How many records share the embedded records that are to be made."""
    links: dict[str, int] = {}  # noqa: RUF012 - never changed
    """Ids of the records that it is embedded in, by the fields that hold them."""


class RelatedGenerator:
    """Makes the related records of a company's records.

    Args:
        catalog: Every resource.
        values: Makes single fields.
        counts: Returns how many records of each resource there are to be.
        numbers: Yields the index and the key of a resource's records.
        records: Returns a record of a resource.
    """

    def __init__(
        self,
        catalog: Catalog,
        values: ValueGenerator,
        counts: Counts,
        numbers: Numbers,
        records: Records,
    ) -> None:
        self._catalog = catalog
        self._embedded_lists = EmbeddedLists(catalog)
        self._values = values
        self._counts = counts
        self._numbers = numbers
        self._records = records
        self._unused_numbers: dict[str, Iterator[tuple[int, int]]] = {}
        self._completed: dict[str, int] = {}

    def owners_needed(self, path: str) -> int:
        """Return how many records of a resource get related records made here."""
        lists = self._embedded_lists.of_owner(path)
        return max([DEFAULT_COUNT, *map(self._rows_needed, lists)])

    def complete(
        self, table: Table, existing: dict[str, Any], position: Position
    ) -> dict[str, Any]:
        """Return the related records of a record: *existing* and made-up ones.

        Args:
            table: The record's resource.
            existing: Related records that it has already.
            position: Which of its records it is.
        """
        seed = f"{table.path}/{position.number}"
        related = dict(existing)
        if position.number < DEFAULT_COUNT:
            whole = (table.path, position.key)
            related = self._without_resource(table.shape, seed, whole)
            related |= existing
        for embedded in self._embedded_lists.of_owner(table.path):
            child = self._catalog.tables[embedded.child]
            links = {**position.links, embedded.link: position.key}
            owner = position._replace(links=links)
            if embedded.name in existing:
                rows, owners = existing[embedded.name], position.owners
            else:
                rows = list(self._share(child, owner))
                owners = max(1, self._counts(embedded.child))
            inner = owner._replace(owners=owners)
            related[embedded.name] = [
                self._complete_row(child, row, inner) for row in rows
            ]
        return {name: value for name, value in related.items() if value}

    def _rows_needed(self, embedded: EmbeddedList) -> int:
        return max(self._counts(embedded.child), self.owners_needed(embedded.child))

    def _share(self, child: Table, owner: Position) -> Iterator[dict[str, Any]]:
        """Yield one owner's share of the embedded records that are to be made."""
        share, remainder = divmod(self._counts(child.path), owner.owners)
        wanted = (
            share + (owner.number < remainder) if owner.number < owner.owners else 0
        )
        for _ in range(wanted):
            numbers = self._numbers(child.path, _ENDLESS)
            index, key = next(self._unused_numbers.setdefault(child.path, numbers))
            record, scalars = child.record, child.shape.served
            row: dict[str, Any] = {}
            if record is not None:
                row = self._values.record(record, child.path, index)
            stamp = timestamp_at(FIRST_TICK + index * _TICKS_APART)
            row |= {
                name: value
                for name, value in {
                    **owner.links,
                    child.key: key,
                    **dict.fromkeys(STAMPS, stamp),
                }.items()
                if name in scalars
            }
            yield row | self._repeated(row, scalars)

    def _complete_row(
        self, child: Table, row: dict[str, Any], owner: Position
    ) -> dict[str, Any]:
        """Return an embedded record with its own related records."""
        index = self._completed.get(child.path, 0)
        self._completed[child.path] = index + 1
        if index >= self.owners_needed(child.path):
            return row
        existing = {name: row[name] for name in child.shape.expandables if name in row}
        position = owner._replace(number=index, key=row[child.key])
        return row | self.complete(child, existing, position)

    def _without_resource(
        self, shape: Shape, seed: str, owner: tuple[str, int], depth: int = 0
    ) -> dict[str, Any]:
        """Return the related records that are not a resource of their own.

        Args:
            shape: That of the record that has them.
            seed: Another seed makes other records.
            owner: The resource and the key of the record.
            depth: How deep in it they are.
        """
        related: dict[str, Any] = {}
        for number, (name, record) in enumerate(shape.expandables.items()):
            is_list = name in shape.lists
            if record is None or (not is_list and self._catalog.table_of(record)):
                continue
            row = self._owned(record, f"{seed}/{name}", owner)
            if "id" in row:
                row["id"] = owner[1] + 1 + number % _FREE_IDS
            if depth < _MAX_DEPTH:
                inner = shape_of(record)
                row |= self._without_resource(inner, f"{seed}/{name}", owner, depth + 1)
            related[name] = [row] if is_list else row
        return related

    def _owned(
        self, record: type[Record], seed: str, owner: tuple[str, int]
    ) -> dict[str, Any]:
        """Return a made-up record that refers to the one that it is in."""
        row, scalars = self._values.record(record, seed, 0), shape_of(record).served
        path, key = owner
        for name in scalars:
            if referenced_resource(name, self._catalog.tables) == path:
                row[name] = key
        return row | self._repeated(row, scalars)

    def _repeated(
        self, row: dict[str, Any], scalars: Mapping[str, str]
    ) -> dict[str, Any]:
        return repeated_fields(row, scalars, self._catalog.tables, self._records)
