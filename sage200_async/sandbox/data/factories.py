"""Made-up traders and products: what distinguishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw

from sage200_async.sandbox.data import wordlists
from sage200_async.sandbox.data.row_templates import row_template, text
from sage200_async.sandbox.data.values import vat_number

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from sage200_async.sandbox.data.consistency import Records
    from sage200_async.sandbox.data.values import Keys
    from sage200_async.sandbox.schema.tables import Table

    Factory = Callable[[Random, int, int], "Fields"]
    """Makes the distinctive fields of a record, by its index and its key."""

Fields = tuple[dict[str, str], dict[str, Any]]
"""Plain fields as JSON, and related records."""
_ON_HOLD: Final = ("true", *("false",) * 19)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_AREAS: Final = ("0113", "0117", "0121", "0131", "0191", "020", "028", "029")
_FREE: Final = (0, 0, 5, 12, 40, 75, 107, 230, 600, 1000)
# Quantities of a product in stock that no order has taken.


def trader_factory(table: Table, keys: Keys) -> Factory:
    """Return a function that makes customers or suppliers.

    They have a name, money, an address and contacts.
    """
    trader = table.path.removesuffix("s")
    address = row_template(
        table.shape.expandables["main_address"],
        f"{trader}_id address_1 city county postcode id",
        country="Great Britain",
        address_country_code_id=next(iter(keys("country_codes")), 0),
    )
    contact = _contact_template(table, trader)

    def make(random: Random, index: int, key: int) -> Fields:
        area, number = random.choice(_AREAS), f"496 {random.randrange(10**4):04d}"
        values = _trader_fields(random, index) | {
            "telephone_country_code": '"44"',
            "telephone_area_code": text(area),
            "telephone_subscriber_number": text(number),
        }
        town = _town(random) | {f"{trader}_id": str(key), "id": str(key + 1)}
        contacts = [
            contact(
                _contact(random, key, count, f"{area} {number}")
                | {f"{trader}_id": str(key)}
            )
            for count in range(random.choice((1, 1, 2, 3)))
        ]
        related = {
            "main_address": Raw(address(town).encode()),
            "contacts": Raw(f"[{','.join(contacts)}]".encode()),
        }
        return values, related

    return make


def _trader_fields(random: Random, index: int) -> dict[str, str]:
    surname = random.choice(wordlists.SURNAMES)
    trade, form = random.choice(wordlists.TRADES), random.choice(wordlists.LEGAL_FORMS)
    letters = "".join(char for char in surname.upper() if char in _LETTERS)[:3]
    return {
        "reference": text(f"{letters}{index:05d}"[:8]),
        "name": text(f"{surname} {trade} {form}"[:60]),
        "short_name": text(surname[:8]),
        "balance": f"{random.randrange(-250_000, 5_000_000) / 100:.2f}",
        "on_hold": random.choice(_ON_HOLD),
        "credit_limit": f"{random.randrange(100) * 500}.00",
        "vat_number": text(vat_number(random)),
        "website": f'"www.example-{index}.test"',
    }


def _contact_template(table: Table, trader: str) -> Callable[[dict[str, str]], str]:
    """Return a function that makes the JSON of a contact with its e-mail address."""
    record = table.shape.expandables["contacts"]
    contact = row_template(
        record,
        f"{trader}_id name first_name last_name default_telephone default_email "
        "is_default id",
    )
    email = row_template(
        record, f"email {trader}_contact_id id", inner="emails", is_default=True
    )

    def make(own: dict[str, str]) -> str:
        mail = {
            "email": own["default_email"],
            f"{trader}_contact_id": own["id"],
            "id": str(int(own["id"]) + 1),
        }
        return f'{contact(own)[:-1]},"emails":[{email(mail)}]}}'

    return make


def product_factory(table: Table, keys: Keys, records: Records) -> Factory:
    """Return a function that makes products: code, name, cost and stock."""
    warehouse = next(iter(keys("warehouses")), 0)
    shape = table.shape.expandables["warehouse_holdings"]
    stock = "confirmed_qty_in_stock quantity_in_stock quantity_in_stock_less_reserved"
    free = "free_stock_available free_stock_available_less_reserved"
    name = records("warehouses", warehouse).get("name", "")
    holding = row_template(
        shape,
        f"product_id {stock} {free} id",
        warehouse_id=warehouse,
        warehouse_name=name,
        is_default_manufacturing_warehouse=True,
    )
    holding_bin = row_template(
        shape,
        f"warehouse_holding_id product_id {stock} {free} id",
        inner="bin_holdings",
        name="Unspecified",
        allocation_priority=9,
    )

    def make(random: Random, index: int, key: int) -> Fields:
        thing = (
            f"{random.choice(wordlists.MATERIALS)} {random.choice(wordlists.THINGS)}"
        )
        cost, quantity = random.randrange(50, 50_000), f"{random.choice(_FREE)}.00000"
        values = {
            "code": text(f"{thing[:2].upper()}/{index:06d}"),
            "name": text(thing),
            "description": text(f"{thing}, boxed in {random.randrange(1, 50)}s"),
            "barcode": f'"{5_000_000_000_000 + random.randrange(10**9)}"',
            "free_stock_quantity": quantity,
            "standard_cost": f"{cost / 100:.5f}",
            "average_buying_price": f"{cost / 100:.5f}",
            "weight": f"{random.randrange(10_000) / 1000:.5f}",
        }
        levels = dict.fromkeys(f"{stock} {free}".split(), quantity)
        levels |= {"product_id": str(key), "warehouse_holding_id": str(key + 1)}
        own = holding(levels | {"id": str(key + 1)})
        bins = holding_bin(levels | {"id": str(key + 2)})
        rows = f'[{own[:-1]},"bin_holdings":[{bins}]}}]'
        return values, {"warehouse_holdings": Raw(rows.encode())}

    return make


def _town(random: Random) -> dict[str, str]:
    city, county, outward = random.choice(wordlists.TOWNS)
    letters = f"{random.choice('ABDEFGHJ')}{random.choice('LNPQRSTU')}"
    return {
        "address_1": text(
            f"{random.randrange(1, 300)} {random.choice(wordlists.STREETS)}"
        ),
        "city": text(city),
        "county": text(county),
        "postcode": text(f"{outward} {random.randrange(10)}{letters}"),
    }


def _contact(random: Random, key: int, number: int, phone: str) -> dict[str, str]:
    first, last = (
        random.choice(wordlists.FIRST_NAMES),
        random.choice(wordlists.SURNAMES),
    )
    return {
        "name": text(f"{first} {last}"),
        "first_name": text(first),
        "last_name": text(last),
        "default_telephone": text(phone),
        "default_email": text(f"contact{number}@example-{key}.test"),
        "is_default": msgspec.json.encode(number == 0).decode(),
        "id": str(key + 2 + number * 3),
    }
