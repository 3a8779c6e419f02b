"""The made-up records of one resource: templates, filled in for each record.

The many fields that nobody looks at are written once for each of some variants;
names, money, ids and timestamps differ in each record.
"""

from __future__ import annotations

import itertools
from random import Random
from typing import TYPE_CHECKING, Final

from sage200_async.sandbox.data.expandables import Position, RelatedGenerator
from sage200_async.sandbox.data.factories import (
    make_customer,
    make_order,
    make_product,
)
from sage200_async.sandbox.data.values import FIRST_TICK, ValueGenerator
from sage200_async.sandbox.schema.catalog import link_field
from sage200_async.sandbox.schema.enums import description_of, type_values
from sage200_async.sandbox.schema.tables import CONTROLS, STAMPS
from sage200_async.sandbox.store.rows import Row, encode
from sage200_async.sandbox.store.timestamps import timestamp_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sage200_async.sandbox.data.expandables import Counts
    from sage200_async.sandbox.data.factories import Fields
    from sage200_async.sandbox.data.values import Keys
    from sage200_async.sandbox.schema.catalog import Catalog
    from sage200_async.sandbox.schema.tables import Table

    Factory = Callable[[Random, int, int], Fields]
    """Makes the distinctive fields of a record, by its index and its key."""

_VARIANTS: Final = 64
_SPACING: Final = 64
_OFFSETS: Final = {"customers": 0, "products": 16, "sop_orders": 32}
_OTHER_OFFSET: Final = 48
_GAP_PROBABILITY: Final = 0.15


class RecordGenerator:
    """Makes the records of one company: the same seed, the same records.

    Args:
        catalog: Every resource.
        seed: Another seed makes another company.
        counts: Returns how many records of each resource there are to be.
        keys: Returns ids of records of a resource.
    """

    def __init__(self, catalog: Catalog, seed: int, counts: Counts, keys: Keys) -> None:
        self._catalog = catalog
        self._seed = seed
        self._keys = keys
        self._values = ValueGenerator(catalog.tables, keys)
        self._related = RelatedGenerator(catalog, self._values, counts, self.numbers)

    def rows(self, path: str, count: int, keys: Sequence[int] = ()) -> Iterator[Row]:
        """Yield the first *count* rows of a resource.

        Args:
            path: The resource.
            count: How many.
            keys: Their keys, if they are those of other records.
        """
        table = self._catalog.tables[path]
        if _is_types_table(table):
            yield from _type_rows(path, count)
            return
        random = Random(f"{self._seed}/{path}")
        factory = self._factory(table)
        template = self._template_of(table, factory)
        owners = self._related.owners_needed(path)
        tick, parents = FIRST_TICK, self._parent_keys(table)
        numbers = enumerate(keys) if keys else self.numbers(path, count)
        for index, key in itertools.islice(numbers, count):
            values, related = factory(random, index, key)
            tick += random.randrange(200, 20_000)
            changed = tick + random.choice((0, 0, 0, random.randrange(10**7)))
            values[table.key] = str(key)
            values["date_time_created"] = f'"{timestamp_at(tick)}"'
            values["date_time_updated"] = f'"{timestamp_at(changed)}"'
            body = template(random.randrange(_VARIANTS), values)
            if index < owners:
                position = Position(index, key, count)
                related = self._related.complete(table, related, position)
            expandables = encode(related).decode() if related else "{}"
            yield Row(key, body, expandables, parents[index % len(parents)])

    def numbers(self, path: str, count: int) -> Iterator[tuple[int, int]]:
        """Yield the index and the key of each record. Keys rise, with gaps.

        All resources seem to share one counter, as in Sage 200.
        """
        if path.endswith("_types"):
            yield from enumerate(range(count))
            return
        random = Random(f"{self._seed}/{path}/ids")
        spacing, offset = self._spacing_and_offset(path)
        step = 16
        for index in range(count):
            step += 1
            if random.random() < _GAP_PROBABILITY:
                step += random.randrange(1, 30)
            yield index, step * spacing + offset

    def _spacing_and_offset(self, path: str) -> tuple[int, int]:
        """Return what keeps the ids of a table apart from those of others."""
        if path in _OFFSETS:
            return _SPACING, _OFFSETS[path]
        paths = list(self._catalog.tables)
        offset = (paths.index(path) + 1) * _SPACING + _OTHER_OFFSET
        return (len(paths) + 1) * _SPACING, offset

    def _factory(self, table: Table) -> Factory:
        if table.path == "customers":
            return make_customer
        if table.path == "products":
            return make_product
        if table.path == "sop_orders":
            ids = {
                path: self._keys(path)
                for path in ("customers", "products", "warehouses", "tax_codes")
            }
            return lambda random, index, key: make_order(random, index, key, ids)
        links = {link_field(p, table): p for p in self._catalog.parents(table.path)}
        owners = {name: self._keys(p) for name, p in links.items() if name}

        def make_other(random: Random, index: int, key: int) -> Fields:
            del random, key
            values = self._values.names(table.path, table.shape.scalars, index)
            for name, keys in owners.items():
                values[name] = str(keys[index % len(keys)]) if keys else "0"
            return values, {}

        return make_other

    def _parent_keys(self, table: Table) -> Sequence[int]:
        """Return the ids that records are listed below, if no field holds those."""
        for parent in self._catalog.parents(table.path):
            keys = () if link_field(parent, table) else self._keys(parent)
            if keys:
                return keys
        return (0,)

    def _template_of(
        self, table: Table, factory: Factory
    ) -> Callable[[int, dict[str, str]], str]:
        """Return a function that fills a factory's values into one of the variants."""
        sample, _ = factory(Random(0), 0, 0)
        own = [table.key] if table.key else []
        distinct = {*sample, *own, *STAMPS}
        names = [name for name in table.shape.scalars if name in distinct]
        templates: dict[int, str] = {}

        def body(variant: int, values: dict[str, str]) -> str:
            if variant not in templates:
                templates[variant] = self._variant(table, names, Random(variant))
            return templates[variant] % tuple(values[name] for name in names)

        return body

    def _variant(self, table: Table, names: list[str], random: Random) -> str:
        """Return a record as JSON, with a placeholder for each of *names*."""
        parts: list[str] = []
        for name, kind in table.shape.scalars.items():
            if name in CONTROLS:
                continue
            value = "%s"
            if name not in names:
                value = self._values.json(name, kind, random).replace("%", "%%")
            if value:
                parts.append(f'"{name}":{value}')
        return "{" + ",".join(parts) + "}"


def _is_types_table(table: Table) -> bool:
    named = table.path.endswith("_types")
    return named and table.shape.scalars.keys() == {"id", "value", "description"}


def _type_rows(path: str, count: int) -> Iterator[Row]:
    """Yield the rows of a ``*_types`` resource."""
    for number, value in enumerate(type_values(path)[:count]):
        row = {"id": number, "value": value, "description": description_of(value)}
        yield Row(number, encode(row).decode(), "{}")
