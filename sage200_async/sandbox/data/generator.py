"""The made-up records of one resource.

Of customers, products and orders there may be a million: the many fields that nobody
looks at are written once for each of some variants; names, money, ids and timestamps
differ in each record.
"""

from __future__ import annotations

import itertools
from random import Random
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.data.consistency import repeated_fields
from sage200_async.sandbox.data.documents import (
    DOCUMENTS,
    LEDGERS,
    document_factory,
    transaction_factory,
)
from sage200_async.sandbox.data.expandables import Position, RelatedGenerator
from sage200_async.sandbox.data.factories import product_factory, trader_factory
from sage200_async.sandbox.data.row_templates import below, json_template
from sage200_async.sandbox.data.values import FIRST_TICK, ValueGenerator
from sage200_async.sandbox.schema.catalog import link_field
from sage200_async.sandbox.schema.enums import description_of, type_values
from sage200_async.sandbox.schema.tables import STAMPS
from sage200_async.sandbox.store.rows import Row, decode, encode
from sage200_async.sandbox.store.timestamps import timestamp_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sage200_async.sandbox.data.consistency import Records
    from sage200_async.sandbox.data.expandables import Counts
    from sage200_async.sandbox.data.factories import Factory
    from sage200_async.sandbox.data.values import Keys
    from sage200_async.sandbox.schema.catalog import Catalog
    from sage200_async.sandbox.schema.tables import Table

_VARIANTS: Final = 64
_SPACING: Final = 64
_OFFSETS: Final = {"customers": 0, "products": 16, "sop_orders": 32}
_OTHER_OFFSET: Final = 48
_GAP_PROBABILITY: Final = 0.15
_CHANGED_PROBABILITY: Final = 0.25
CREATED, UPDATED = STAMPS
_USUAL: Final[dict[str, dict[str, Any]]] = {
    "customers": {
        "account_opened": "2024-01-02T00:00:00Z",
        "account_type": "TradingAccountTypeOpenItem",
        "associated_head_office_id": 0,
        "value_of_current_orders_in_sop": 0,
        "finance_charge_id": 0,
        "is_head_office_with_branches": False,
    },
    "suppliers": {"factor_house_id": 0, "value_of_current_orders_in_pop": 0},
    "products": {"country_of_origin_id": 0},
    "sop_orders": {"payment_method_id": 0, "quotation_expiry_date": None},
}
# What most records of a resource have in these fields.


