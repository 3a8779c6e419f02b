"""What Sage fills in on a new record, and the sums of an order.

Source:
    prismatic-io/components, ``examplePayloads.ts``: what new customers, products, orders
    and lines came back with. Where it comes from is inference.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.data.documents import selling_price
from sage200_async.sandbox.store.records import WriteError
from sage200_async.sandbox.store.rows import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

_PENNY: Final = Decimal("0.01")
_NOTHING: Final = Decimal(0)
_BLANK_BIN: Final = {"name": "Unspecified", "allocation_priority": 9}


def derived_values(store: Store, table: Table, values: Mapping[str, Any]) -> Values:
    """Return what Sage fills in on a new record where its body does not.

    Args:
        store: The records.
        table: The resource.
        values: What the body sets.
    """
    fields: Values = {}
    if table.path in {"customers", "suppliers"}:
        fields = _trader(store)
    elif table.path == "products":
        fields = _product(store, values)
    elif table.path in ORDER_TRADERS:
        fields = _order(store, table, values)
    lists = {"warehouse_holdings"} & fields.keys()
    return {
        name: value
        for name, value in fields.items()
        if (name not in values or name in lists) and name in table.shape.fields
    }


ORDER_TRADERS: Final = {
    "sop_orders": "customer",
    "sop_quotes": "customer",
    "sop_returns": "customer",
    "pop_orders": "supplier",
}
"""Resources whose records have lines and can be drafts, and whom they are for."""


def today() -> str:
    """Return midnight of this day, in UTC, as Sage serves it."""
    return f"{datetime.now(UTC):%Y-%m-%d}T00:00:00Z"


def plain_record(store: Store, path: str, key: int) -> Values:
    """Return the plain fields of a record; none if there is no such record."""
    return decode(store.bodies(path, [key]).get(key, b"{}")) if key else {}


def _first(store: Store, path: str, **wanted: object) -> int:
    """Return the id of the first record that has these values; else of any, or 0."""
    keys = store.keys(path)
    bodies = store.bodies(path, keys)
    for key in keys:
        record = decode(bodies[key])
        if all(record.get(name) == value for name, value in wanted.items()):
            return key
    return next(iter(keys), 0)


def _trader(store: Store) -> Values:
    return {
        "currency_id": _first(store, "currencies", is_base_currency=True),
        "country_code_id": _first(store, "country_codes", code="GB"),
        "default_tax_code_id": _first(store, "tax_codes", code=1),
        "credit_bureau_id": _first(store, "credit_bureaus", is_default=True),
        "credit_position_id": _first(store, "credit_positions", is_default=True),
        "price_band_id": _first(store, "price_bands", is_standard_band=True),
        "default_nominal_code_reference": "4000",
        "account_opened": today(),
        "months_to_keep_transactions": 36,
        "payment_terms_days": 0,
        "payment_terms_basis": "PaymentDueFromCalendarMonth",
    }


def _product(store: Store, values: Mapping[str, Any]) -> Values:
    group = plain_record(store, "product_groups", values.get("product_group_id", 0))
    none: list[Values] = [{}]
    rows: list[Values] = values.get("warehouse_holdings", none)
    return {
        "tax_code_id": _first(store, "tax_codes", code=1),
        "allow_sales_order": True,
        "auto_generate_separator_id": _first(store, "auto_generate_separators"),
        "supplementary_unit_conversion_ratio": 1,
        "traceable_type": group.get("traceable_type", "EnumTraceableTypeNone"),
        "use_description_on_documents": group.get(
            "use_description_on_documents", False
        ),
        "warehouse_holdings": [holding(store, row) for row in rows],
    }


def holding(store: Store, row: Mapping[str, Any]) -> Values:
    """Return a product's new holding, with its warehouse's name and a bin."""
    warehouse = row.get("warehouse_id") or _first(store, "warehouses")
    name = plain_record(store, "warehouses", warehouse).get("name", "")
    own = {
        "warehouse_id": warehouse,
        "warehouse_name": name,
        "is_default_manufacturing_warehouse": True,
        "bin_holdings": [dict(_BLANK_BIN)],
    }
    return own | dict(row)


def _order(store: Store, table: Table, values: Mapping[str, Any]) -> Values:
    trader = ORDER_TRADERS[table.path]
    owner = plain_record(store, f"{trader}s", values.get(f"{trader}_id", 0))
    date = values.get("document_date", today())
    currency_id = values.get("currency_id") or owner.get("currency_id", 0)
    currency = plain_record(store, "currencies", currency_id)
    return {
        "document_date": date,
        "requested_delivery_date": date,
        "promised_delivery_date": date,
        "currency_id": currency_id,
        "exchange_rate": currency.get("core_currency_rate") or 1,
        "settlement_discount_days": owner.get("early_settlement_discount_days", 0),
        "settlement_discount_percent": owner.get(
            "early_settlement_discount_percent", 0
        ),
        "order_priority": owner.get("order_priority", ""),
        "is_credit_limit_exceeded": _is_over_limit(owner),
        "profitability": {},
    }


def _is_over_limit(owner: Mapping[str, Any]) -> bool:
    limit, balance = owner.get("credit_limit", 0), owner.get("balance", 0)
    return bool(limit) and balance > limit


def derived_line(
    store: Store,
    table: Table,
    order: Mapping[str, Any],
    line: Mapping[str, Any],
    number: int,
) -> Values:
    """Return a new line of an order with what Sage fills in.

    Args:
        store: The records.
        table: The order's resource.
        order: The order.
        line: What the body sets.
        number: Which of its lines it is, from 1.
    """
    trader = ORDER_TRADERS[table.path]
    owner = plain_record(store, f"{trader}s", order.get(f"{trader}_id", 0))
    product = plain_record(store, "products", line.get("product_id", 0))
    charge = {} if product else _charge(store, line)
    date = order.get("requested_delivery_date") or order.get("document_date")
    price = "unit_buying_price" if trader == "supplier" else "selling_unit_price"
    cost = product.get("standard_cost", charge.get("notional_cost_value", 0))
    list_price = cost if trader == "supplier" else selling_price(cost)
    known: Values = {
        "code": product.get("code", charge.get("code", "")),
        "description": product.get("name", charge.get("name", "")),
        "tax_code_id": product.get("tax_code_id")
        or owner.get("default_tax_code_id", 0),
        "nominal_reference": owner.get("default_nominal_code_reference", ""),
        "line_quantity": 1 if product or charge else 0,
        price: list_price if product else charge.get("charge_value", 0),
        "cost_price": cost,
        "requested_delivery_date": date,
        "promised_delivery_date": order.get("promised_delivery_date") or date,
        "show_on_customer_docs": True,
        "is_line_deletable": True,
        **({"warehouse_id": _warehouse(store, product)} if product else {}),
        **dict.fromkeys(_UNITS, "Each" if product else ""),
        **dict.fromkeys(_ONES, 1),
        **dict.fromkeys(_PRECISIONS, Decimal("0.00001")),
    }
    merged = {n: v for n, v in known.items() if v is not None} | dict(line)
    return merged | {"line_number": number} | line_sums(store, merged)


_UNITS: Final = (
    "selling_unit_description",
    "pricing_unit_description",
    "buying_unit_description",
)
_ONES: Final = ("selling_unit_multiple", "stock_unit_multiple", "pricing_unit_multiple")
_PRECISIONS: Final = ("line_unit_precision", "stock_unit_precision")


def _charge(store: Store, line: Mapping[str, Any]) -> Values:
    """Return the additional charge that a line names by its code."""
    if line.get("line_type") != "EnumLineTypeCharge" or not line.get("code"):
        return {}
    key = _first(store, "sop_additional_charges", code=line["code"])
    charge = plain_record(store, "sop_additional_charges", key)
    return charge if charge.get("code") == line["code"] else {}


def _warehouse(store: Store, product: Mapping[str, Any]) -> int:
    """Return where a product is kept first."""
    holdings = store.get("products", product["id"]).get("warehouse_holdings", ())
    return next((row["warehouse_id"] for row in holdings), 0) or _first(
        store, "warehouses"
    )


def line_sums(store: Store, line: Mapping[str, Any]) -> Values:
    """Return the sums of a line: price less discount, total and VAT."""
    price = number(line.get("selling_unit_price") or line.get("unit_buying_price"))
    percent = number(line.get("unit_discount_percent"))
    discount = number(line.get("unit_discount_value"))
    if percent:
        discount = _pence(price * percent / 100, "lines.unit_discount_percent")
    total = _pence((price - discount) * number(line.get("line_quantity")))
    tax_code = plain_record(store, "tax_codes", line.get("tax_code_id", 0))
    tax = _pence(total * number(tax_code.get("tax_rate")) / 100)
    return {
        "unit_discount_value": discount,
        "discounted_unit_price": price - discount,
        "stock_unit_line_quantity": line.get("line_quantity", 0),
        "line_total_value": total,
        "line_tax_value": tax,
    }


def _pence(value: Decimal, field: str = "lines.line_quantity") -> Decimal:
    """Return an amount, rounded.

    Raises:
        WriteError: It has more digits than a decimal number can have.
    """
    try:
        return value.quantize(_PENNY)
    except InvalidOperation:
        message = f"{field}: what it amounts to is out of range."
        raise WriteError(message) from None


def order_sums(lines: list[Mapping[str, Any]], discount_percent: Decimal) -> Values:
    """Return the totals of an order: the sums of its lines.

    Args:
        lines: All its lines.
        discount_percent: What the document as a whole takes off its goods, and off
            their VAT: inference, as is that the lines' totals are without it.
    """
    sums = {
        (name, is_charge): sum(
            (
                number(line.get(f"line_{name}_value"))
                for line in lines
                if (line.get("line_type") == "EnumLineTypeCharge") is is_charge
            ),
            _NOTHING,
        )
        for name in ("total", "tax")
        for is_charge in (False, True)
    }
    part = discount_percent / 100
    discount = _pence(sums["total", False] * part, "document_discount_percent")
    off_tax = _pence(sums["tax", False] * part, "document_discount_percent")
    net = sums["total", False] + sums["total", True] - discount
    tax = sums["tax", False] + sums["tax", True] - off_tax
    return {
        "subtotal_discount_value": discount,
        "subtotal_goods_value": sums["total", False],
        "subtotal_charge_net_value": sums["total", True],
        "subtotal_charges_net_value": sums["total", True],
        "subtotal_charge_tax_value": sums["tax", True],
        "total_net_value": net,
        "total_tax_value": tax,
        "total_gross_value": net + tax,
    }


def number(value: Any) -> Decimal:
    """Return a number of a record; nothing for null."""
    return Decimal(str(value or 0))
