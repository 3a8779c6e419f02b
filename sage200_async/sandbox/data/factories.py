"""Made-up traders and products: what distinguishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw

from sage200_async.sandbox.data import wordlists
from sage200_async.sandbox.data.row_templates import (
    below,
    choose,
    plain,
    row_template,
    text,
)
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
_PREFIXES: Final = {
    name: "".join(char for char in name.upper() if char in _LETTERS)[:3]
    for name in wordlists.SURNAMES
}
# What the references of traders begin with.
_AREAS: Final = ("0113", "0117", "0121", "0131", "0191", "020", "028", "029")
_FREE: Final = (0, 0, 5, 12, 40, 75, 107, 230, 600, 1000)
# Quantities of a product in stock that no order has taken.


def trader_factory(table: Table, keys: Keys) -> Factory:
    """Return a function that makes customers or suppliers.

    They have a name, money, an address and contacts.
    """
    trader = table.path.removesuffix("s")
    owner = f"{trader}_id"
    address = row_template(
        table.shape.expandables["main_address"],
        f"{trader}_id address_1 city county postcode id",
        country="Great Britain",
        address_country_code_id=next(iter(keys("country_codes")), 0),
    )
    contact = _contact_template(table, trader)

    def make(random: Random, index: int, key: int) -> Fields:
        area, number = choose(random, _AREAS), f"496 {below(random, 10**4):04d}"
        values = _trader_fields(random, index)
        values["telephone_area_code"] = plain(area)
        values["telephone_subscriber_number"] = plain(number)
        town = _town(random)
        town[owner], town["id"] = str(key), str(key + 1)
        contacts: list[str] = []
        for count in range(choose(random, (1, 1, 2, 3))):
            person = _contact(random, key, count, f"{area} {number}")
            person[owner] = str(key)
            contacts.append(contact(person))
        related = {
            "main_address": Raw(address(town).encode()),
            "contacts": Raw(f"[{','.join(contacts)}]".encode()),
        }
        return values, related

    return make


def _trader_fields(random: Random, index: int) -> dict[str, str]:
    surname, digits = choose(random, wordlists.SURNAMES), f"{index:05d}"
    trade, form = (
        choose(random, wordlists.TRADES),
        choose(random, wordlists.LEGAL_FORMS),
    )
    return {
        "reference": f'"{_PREFIXES[surname][: 8 - len(digits)]}{digits}"',
        "name": plain(f"{surname} {trade} {form}"[:60]),
        "short_name": plain(surname[:8]),
        "balance": f"{(below(random, 5_250_000) - 250_000) / 100:.2f}",
        "on_hold": choose(random, _ON_HOLD),
        "credit_limit": f"{below(random, 100) * 500}.00",
        "vat_number": plain(vat_number(random)),
        "website": f'"www.example-{index}.test"',
        "telephone_country_code": '"44"',
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

    link = f"{trader}_contact_id"

    def make(own: dict[str, str]) -> str:
        key = own["id"]
        mail = {"email": own["default_email"], link: key, "id": str(int(key) + 1)}
        return f'{contact(own)[:-1]},"emails":[{email(mail)}]}}'

    return make


def product_factory(table: Table, keys: Keys, records: Records) -> Factory:
    """Return a function that makes products: code, name, cost and stock."""
    warehouse = next(iter(keys("warehouses")), 0)
    shape = table.shape.expandables["warehouse_holdings"]
    stock = "confirmed_qty_in_stock quantity_in_stock quantity_in_stock_less_reserved"
    free = "free_stock_available free_stock_available_less_reserved"
    level_names = f"{stock} {free}".split()
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
            f"{choose(random, wordlists.MATERIALS)} {choose(random, wordlists.THINGS)}"
        )
        cost, quantity = 50 + below(random, 49_950), f"{choose(random, _FREE)}.00000"
        values = {
            "code": text(f"{thing[:2].upper()}/{index:06d}"),
            "name": text(thing),
            "description": text(f"{thing}, boxed in {1 + below(random, 49)}s"),
            "barcode": f'"{5_000_000_000_000 + below(random, 10**9)}"',
            "free_stock_quantity": quantity,
            "standard_cost": f"{cost / 100:.5f}",
            "average_buying_price": f"{cost / 100:.5f}",
            "weight": f"{below(random, 10_000) / 1000:.5f}",
        }
        levels = dict.fromkeys(level_names, quantity)
        levels |= {"product_id": str(key), "warehouse_holding_id": str(key + 1)}
        own = holding(levels | {"id": str(key + 1)})
        bins = holding_bin(levels | {"id": str(key + 2)})
        rows = f'[{own[:-1]},"bin_holdings":[{bins}]}}]'
        return values, {"warehouse_holdings": Raw(rows.encode())}

    return make


def _town(random: Random) -> dict[str, str]:
    city, county, outward = choose(random, wordlists.TOWNS)
    letters = f"{choose(random, 'ABDEFGHJ')}{choose(random, 'LNPQRSTU')}"
    street = choose(random, wordlists.STREETS)
    return {
        "address_1": plain(f"{1 + below(random, 299)} {street}"),
        "city": plain(city),
        "county": plain(county),
        "postcode": plain(f"{outward} {below(random, 10)}{letters}"),
    }


def _contact(random: Random, key: int, number: int, phone: str) -> dict[str, str]:
    first = choose(random, wordlists.FIRST_NAMES)
    last = choose(random, wordlists.SURNAMES)
    return {
        "name": plain(f"{first} {last}"),
        "first_name": plain(first),
        "last_name": plain(last),
        "default_telephone": plain(phone),
        "default_email": f'"contact{number}@example-{key}.test"',
        "is_default": "false" if number else "true",
        "id": str(key + 2 + number * 3),
    }