class RecordGenerator:
    """Makes the records of one company: the same seed, the same records.

    Args:
        catalog: Every resource.
        seed: Another seed makes another company.
        counts: Returns how many records of each resource there are to be.
        keys: Returns ids of records of a resource.
        records: Returns a record of a resource.
    """

    def __init__(
        self, catalog: Catalog, seed: int, counts: Counts, keys: Keys, records: Records
    ) -> None:
        self._catalog = catalog
        self._seed = seed
        self._keys = keys
        self._records = records
        self._values = ValueGenerator(catalog.tables, keys)
        self._related = RelatedGenerator(
            catalog, self._values, counts, self.numbers, records
        )

    def rows(
        self,
        path: str,
        count: int,
        keys: Sequence[int] = (),
        balances: Sequence[tuple[int, int]] = (),
    ) -> Iterator[Row]:
        """Yield the first *count* rows of a resource.

        Args:
            path: The resource.
            count: How many.
            keys: Their keys, if they are those of other records.
            balances: For a ledger, the id of each trader, and what it owes in pence.
        """
        table = self._catalog.tables[path]
        if _is_types_table(table):
            yield from _type_rows(path, count)
            return
        bodies = self._bodies(table, balances)
        owners = self._related.owners_needed(path)
        parents = self._parent_keys(table)
        numbers = enumerate(keys) if keys else self.numbers(path, count)
        for index, key in itertools.islice(numbers, count):
            body, related = bodies(index, key)
            if index < owners:
                related = decode(encode(related))
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
                step += 1 + below(random, 29)
            yield index, step * spacing + offset

    def _spacing_and_offset(self, path: str) -> tuple[int, int]:
        """Return what keeps the ids of a table apart from those of others."""
        if path in _OFFSETS:
            return _SPACING, _OFFSETS[path]
        paths = list(self._catalog.tables)
        offset = (paths.index(path) + 1) * _SPACING + _OTHER_OFFSET
        return (len(paths) + 1) * _SPACING, offset

    def _bodies(
        self, table: Table, balances: Sequence[tuple[int, int]]
    ) -> Callable[[int, int], tuple[str, dict[str, Any]]]:
        """Return a function that makes the JSON and the related records of each record."""
        random = Random(f"{self._seed}/{table.path}")
        stamps = self._stamps(random)
        factory = self._factory(table, balances)
        if factory is None:
            return self._other_bodies(table, random, stamps)
        template = self._template_of(table, factory)

        def body(index: int, key: int) -> tuple[str, dict[str, Any]]:
            values, related = factory(random, index, key)
            for name, time in stamps().items():
                values[name] = f'"{time}"'
            values[table.key] = str(key)
            return template(below(random, _VARIANTS), values), related

        return body

    def _stamps(self, random: Random) -> Callable[[], dict[str, str]]:
        """Return a function that makes each record's timestamps, ever later ones."""
        ticks = FIRST_TICK

        def stamps() -> dict[str, str]:
            nonlocal ticks
            ticks += 200 + below(random, 19_800)
            created = changed = timestamp_at(ticks)
            if random.random() < _CHANGED_PROBABILITY:
                changed = timestamp_at(ticks + below(random, 10**7))
            return {CREATED: created, UPDATED: changed}

        return stamps

    def _factory(
        self, table: Table, balances: Sequence[tuple[int, int]]
    ) -> Factory | None:
        if table.path in {"customers", "suppliers"}:
            return trader_factory(table, self._keys)
        if table.path == "products":
            return product_factory(table, self._keys, self._records)
        if table.path in DOCUMENTS:
            return document_factory(table, self._keys, self._records)
        if table.path in LEDGERS:
            return transaction_factory(table, balances)
        return None

    def _other_bodies(
        self, table: Table, random: Random, stamps: Callable[[], dict[str, str]]
    ) -> Callable[[int, int], tuple[str, dict[str, Any]]]:
        """Return the function for a resource that has no factory."""
        links = {link_field(p, table): p for p in self._catalog.parents(table.path)}
        owners = {name: self._keys(p) for name, p in links.items() if name}
        scalars = table.shape.served

        def body(index: int, key: int) -> tuple[str, dict[str, Any]]:
            values = self._values.fields(table.path, scalars, random, index)
            values |= self._values.reference(table.path, index)
            for name, keys in owners.items():
                values[name] = keys[index % len(keys)] if keys else 0
            values |= stamps()
            if table.key:
                values[table.key] = key
            return encode(self._consistent(values, scalars)).decode(), {}

        return body

    def _consistent(
        self, values: dict[str, Any], scalars: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return a record that says of others what they say, in the served order."""
        values |= repeated_fields(values, scalars, self._catalog.tables, self._records)
        return {name: values[name] for name in scalars if values.get(name) is not None}

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
        distinct = {name: name for name in (*sample, table.key, *STAMPS)}
        templates: dict[int, str] = {}

        def body(variant: int, values: dict[str, str]) -> str:
            if variant not in templates:
                templates[variant] = self._variant(table, distinct, Random(variant))
            return templates[variant] % values

        return body

    def _variant(
        self, table: Table, distinct: Mapping[str, str], random: Random
    ) -> str:
        """Return a record as JSON, with a placeholder for each of *distinct*."""
        scalars = table.shape.served
        plain = self._values.fields(table.path, scalars, random, 0)
        values = self._consistent(plain | _USUAL.get(table.path, {}), scalars)
        return json_template(scalars, values, distinct)


def _is_types_table(table: Table) -> bool:
    named = table.path.endswith("_types")
    return named and table.shape.scalars.keys() == {"id", "value", "description"}


def _type_rows(path: str, count: int) -> Iterator[Row]:
    """Yield the rows of a ``*_types`` resource."""
    for number, value in enumerate(type_values(path)[:count]):
        row = {"id": number, "value": value, "description": description_of(value)}
        yield Row(number, encode(row).decode(), "{}")
