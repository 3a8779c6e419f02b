"""Sage's spelling of names: singular and plural, and the resource an id refers to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Container

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SPECIAL_IDS: Final = {
    "alternative_product": "products",
    "associated_head_office": "customers",
    "bank_account": "banks",
    "bank_from": "banks",
    "bank_to": "banks",
    "bin_holding_from": "bin_holdings",
    "bin_holding_to": "bin_holdings",
    "cash_order_account": "customers",
    "country_of_origin": "country_codes",
    "cross_sell_product": "products",
    "currency_from": "currencies",
    "currency_to": "currencies",
    "document_created_by": "users",
    "document_originator": "users",
    "payment_method": "sop_payment_methods",
    "pop_order_return": "pop_orders",
    "pop_order_return_line": "pop_order_lines",
    "posted_customer_transaction": "sales_posted_transactions",
    "posted_supplier_transaction": "purchase_posted_transactions",
    "prospect_quote_account": "customers",
    "report_category": "nominal_report_categories",
    "sofa_category": "nominal_report_categories",
    "sop_order_return": "sop_orders",
    "sop_order_return_line": "sop_order_lines",
    "stock_item": "products",
}
# Ids that are not named after the resource they refer to.


def singular(name: str) -> str:
    """Return the singular of a resource's name.

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
    """Return the plural of a record's name.

    Example:
        >>> [plural(n) for n in ("currency", "customer_fax", "tax_code", "licence")]
        ['currencies', 'customer_faxes', 'tax_codes', 'licences']
    """
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("ss", "x")) else f"{name}s"


def snake(name: str) -> str:
    """Return the name of a class in snake case, as Sage spells it.

    Example:
        >>> snake("SopOrderLine")
        'sop_order_line'
    """
    return _HUMP.sub("_", name).lower()


def camel(name: str) -> str:
    """Return a name in camel case, as enum values are spelt.

    Example:
        >>> camel("ledger_type")
        'LedgerType'
    """
    return "".join(part.capitalize() for part in name.split("_"))


def referenced_resource(field: str, resources: Container[str]) -> str:
    """Return the resource that an id field refers to, or ``""``.

    The longest name that is a resource wins: ``default_tax_code_id`` refers to
    ``tax_codes``.

    Example:
        >>> referenced_resource("default_tax_code_id", {"tax_codes", "codes"})
        'tax_codes'
        >>> referenced_resource("session_id", {"tax_codes"})
        ''
    """
    if not field.endswith("_id"):
        return ""
    words = field.removesuffix("_id").split("_")
    for start in range(len(words)):
        name = "_".join(words[start:])
        for resource in (_SPECIAL_IDS.get(name, ""), plural(name), name):
            if resource in resources:
                return resource
    return ""
