"""Made-up members: parts that are records of their own, and all else inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sage200_async.sandbox.data.values import FIRST
from sage200_async.sandbox.store.embedded import Parts
from sage200_async.sandbox.store.schema import shape_of
from sage200_async.sandbox.store.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sage200_async.sandbox.data.values import Values
    from sage200_async.sandbox.server.routes import Catalog
    from sage200_async.sandbox.store.embedded import Part
    from sage200_async.sandbox.store.schema import Shape, Table

    Counts = Callable[[str], int]
    """Gives how many records a resource is to hold."""
    Numbers = Callable[[str, int], Iterator[tuple[int, int]]]
    """Numbers the records of a resource."""

FEW: Final = 3
"""Records of a resource for which no number was asked."""
_DEPTH: Final = 2
_ROOM: Final = 15
# Ids that are free after a made-up record's own.
_ENDLESS: Final = 2**40
_APART: Final = 300_000
# Ticks between two parts: about a quarter of an hour.


class Place(NamedTuple):
    """Where a record stands among those of its resource."""

    number: int
    """Which of them it is, from 0."""
    key: int
    total: int
    """How many owners share the parts that are asked for."""
    above: dict[str, int] = {}  # noqa: RUF012 - never changed
    """Ids of the records that it is inside of, by the fields that name them."""


class Members:
    """Makes the members of a company's records.

    Args:
        catalog: Every resource.
        values: Makes the values.
        counts: Gives how many records of each resource there are to be.
        numbers: Numbers the records of a resource.
    """

    def __init__(
        self, catalog: Catalog, values: Values, counts: Counts, numbers: Numbers
    ) -> None:
        self._catalog = catalog
        self._parts = Parts(catalog)
        self._values = values
        self._counts = counts
        self._numbers = numbers
        self._numbered: dict[str, Iterator[tuple[int, int]]] = {}
        self._given: dict[str, int] = {}

    def reach(self, path: str) -> int:
        """Give how many records of a resource have members made here."""
        below = [self._reach_of(part) for part in self._parts.of(path)]
        return max([FEW, *below])

    def around(
        self, table: Table, given: dict[str, Any], place: Place
    ) -> dict[str, Any]:
        """Give the members of a record: those *given*, and all others.

        Args:
            table: The record's resource.
            given: Members that are filled in already.
            place: Which of its records it is.
        """
        seed = f"{table.path}/{place.number}"
        found = self._inside(table.shape, seed, place.key) if place.number < FEW else {}
        for part in self._parts.of(table.path):
            child = self._catalog.tables[part.child]
            owner = place._replace(above={**place.above, part.link: place.key})
            if part.member in given:
                rows, total = given[part.member], place.total
            else:
                rows = list(self._rows(child, owner))
                total = max(1, self._counts(part.child))
            inside = owner._replace(total=total)
            found[part.member] = [self._completed(child, row, inside) for row in rows]
        found = given | found
        return {name: value for name, value in found.items() if value}

    def _reach_of(self, part: Part) -> int:
        return max(self._counts(part.child), self.reach(part.child))

    def _rows(self, child: Table, owner: Place) -> Iterator[dict[str, Any]]:
        """Make an owner's share of the parts that are asked for."""
        share, more = divmod(self._counts(child.path), owner.total)
        wanted = share + (owner.number < more) if owner.number < owner.total else 0
        for _ in range(wanted):
            numbers = self._numbers(child.path, _ENDLESS)
            index, key = next(self._numbered.setdefault(child.path, numbers))
            record, scalars = child.record, child.shape.scalars
            row = (
                {} if record is None else self._values.record(record, child.path, index)
            )
            stamped = stamp(FIRST + index * _APART)
            for name, value in (
                *owner.above.items(),
                (child.key, key),
                ("date_time_created", stamped),
                ("date_time_updated", stamped),
            ):
                if name in scalars:
                    row[name] = value
            yield row

    def _completed(
        self, child: Table, row: dict[str, Any], owner: Place
    ) -> dict[str, Any]:
        """Give a part with its own members."""
        index = self._given.get(child.path, 0)
        self._given[child.path] = index + 1
        if index >= self.reach(child.path):
            return row
        given = {name: row[name] for name in child.shape.members if name in row}
        place = owner._replace(number=index, key=row[child.key])
        return row | self.around(child, given, place)

    def _inside(
        self, shape: Shape, seed: str, key: int, depth: int = 0
    ) -> dict[str, Any]:
        """Make the members that are no records of their own."""
        found: dict[str, Any] = {}
        for number, (name, record) in enumerate(shape.members.items()):
            many = name in shape.many
            if record is None or (not many and self._catalog.home(record)):
                continue
            row = self._values.record(record, f"{seed}/{name}", 0)
            if "id" in row:
                row["id"] = key + 1 + number % _ROOM
            if depth < _DEPTH:
                row |= self._inside(shape_of(record), f"{seed}/{name}", key, depth + 1)
            found[name] = [row] if many else row
        return found
