"""Making records up: a template with a few blanks, and members around it.

The wide and dull fields are written once for each of some variants; names,
money, ids and times differ in each record.
"""

from __future__ import annotations

import itertools
from random import Random
from typing import TYPE_CHECKING, Final

from sage200_async.sandbox.data.enums import described, literals_of
from sage200_async.sandbox.data.expandables import Members, Place
from sage200_async.sandbox.data.factories import customer, order, product
from sage200_async.sandbox.data.values import FIRST, Values
from sage200_async.sandbox.server.routes import link_of
from sage200_async.sandbox.store.rows import Row, encode
from sage200_async.sandbox.store.schema import CONTROLS
from sage200_async.sandbox.store.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sage200_async.sandbox.data.expandables import Counts
    from sage200_async.sandbox.data.factories import Filled
    from sage200_async.sandbox.data.values import Keys
    from sage200_async.sandbox.server.routes import Catalog
    from sage200_async.sandbox.store.schema import Table

_VARIANTS: Final = 64
_SPACING: Final = 64
_SLOTS: Final = {"customers": 0, "products": 16, "sop_orders": 32}
_OTHERS: Final = 48
_GAP: Final = 0.15
_STAMPS: Final = ("date_time_created", "date_time_updated")


class Maker:
    """Makes the records of one company: the same seed, the same records.

    Args:
        catalog: Every resource.
        seed: Another seed, another company.
        counts: Gives how many records of each resource there are to be.
        keys: Gives ids that records of a resource have.
    """

    def __init__(self, catalog: Catalog, seed: int, counts: Counts, keys: Keys) -> None:
        self._catalog = catalog
        self._seed = seed
        self._counts = counts
        self._keys = keys
        self._values = Values(catalog.tables, keys)
        self._members = Members(catalog, self._values, counts, self.numbered)

    def rows(self, path: str, count: int, numbers: Sequence[int] = ()) -> Iterator[Row]:
        """Make the first *count* records of a resource.

        Args:
            path: The resource.
            count: How many.
            numbers: Their keys, where they are those of other records.
        """
        table = self._catalog.tables[path]
        if _is_types(table):
            yield from _types(path, count)
            return
        random = Random(f"{self._seed}/{path}")
        fill = self._filler(table)
        sample, _ = fill(Random(0), 0, 0)
        own = [table.key] if table.key else []
        blanks = {*sample, *own, *_STAMPS}
        names = [name for name in table.shape.scalars if name in blanks]
        templates: dict[int, str] = {}
        many = self._members.reach(path)
        tick, above = FIRST, self._above(table)
        numbered = enumerate(numbers) if numbers else self.numbered(path, count)
        for index, key in itertools.islice(numbered, count):
            values, members = fill(random, index, key)
            tick += random.randrange(200, 20_000)
            changed = tick + random.choice((0, 0, 0, random.randrange(10**7)))
            values[table.key] = str(key)
            values["date_time_created"] = f'"{stamp(tick)}"'
            values["date_time_updated"] = f'"{stamp(changed)}"'
            variant = random.randrange(_VARIANTS)
            if variant not in templates:
                templates[variant] = self._template(table, names, Random(variant))
            body = templates[variant] % tuple(values[name] for name in names)
            if index < many:
                members = self._members.around(table, members, Place(index, key, count))
            text = encode(members).decode() if members else "{}"
            yield Row(key, body, text, above[index % len(above)])

    def numbered(self, path: str, count: int) -> Iterator[tuple[int, int]]:
        """Number records as one counter for all tables would: rising, with gaps."""
        if path.endswith("_types"):
            yield from enumerate(range(count))
            return
        random = Random(f"{self._seed}/{path}/ids")
        spacing, offset = self._slot(path)
        step = 16
        for index in range(count):
            step += 1
            if random.random() < _GAP:
                step += random.randrange(1, 30)
            yield index, step * spacing + offset

    def _slot(self, path: str) -> tuple[int, int]:
        """Give what makes the ids of a table, and what follows them, its own."""
        if path in _SLOTS:
            return _SPACING, _SLOTS[path]
        paths = list(self._catalog.tables)
        offset = (paths.index(path) + 1) * _SPACING + _OTHERS
        return (len(paths) + 1) * _SPACING, offset

    def _filler(self, table: Table) -> Callable[[Random, int, int], Filled]:
        if table.path == "customers":
            return customer
        if table.path == "products":
            return product
        if table.path == "sop_orders":
            known = {
                path: self._keys(path)
                for path in ("customers", "products", "warehouses", "tax_codes")
            }
            return lambda random, index, key: order(random, index, key, known)
        links = {link_of(p, table): p for p in self._catalog.parents(table.path)}
        owners = {name: self._keys(p) for name, p in links.items() if name}

        def plain(random: Random, index: int, key: int) -> Filled:
            del random, key
            values = self._values.naming(table.path, table.shape.scalars, index)
            for name, keys in owners.items():
                values[name] = str(keys[index % len(keys)]) if keys else "0"
            return values, {}

        return plain

    def _above(self, table: Table) -> Sequence[int]:
        """Give the ids that records are listed below, where no field says so."""
        for parent in self._catalog.parents(table.path):
            keys = () if link_of(parent, table) else self._keys(parent)
            if keys:
                return keys
        return (0,)

    def _template(self, table: Table, blanks: list[str], random: Random) -> str:
        parts: list[str] = []
        for name, kind in table.shape.scalars.items():
            if name in CONTROLS:
                continue
            written = "%s"
            if name not in blanks:
                written = self._values.write(name, kind, random).replace("%", "%%")
            if written:
                parts.append(f'"{name}":{written}')
        return "{" + ",".join(parts) + "}"


def _is_types(table: Table) -> bool:
    named = table.path.endswith("_types")
    return named and table.shape.scalars.keys() == {"id", "value", "description"}


def _types(path: str, count: int) -> Iterator[Row]:
    """Make the rows of a ``*_types`` resource."""
    for number, value in enumerate(literals_of(path)[:count]):
        row = {"id": number, "value": value, "description": described(value)}
        yield Row(number, encode(row).decode(), "{}")
