"""Made-up related records: embedded ones, and those without a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sage200_async.sandbox.data.values import FIRST_TICK
from sage200_async.sandbox.schema.tables import STAMPS, shape_of
from sage200_async.sandbox.store.embedded import EmbeddedLists
from sage200_async.sandbox.store.timestamps import timestamp_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    """

    def __init__(
        self,
        catalog: Catalog,
        values: ValueGenerator,
        counts: Counts,
        numbers: Numbers,
    ) -> None:
        self._catalog = catalog
        self._embedded_lists = EmbeddedLists(catalog)
        self._values = values
        self._counts = counts
        self._numbers = numbers
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
        related: dict[str, Any] = {}
        if position.number < DEFAULT_COUNT:
            related = self._without_resource(table.shape, seed, position.key)
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
        related = existing | related
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
            record, scalars = child.record, child.shape.scalars
            row = (
                {} if record is None else self._values.record(record, child.path, index)
            )
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
            yield row

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
        self, shape: Shape, seed: str, key: int, depth: int = 0
    ) -> dict[str, Any]:
        """Return the related records that are not a resource of their own."""
        related: dict[str, Any] = {}
        for number, (name, record) in enumerate(shape.expandables.items()):
            is_list = name in shape.lists
            if record is None or (not is_list and self._catalog.table_of(record)):
                continue
            row = self._values.record(record, f"{seed}/{name}", 0)
            if "id" in row:
                row["id"] = key + 1 + number % _FREE_IDS
            if depth < _MAX_DEPTH:
                inner = shape_of(record)
                row |= self._without_resource(inner, f"{seed}/{name}", key, depth + 1)
            related[name] = [row] if is_list else row
        return related
