"""Made-up customers, products and sales orders."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.sandbox.data import wordlists
from sage200_async.sandbox.schema.enums import FIELD_VALUES
from sage200_async.sandbox.store.timestamps import TICKS, timestamp_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

Fields = tuple[dict[str, str], dict[str, Any]]
"""Plain fields as JSON, and related records."""
_TIMESTAMPS: Final = {
    "date_time_created": "2024-01-02T09:17:53.297Z",
    "date_time_updated": "2024-01-02T09:20:21.33Z",
}
_FIRST_ORDER_TICK: Final = 1704153600 * TICKS  # 2 January 2024
_PENNY: Final = Decimal("0.01")
_VAT: Final = Decimal("0.2")
_ON_HOLD: Final = ("true", *("false",) * 19)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def make_customer(random: Random, index: int, key: int) -> Fields:
    """Make a customer: names, money, address and contacts."""
    surname, trade = random.choice(wordlists.SURNAMES), random.choice(wordlists.TRADES)
    name = f"{surname} {trade} {random.choice(wordlists.LEGAL_FORMS)}"
    letters = "".join(char for char in surname.upper() if char in _LETTERS)[:3]
    number = random.randrange(10**6)
    values = {
        "reference": _text(f"{letters}{index:05d}"[:8]),
        "name": _text(name[:60]),
        "short_name": _text(surname[:8]),
        "balance": f"{random.randrange(-250_000, 5_000_000) / 100:.2f}",
        "on_hold": random.choice(_ON_HOLD),
        "telephone_country_code": '"44"',
        "telephone_subscriber_number": f'"{number:06d}"',
        "credit_limit": f"{random.randrange(100) * 500}.00",
        "vat_number": f'"GB{random.randrange(10**9):09d}"',
        "website": f'"www.example-{index}.test"',
    }
    count = random.choice((1, 1, 2, 3))
    related = {
        "main_address": _address(random, key),
        "contacts": [_contact(random, key, n, number) for n in range(count)],
    }
    return values, related


def make_product(random: Random, index: int, key: int) -> Fields:
    """Make a product: code, name, stock and cost."""
    del key
    thing = f"{random.choice(wordlists.MATERIALS)} {random.choice(wordlists.THINGS)}"
    cost = random.randrange(50, 50_000)
    values = {
        "code": _text(f"{thing[:2].upper()}/{index:06d}"),
        "name": _text(thing),
        "description": _text(f"{thing}, boxed in {random.randrange(1, 50)}s"),
        "barcode": f'"{5_000_000_000_000 + random.randrange(10**9)}"',
        "free_stock_quantity": f"{random.randrange(-500, 100_000) / 100:.5f}",
        "standard_cost": f"{cost / 100:.5f}",
        "average_buying_price": f"{cost / 90:.5f}",
        "weight": f"{random.randrange(10_000) / 1000:.5f}",
    }
    return values, {}


def make_order(
    random: Random, index: int, key: int, ids: Mapping[str, Sequence[int]]
) -> Fields:
    """Make a sales order: header, totals and one to eight lines.

    Args:
        random: The source of randomness.
        index: Which of the orders it is, from 0.
        key: Its id.
        ids: Ids of customers, products, warehouses and tax codes.
    """
    customer_id = _random_id(random, ids["customers"])
    day = timestamp_at(_FIRST_ORDER_TICK + index // 20 * 86_400 * TICKS)
    lines = [
        _line(random, key, number, ids)
        for number in range(1, random.choice((1, 2, 3, 4, 8)) + 1)
    ]
    for line in lines:
        line["requested_delivery_date"] = day
    net = sum((line["line_total_value"] for line in lines), Decimal("0.00"))
    tax = sum((line["line_tax_value"] for line in lines), Decimal("0.00"))
    values = {
        "customer_id": str(customer_id),
        "is_draft": "false",
        "document_no": f'"{index + 1:010d}"',
        "document_date": f'"{day}"',
        "document_status": _text(random.choice(FIELD_VALUES["document_status"])),
        "exchange_rate": "1.000000",
        "subtotal_goods_value": str(net),
        "subtotal_charge_net_value": "0.00",
        "subtotal_charge_tax_value": "0.00",
        "subtotal_discount_value": "0.00",
        "total_net_value": str(net),
        "total_tax_value": str(tax),
        "total_gross_value": str(net + tax),
        "customer_document_no": _text(f"PO-{random.randrange(10**5)}"),
    }
    return values, {"lines": lines}


def _random_id(random: Random, ids: Sequence[int]) -> int:
    return random.choice(ids) if ids else 0


def _line(
    random: Random, order_id: int, number: int, ids: Mapping[str, Sequence[int]]
) -> dict[str, Any]:
    product_id = _random_id(random, ids["products"])
    quantity = Decimal(random.randrange(1, 200))
    price = Decimal(random.randrange(50, 50_000)).scaleb(-2)
    total = quantity * price
    thing = f"{random.choice(wordlists.MATERIALS)} {random.choice(wordlists.THINGS)}"
    return {
        "sop_order_id": order_id,
        "line_type": "EnumLineTypeStandard",
        "product_id": product_id,
        "warehouse_id": ids["warehouses"][0] if ids["warehouses"] else 0,
        "code": f"{thing[:2].upper()}/{product_id:06d}",
        "description": thing,
        "line_quantity": Decimal(f"{quantity}.00000"),
        "line_number": number,
        "tax_code_id": ids["tax_codes"][0] if ids["tax_codes"] else 0,
        "allocated_quantity": Decimal("0.00000"),
        "allocation_status": "EnumLineStatusNone",
        "selling_unit_description": "Each",
        "selling_unit_price": price,
        "unit_discount_percent": Decimal("0.00"),
        "cost_price": (price / 2).quantize(_PENNY),
        "line_tax_value": (total * _VAT).quantize(_PENNY),
        "line_total_value": total,
        "requested_delivery_date": "",
        "is_complete": False,
        "id": order_id + number,
        **_TIMESTAMPS,
    }


def _address(random: Random, key: int) -> dict[str, Any]:
    city, county, outward = random.choice(wordlists.TOWNS)
    inward = (
        f"{random.randrange(10)}{random.choice('ABDEFGHJ')}{random.choice('LNPQRSTU')}"
    )
    return {
        "customer_id": key,
        "address_1": f"{random.randrange(1, 300)} {random.choice(wordlists.STREETS)}",
        "address_2": "",
        "address_3": "",
        "address_4": "",
        "city": city,
        "county": county,
        "postcode": f"{outward} {inward}",
        "country": "Ireland" if outward == "H91" else "United Kingdom",
        "address_country_code_id": 0,
        "id": key + 1,
        **_TIMESTAMPS,
    }


def _contact(random: Random, key: int, number: int, phone: int) -> dict[str, Any]:
    first, last = (
        random.choice(wordlists.FIRST_NAMES),
        random.choice(wordlists.SURNAMES),
    )
    contact_id = key + 2 + number * 3
    email = {
        "id": contact_id + 1,
        "email": f"contact{number}@example-{key}.test",
        "customer_contact_id": contact_id,
        "is_default": True,
        **_TIMESTAMPS,
    }
    return {
        "customer_id": key,
        "salutation_id": 0,
        "name": f"{first} {last}",
        "first_name": first,
        "middle_name": "",
        "last_name": last,
        "default_telephone": f"44 {phone:06d}",
        "default_email": email["email"],
        "is_default": number == 0,
        "emails": [email],
        "id": contact_id,
        **_TIMESTAMPS,
    }


def _text(text: str) -> str:
    return msgspec.json.encode(text).decode()
