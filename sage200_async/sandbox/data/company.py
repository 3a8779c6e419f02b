"""A made-up company: how many records of each resource, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.data.enums import literals_of
from sage200_async.sandbox.data.expandables import FEW
from sage200_async.sandbox.data.generator import Maker
from sage200_async.sandbox.store.order_line_views import (
    ORDERS,
    VIEW,
    sources_of,
    views_of,
)
from sage200_async.sandbox.store.rows import Row, decode, encode, row_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sage200_async.sandbox.server.routes import Catalog
    from sage200_async.sandbox.store.store import Store

SITE: Final = "7a2f6f0e-5d1c-4c0b-9b53-1f0e3a9d2c11"
COMPANY: Final = 7
SITES: Final = "sites"
DEFAULT: Final = {"customers": 2_000, "products": 1_000, ORDERS: 500}
"""The made-up company where nothing else is asked for."""
_MAIN: Final = {*DEFAULT, VIEW}
_ONE: Final = ("_settings", "company_details")
# Collections that hold one record in every company.
_REFERRED: Final = 100
_COMPANIES: Final = ((COMPANY, "Sandbox Trading Ltd"), (8, "Sandbox Ireland Ltd"))
_NUMBERED_AS: Final = {
    "product_purchase_figures": "products",
    "product_sales_figures": "products",
    "purchase_authorisations": "purchase_posted_transactions",
}
# Read by the id of another record, and without one of their own.


class Company:
    """What a store holds at first.

    Args:
        catalog: Every resource.
        records: How many records of each resource; None for a small company.
        seed: Another seed, another company.
        bare: Whether it holds nothing but what every company has.
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
        self._records = DEFAULT if records is None else records
        self._seed = seed
        self._bare = bare

    def count(self, path: str) -> int:
        """Give how many records a resource holds at first."""
        if self._catalog.tables[path].single:
            return 1
        if path.endswith("_types"):
            return self._records.get(path, len(literals_of(path)))
        if self._bare or path in _MAIN:
            return 0 if self._bare else self._records.get(path, 0)
        return self._records.get(path, 1 if path.endswith(_ONE) else FEW)

    def rows(self, store: Store, path: str) -> Iterator[Row]:
        """Make the records that a resource holds at first."""
        count = self.count(path)
        maker = Maker(
            self._catalog,
            self._seed,
            self.count,
            lambda other: self._keys(store, other),
        )
        if path == SITES:
            yield from _sites()
        elif path == VIEW and path not in self._records:
            yield from _views_in(store)
        elif path == VIEW:
            yield from line_views(self._catalog, count, self._seed)
        elif path in _NUMBERED_AS and path not in self._records:
            numbers = store.keys(_NUMBERED_AS[path])
            yield from maker.rows(path, len(numbers), numbers)
        else:
            yield from maker.rows(path, count)

    def _keys(self, store: Store, path: str) -> Sequence[int]:
        """Give some keys that a resource has, or will have once it is made."""
        part, busy = store.parts.holding(path), store.is_filling(path)
        if (part or store.is_made(path)) and not busy:
            return store.keys(path)[:_REFERRED]
        if part:
            return ()
        return would_be(self._catalog, path, self.count(path), self._seed)


def make(catalog: Catalog, path: str, count: int, seed: int) -> Iterator[Row]:
    """Make the first *count* records of a resource, in a company of its own."""
    if path == VIEW:
        return line_views(catalog, count, seed)
    company = Company(catalog, dict.fromkeys(DEFAULT, _REFERRED))

    def keys(other: str) -> Sequence[int]:
        return would_be(catalog, other, company.count(other), seed)

    return Maker(catalog, seed, company.count, keys).rows(path, count)


def would_be(catalog: Catalog, path: str, count: int, seed: int) -> list[int]:
    """Give the first keys of a resource that is not made yet."""
    if not catalog.tables[path].key:
        return []
    maker = Maker(catalog, seed, lambda _: 0, lambda _: ())
    return [key for _, key in maker.numbered(path, min(count, _REFERRED))]


def line_views(catalog: Catalog, count: int, seed: int) -> Iterator[Row]:
    """Make the first *count* rows of the lines' view, of orders as they would be."""
    table, left = catalog.tables[VIEW], count
    sources = sources_of(table)
    customers, products = (
        {row.key: decode(row.body) for row in make(catalog, path, _REFERRED, seed)}
        for path in ("customers", "products")
    )
    for row in make(catalog, ORDERS, count, seed):
        record = decode(row.body) | decode(row.members)
        customer = customers.get(record["customer_id"], {})
        for view in views_of(sources, record, customer, products):
            if not left:
                return
            left -= 1
            yield row_of(table, view)


def _views_in(store: Store) -> Iterator[Row]:
    """Give the rows of the lines' view, of the orders that there are."""
    table = store.tables[VIEW]
    sources = sources_of(table)
    for order in store.rows(ORDERS):
        for view in store.line_views.views(sources, order):
            yield row_of(table, view)


def _sites() -> Iterator[Row]:
    for key, (number, name) in enumerate(_COMPANIES, 1):
        site: dict[str, Any] = {
            "company_id": number,
            "company_name": name,
            "tenant_id": 4711,
            "site_id": SITE,
            "site_name": "Sandbox Trading Group",
            "site_short_name": "SANDBOX",
        }
        yield Row(key, encode(site).decode(), "{}")
