"""Sage's names: of one and of many, and of what an id points at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Container

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MEANT: Final = {
    "alternative_product": "products",
    "cross_sell_product": "products",
    "posted_customer_transaction": "sales_posted_transactions",
    "posted_supplier_transaction": "purchase_posted_transactions",
}
# Ids that point at something that they are not called after.


def singular(name: str) -> str:
    """Give the name of one of many.

    Example:
        >>> [singular(n) for n in ("customers", "countries", "customer_faxes")]
        ['customer', 'country', 'customer_fax']
        >>> singular("warehouses"), singular("customer_delivery_addresses")
        ('warehouse', 'customer_delivery_address')
    """
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith(("sses", "xes")):
        return name[:-2]
    return name.removesuffix("s")


def plural(name: str) -> str:
    """Give the name of many.

    Example:
        >>> [plural(n) for n in ("currency", "customer_fax", "tax_code", "licence")]
        ['currencies', 'customer_faxes', 'tax_codes', 'licences']
    """
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("ss", "x")) else f"{name}s"


def snake(name: str) -> str:
    """Give a class's name as Sage writes it.

    Example:
        >>> snake("SopOrderLine")
        'sop_order_line'
    """
    return _HUMP.sub("_", name).lower()


def camel(name: str) -> str:
    """Give a name as enum literals are written.

    Example:
        >>> camel("ledger_type")
        'LedgerType'
    """
    return "".join(part.capitalize() for part in name.split("_"))


def target_of(field: str, paths: Container[str]) -> str:
    """Find the resource that an id points at, or ``""``.

    The longest name that is a resource wins: a ``default_tax_code_id`` is one
    of ``tax_codes``.

    Example:
        >>> target_of("default_tax_code_id", {"tax_codes", "codes"})
        'tax_codes'
        >>> target_of("session_id", {"tax_codes"})
        ''
    """
    if not field.endswith("_id"):
        return ""
    words = field.removesuffix("_id").split("_")
    for start in range(len(words)):
        name = "_".join(words[start:])
        for path in (_MEANT.get(name, ""), plural(name), name):
            if path in paths:
                return path
    return ""
