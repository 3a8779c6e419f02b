"""The made-up company: how many records of each resource, and their rows."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.data.documents import LEDGERS
from sage200_async.sandbox.data.expandables import DEFAULT_COUNT
from sage200_async.sandbox.data.generator import RecordGenerator
from sage200_async.sandbox.data.reference import REFERENCE
from sage200_async.sandbox.schema.enums import type_values
from sage200_async.sandbox.store.rows import Row, decode, encode
from sage200_async.sandbox.store.view_rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sage200_async.sandbox.data.consistency import Records
    from sage200_async.sandbox.schema.catalog import Catalog
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

SITE: Final = "7a2f6f0e-5d1c-4c0b-9b53-1f0e3a9d2c11"
COMPANY: Final = 7
SITES: Final = "sites"
ORDERS: Final = "sop_orders"
ORDER_LINES: Final = "sop_order_line_views"
_SMALL_COMPANY: Final = {"customers": 2_000, "products": 1_000, ORDERS: 500}
"""What there is if no numbers are given."""
_MAIN: Final = {*_SMALL_COMPANY, ORDER_LINES}
_ONE_RECORD: Final = ("_settings", "company_details")
# Ends of collections that hold one record in every company.
_MAX_REFERENCES: Final = 100
# Records of a resource that others refer to.
_MAX_READ: Final = 10_000
# Records of other resources that are kept in memory while one is filled.
COMPANIES: Final = {COMPANY: "Sandbox Trading Ltd", 8: "Sandbox Ireland Ltd"}
"""The names of the companies that ``/sites`` lists, by their numbers."""
_SHARED_KEYS: Final = {
    "product_purchase_figures": "products",
    "product_sales_figures": "products",
    "purchase_authorisations": "purchase_posted_transactions",
}
# Resources whose records have the ids of those of another.


class Company:
    """The records that a store starts with.

    Args:
        catalog: Every resource.
        records: How many records of each resource; None for a small company.
        seed: The same seed makes the same company.
        bare: Whether to leave out all but what every company has.
    """

    def __init__(
        self,
        catalog: Catalog,
        records: Mapping[str, int] | None = None,
        seed: int = 1,
        *,
        bare: bool = False,
    ) -> None:
        self._catalog = catalog
        self._records = _SMALL_COMPANY if records is None else records
        self._seed = seed
        self._bare = bare

    def count(self, path: str) -> int:
        """Return how many records a resource starts with."""
        if self._catalog.tables[path].is_single:
            return 1
        if path.endswith("_types"):
            return self._records.get(path, len(type_values(path)))
        if self._bare or (path in _MAIN and path not in self._records):
            return 0
        if path in self._records:
            return self._records[path]
        if path in LEDGERS:  # one for each account
            return self.count(f"{LEDGERS[path]}s")
        usual = 1 if path.endswith(_ONE_RECORD) else DEFAULT_COUNT
        return len(REFERENCE.get(path, ())) or usual

    def rows(self, store: Store, path: str) -> Iterator[Row]:
        """Yield the rows that a resource starts with."""
        generator = RecordGenerator(
            self._catalog,
            self._seed,
            self.count,
            lambda other: self._keys(store, other),
            self._reader(store),
        )
        if path == SITES:
            yield from _site_rows()
        elif store.views.has(path) and path not in self._records:
            yield from store.views.rows(path)
        elif path == ORDER_LINES:
            yield from order_line_view_rows(self._catalog, self.count(path), self._seed)
        elif path in _SHARED_KEYS and path not in self._records:
            keys = store.keys(_SHARED_KEYS[path])
            yield from generator.rows(path, len(keys), keys)
        elif path in LEDGERS:
            balances = _balances(store, f"{LEDGERS[path]}s")
            yield from generator.rows(path, self.count(path), balances=balances)
        else:
            yield from generator.rows(path, self.count(path))

    def _reader(self, store: Store) -> Records:
        """Return a function that reads records of other resources."""
        read: dict[tuple[str, int], Values] = {}

        def record(path: str, key: int) -> Values:
            if (path, key) not in read:
                if len(read) > _MAX_READ:
                    read.clear()
                filling = store.is_filling(path)
                bodies = {} if filling else store.bodies(path, [key])
                read[path, key] = decode(bodies.get(key, b"{}"))
            return read[path, key]

        return record

    def _keys(self, store: Store, path: str) -> Sequence[int]:
        """Return some keys that a resource has, or will have once it is filled."""
        is_embedded = store.embedded_lists.of_child(path) is not None
        is_filling = store.is_filling(path)
        if (is_embedded or store.has_table(path)) and not is_filling:
            return store.keys(path, limit=_MAX_REFERENCES)
        if is_embedded:
            return ()
        return expected_keys(self._catalog, path, self.count(path), self._seed)


def _balances(store: Store, path: str) -> list[tuple[int, int]]:
    """Return the id of each customer or supplier, and what it owes in pence."""
    pence = "CAST(round(json_extract(body, '$.balance') * 100) AS INTEGER)"
    return store.execute(f'SELECT key, {pence} FROM "{path}" ORDER BY key')  # noqa: S608 - the catalog's


def generate_rows(catalog: Catalog, path: str, count: int, seed: int) -> Iterator[Row]:
    """Return the first *count* rows of a resource, without a store."""
    if path == ORDER_LINES:
        return order_line_view_rows(catalog, count, seed)
    company = Company(catalog, dict.fromkeys(_SMALL_COMPANY, _MAX_REFERENCES))

    read: dict[str, dict[int, Values]] = {}

    def keys(other: str) -> Sequence[int]:
        return expected_keys(catalog, other, company.count(other), seed)

    def record(other: str, key: int) -> Values:
        if other not in read:
            read[other] = {}
            rows = rows_of_resource(other, company.count(other))
            read[other] = {row.key: decode(row.body) for row in rows}
        return read[other].get(key, {})

    def rows_of_resource(other: str, number: int) -> Iterator[Row]:
        traders = f"{LEDGERS[other]}s" if other in LEDGERS else ""
        balances = [
            (row.key, round(decode(row.body)["balance"] * 100))
            for row in (rows_of_resource(traders, _MAX_REFERENCES) if traders else ())
        ]
        return generator.rows(other, number, balances=balances)

    generator = RecordGenerator(catalog, seed, company.count, keys, record)
    return rows_of_resource(path, count)


def expected_keys(catalog: Catalog, path: str, count: int, seed: int) -> list[int]:
    """Return the first keys that a resource will have once it is filled."""
    if not catalog.tables[path].key:
        return []
    generator = RecordGenerator(catalog, seed, lambda _: 0, lambda _: (), _no_record)
    return [key for _, key in generator.numbers(path, min(count, _MAX_REFERENCES))]


def _no_record(path: str, key: int) -> Values:
    del path, key
    return {}


def order_line_view_rows(catalog: Catalog, count: int, seed: int) -> Iterator[Row]:
    """Yield the first *count* rows of the view of order lines, without a store."""
    records: dict[str, dict[int, str]] = {}

    def lookup(path: str, key: int) -> str | None:
        if path not in records:
            rows = generate_rows(catalog, path, _MAX_REFERENCES, seed)
            records[path] = {row.key: row.body for row in rows}
        return records[path].get(key)

    def views() -> Iterator[Row]:
        for row in generate_rows(catalog, ORDERS, count, seed):
            yield from rows_of(ORDER_LINES, row.body, row.expandables, lookup)

    yield from itertools.islice(views(), count)


def _site_rows() -> Iterator[Row]:
    for key, (number, name) in enumerate(COMPANIES.items(), 1):
        site: dict[str, Any] = {
            "company_id": number,
            "company_name": name,
            "tenant_id": 4711,
            "site_id": SITE,
            "site_name": "Sandbox Trading Group",
            "site_short_name": "SANDBOX",
        }
        yield Row(key, encode(site).decode(), "{}")
