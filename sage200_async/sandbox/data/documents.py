"""Made-up orders, quotes and ledger transactions: their sums add up."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Raw

from sage200_async.sandbox.data.row_templates import below, choose, row_template, text
from sage200_async.sandbox.schema.enums import FIELD_VALUES
from sage200_async.sandbox.store.timestamps import TICKS, timestamp_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from sage200_async.sandbox.data.consistency import Records
    from sage200_async.sandbox.data.factories import Factory, Fields
    from sage200_async.sandbox.data.values import Keys
    from sage200_async.sandbox.schema.tables import Table

DOCUMENTS: Final = {
    "sop_orders": "customer",
    "sop_quotes": "customer",
    "pop_orders": "supplier",
}
"""Resources whose records have lines, and whom they are for."""
LEDGERS: Final = {
    "sales_posted_transactions": "customer",
    "purchase_posted_transactions": "supplier",
}
"""Resources of posted transactions, and whose they are."""
_FIRST_DAY: Final = 1704153600 * TICKS  # 2 January 2024
_DAY: Final = 86_400 * TICKS
_PENNY: Final = Decimal("0.01")
_DATES: Final = ("document_date", "requested_delivery_date", "promised_delivery_date")
_MARKUP: Final = Decimal("1.6")
_STEPS: Final = 3
# Between the numbers of a ledger's transactions: all ledgers share one counter.
_MAX_SETTLED: Final = 100_000
_PRICES: Final = (
    "selling_unit_price=price unit_buying_price=price discounted_unit_price=price "
    "cost_price=cost line_tax_value=tax line_total_value=net "
    "requested_delivery_date=day promised_delivery_date=day "
    "line_quantity=quantity stock_unit_line_quantity=quantity "
    "product_id code description line_number id sop_order_id sop_quote_id pop_order_id "
)
_STAGES: Final = (
    "despatch_receipt",
    "invoice_credit",
    "posted_invoice_credit",
    "receipt_return",
)
_STATUSES: Final = (
    "despatch_receipt_status",
    "invoice_credit_status",
    "receipt_return_status",
)
_ZEROS: Final = (
    "subtotal_charge_net_value subtotal_charges_net_value subtotal_charge_tax_value "
    "subtotal_discount_value subtotal_landed_costs_value settlement_discount_percent "
    "document_discount_percent payment_value payment_declared payment_undeclared "
    "declared_payment_remaining"
)


def selling_price(cost: Any) -> Decimal:
    """Return the price of a product in the standard price band."""
    return (max(Decimal(str(cost or 0)), _PENNY) * _MARKUP).quantize(_PENNY)


_UNIT_IDS: Final = ("selling_unit_id", "pricing_unit_id", "buying_unit_id")
_UNIT_NAMES: Final = tuple(name.replace("_id", "_description") for name in _UNIT_IDS)
_ONES: Final = ("selling_unit_multiple", "stock_unit_multiple", "pricing_unit_multiple")
_PRECISIONS: Final = ("line_unit_precision", "stock_unit_precision")


class _Product(NamedTuple):
    """What lines take of a product. Money in pence."""

    key: str
    code: str
    name: str
    cost: int
    price: int

    @classmethod
    def of(cls, key: int, product: Mapping[str, Any]) -> _Product:
        """Return what lines take of a record."""
        cost = max(Decimal(str(product.get("standard_cost", "10.00"))), _PENNY)
        return cls(
            str(key),
            text(product.get("code", "")),
            text(product.get("name", "")),
            _pence(cost),
            _pence(selling_price(cost.quantize(_PENNY))),
        )


def document_factory(table: Table, keys: Keys, records: Records) -> Factory:
    """Return a function that makes orders or quotes: header, totals and 1 to 8 lines."""
    trader, own = DOCUMENTS[table.path], table.path.removesuffix("s")
    traders = keys(f"{trader}s") or (0,)
    products = [_Product.of(key, records("products", key)) for key in keys("products")]
    products = products or [_Product.of(0, {})]
    line_json = {
        done: _line_template(table, keys, records, done=done) for done in (False, True)
    }

    def make(random: Random, index: int, key: int) -> Fields:
        day = f'"{timestamp_at(_FIRST_DAY + index // 20 * _DAY)}"'
        status = choose(random, FIELD_VALUES["document_status"])
        done = status == "EnumDocumentStatusComplete"
        rows: list[str] = []
        net = tax = 0
        for number in range(1, choose(random, (1, 2, 3, 4, 8)) + 1):
            line = _line_fields(random, choose(random, products))
            net, tax = net + line["net"], tax + line["tax"]
            line |= {name: _pounds(line[name]) for name in ("net", "tax")}
            line |= {"day": day, "line_number": number, "id": key + number}
            line[f"{own}_id"] = key
            rows.append(line_json[done](line))
        values = _header(random, index, net, tax) | _header_statuses(status, done=done)
        owner = choose(random, traders)
        values[f"{trader}_id"] = str(owner if index else traders[0])
        values |= dict.fromkeys(_DATES, day)
        return values, {"lines": Raw(f"[{','.join(rows)}]".encode())}

    return make


def _line_template(
    table: Table, keys: Keys, records: Records, *, done: bool
) -> Callable[[Mapping[str, Any]], str]:
    """Return a function that makes the JSON of a line of an order that is *done*."""
    first = {path: next(iter(keys(path)), 0) for path in ("warehouses", "units")}
    sales = records("nominal_codes", next(iter(keys("nominal_codes")), 0))
    stages = (
        [f"{stage}_quantity" for stage in _STAGES] if done else ["to_allocate_quantity"]
    )
    stages += [f"stock_unit_{name}" for name in stages]
    fixed: dict[str, Any] = {
        "warehouse_id": first["warehouses"],
        "tax_code_id": keys("tax_codes")[1] if len(keys("tax_codes")) > 1 else 0,
        "nominal_reference": sales.get("reference", ""),
        "line_type": "EnumLineTypeStandard",
        "show_on_customer_docs": True,
        "is_complete": done,
        "is_line_deletable": not done,
        **dict.fromkeys(_STATUSES, f"EnumLineStatus{'Fully' if done else 'None'}"),
        **dict.fromkeys(_UNIT_IDS, first["units"]),
        **dict.fromkeys(_UNIT_NAMES, "Each"),
        **dict.fromkeys(_ONES, 1),
        **dict.fromkeys(_PRECISIONS, Decimal("0.00001")),
    }
    varying = _PRICES + " ".join(f"{name}=quantity" for name in stages)
    return row_template(table.shape.expandables["lines"], varying, **fixed)


def _line_fields(random: Random, product: _Product) -> dict[str, Any]:
    """Return what distinguishes a line; what it amounts to in pence."""
    quantity = 1 + below(random, 199)
    net = quantity * product.price
    return {
        "product_id": product.key,
        "code": product.code,
        "description": product.name,
        "quantity": f"{quantity}.00000",
        "price": _pounds(product.price),
        "cost": _pounds(product.cost),
        "net": net,
        "tax": (2 * net + 5) // 10,  # a fifth, rounded
    }


def _header(random: Random, index: int, net: int, tax: int) -> dict[str, str]:
    order_no = f'"PO-{below(random, 10**5)}"'
    return dict.fromkeys(_ZEROS.split(), "0.00") | {
        "is_draft": "false",
        "document_no": f'"{index + 1:010d}"',
        "exchange_rate": "1.000000",
        "subtotal_goods_value": _pounds(net),
        "total_net_value": _pounds(net),
        "total_tax_value": _pounds(tax),
        "total_gross_value": _pounds(net + tax),
        "customer_document_no": order_no,
        "supplier_document_no": order_no,
    }


def _header_statuses(status: str, *, done: bool) -> dict[str, str]:
    process = f'"EnumDocumentProcessStatus{"Full" if done else "None"}"'
    return {
        "document_status": f'"{status}"',
        "cancelled_status": '"EnumDocumentProcessStatusNone"',
        **dict.fromkeys(_STATUSES, process),
    }


def _pence(value: Decimal) -> int:
    """Return an amount as a whole number of pence."""
    return int(value.quantize(_PENNY) * 100)


def _pounds(value: int) -> str:
    """Return an amount in pence as JSON."""
    return f"{value // 100}.{value % 100:02d}" if value >= 0 else f"-{_pounds(-value)}"


def transaction_factory(table: Table, balances: Sequence[tuple[int, int]]) -> Factory:
    """Return a function that makes posted transactions.

    The first of each trader makes up the balance, the others are settled. A receipt's
    values are negative, so that what is outstanding adds up to the balance: inference.

    Args:
        table: The ledger.
        balances: The id of each trader, and what it owes in pence.
    """
    trader = LEDGERS[table.path]
    offset = 1 + [*LEDGERS].index(table.path)
    traders = balances or [(0, 0)]
    receipt = "Receipt" if trader == "customer" else "Payment"
    count = len(balances)
    days = [f'"{timestamp_at(_FIRST_DAY + number * _DAY)}"' for number in range(300)]

    def make(random: Random, index: int, key: int) -> Fields:
        del key
        owner, balance = traders[index % len(traders)]
        settled = below(random, _MAX_SETTLED)
        balance = balance if index < count else 0
        is_receipt = balance < 0
        values = _money(balance, balance if is_receipt else balance + settled)
        day = days[index % len(days)]
        kind = receipt if is_receipt else "Invoice"
        values |= {
            f"{trader}_id": str(owner),
            "trader_transaction_type": f'"TradingAccountEntryType{kind}"',
            "control_value_in_base_currency": values["base_gross_value"],
            "exchange_rate": "1.000000",
            "discount_percent": "0.00",
            "urn": str(_STEPS * index + offset),
            "reference": f'"INV{index + 1:06d}"',
            "second_reference": '""',
            "queried": '""',
            "transaction_date": day,
            "posted_date": day,
            "due_date": day,
        }
        return values, {}

    return make


def _money(balance: int, gross: int) -> dict[str, str]:
    """Return the values of a transaction of which *balance* is outstanding, in pence."""
    tax = max((gross + 3) // 6, 0)  # a sixth, rounded; receipts have none
    money = {
        "goods_value": _pounds(gross - tax),
        "gross_value": _pounds(gross),
        "tax_value": _pounds(tax),
        "discount_value": "0.00",
        "tax_discount_value": "0.00",
        "allocated_value": _pounds(gross - balance),
        "outstanding_value": _pounds(balance),
    }
    return {
        area + name: value
        for area in ("document_", "base_")
        for name, value in money.items()
    }
