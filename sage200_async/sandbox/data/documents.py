"""Made-up orders, quotes and ledger transactions: their sums add up."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw

from sage200_async.sandbox.data.row_templates import row_template, text
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
_PENNY: Final = Decimal("0.01")
_VAT: Final = Decimal("0.2")
_DATES: Final = ("document_date", "requested_delivery_date", "promised_delivery_date")
_MARKUP: Final = Decimal("1.6")
_STEPS: Final = 3
# Between the numbers of a ledger's transactions: all ledgers share one counter.
_MAX_SETTLED: Final = 100_000
_VARYING: Final = (
    "product_id code description line_quantity line_number selling_unit_price "
    "unit_buying_price discounted_unit_price cost_price line_tax_value "
    "line_total_value requested_delivery_date promised_delivery_date is_complete id "
    "stock_unit_line_quantity despatch_receipt_quantity invoice_credit_quantity "
    "posted_invoice_credit_quantity stock_unit_despatch_receipt_quantity "
    "stock_unit_invoice_credit_quantity receipt_return_quantity "
    "stock_unit_posted_invoice_credit_quantity stock_unit_receipt_return_quantity "
    "to_allocate_quantity stock_unit_to_allocate_quantity is_line_deletable "
    "despatch_receipt_status invoice_credit_status receipt_return_status "
    "sop_order_id sop_quote_id pop_order_id"
)


def selling_price(cost: Any) -> Decimal:
    """Return the price of a product in the standard price band."""
    return (max(Decimal(str(cost or 0)), _PENNY) * _MARKUP).quantize(_PENNY)


_UNIT_IDS: Final = ("selling_unit_id", "pricing_unit_id", "buying_unit_id")
_UNIT_NAMES: Final = tuple(name.replace("_id", "_description") for name in _UNIT_IDS)
_ONES: Final = ("selling_unit_multiple", "stock_unit_multiple", "pricing_unit_multiple")
_PRECISIONS: Final = ("line_unit_precision", "stock_unit_precision")


class _Line:
    """The numbers of one line."""

    def __init__(self, random: Random, product: dict[str, Any]) -> None:
        self.product = product
        self.quantity = random.randrange(1, 200)
        cost = Decimal(str(product.get("standard_cost", "10.00"))).quantize(_PENNY)
        self.cost = max(cost, _PENNY)
        self.price = selling_price(self.cost)
        self.net = self.quantity * self.price
        self.tax = (self.net * _VAT).quantize(_PENNY)


def document_factory(table: Table, keys: Keys, records: Records) -> Factory:
    """Return a function that makes orders or quotes: header, totals and 1 to 8 lines."""
    trader, own = DOCUMENTS[table.path], table.path.removesuffix("s")
    traders = keys(f"{trader}s")
    products = [(key, records("products", key)) for key in keys("products")]
    line_json = _line_template(table, keys, records)

    def make(random: Random, index: int, key: int) -> Fields:
        day = f'"{timestamp_at(_FIRST_DAY + index // 20 * 86_400 * TICKS)}"'
        status = random.choice(FIELD_VALUES["document_status"])
        done = status == "EnumDocumentStatusComplete"
        count = random.choice((1, 2, 3, 4, 8))
        nothing: tuple[int, dict[str, Any]] = (0, {})
        lines: list[_Line] = []
        rows: list[str] = []
        for number in range(1, count + 1):
            product_id, product = random.choice(products) if products else nothing
            line = _Line(random, product)
            lines.append(line)
            row = _line_fields(line, done=done) | {
                "product_id": str(product_id),
                "line_number": str(number),
                "requested_delivery_date": day,
                "promised_delivery_date": day,
                f"{own}_id": str(key),
                "id": str(key + number),
            }
            rows.append(line_json(row))
        values = _header(random, index, lines, status, done=done)
        owner = random.choice(traders) if traders else 0
        values[f"{trader}_id"] = str(owner if index else next(iter(traders), 0))
        values |= dict.fromkeys(_DATES, day)
        values = {name: values[name] for name in values if name in table.shape.served}
        return values, {"lines": Raw(f"[{','.join(rows)}]".encode())}

    return make


def _line_template(
    table: Table, keys: Keys, records: Records
) -> Callable[[Mapping[str, str]], str]:
    """Return a function that makes the JSON of a line."""
    first = {path: next(iter(keys(path)), 0) for path in ("warehouses", "units")}
    sales = records("nominal_codes", next(iter(keys("nominal_codes")), 0))
    fixed: dict[str, Any] = {
        "warehouse_id": first["warehouses"],
        "tax_code_id": keys("tax_codes")[1] if len(keys("tax_codes")) > 1 else 0,
        "nominal_reference": sales.get("reference", ""),
        "line_type": "EnumLineTypeStandard",
        "show_on_customer_docs": True,
        **dict.fromkeys(_UNIT_IDS, first["units"]),
        **dict.fromkeys(_UNIT_NAMES, "Each"),
        **dict.fromkeys(_ONES, 1),
        **dict.fromkeys(_PRECISIONS, Decimal("0.00001")),
    }
    return row_template(table.shape.expandables["lines"], _VARYING, **fixed)


def _line_fields(line: _Line, *, done: bool) -> dict[str, str]:
    whole, none = f"{line.quantity}.00000", "0.00000"
    filled, open_quantity = (whole, none) if done else (none, whole)
    status = text("EnumLineStatusFully" if done else "EnumLineStatusNone")
    stages = (
        "despatch_receipt",
        "invoice_credit",
        "posted_invoice_credit",
        "receipt_return",
    )
    fields = {f"{stage}_quantity": filled for stage in stages}
    fields |= {f"stock_unit_{name}": value for name, value in fields.items()}
    return fields | {
        "code": text(line.product.get("code", "")),
        "description": text(line.product.get("name", "")),
        "line_quantity": whole,
        "stock_unit_line_quantity": whole,
        "to_allocate_quantity": open_quantity,
        "stock_unit_to_allocate_quantity": open_quantity,
        "selling_unit_price": str(line.price),
        "unit_buying_price": str(line.price),
        "discounted_unit_price": str(line.price),
        "cost_price": str(line.cost),
        "line_tax_value": str(line.tax),
        "line_total_value": str(line.net),
        "is_complete": "true" if done else "false",
        "is_line_deletable": "false" if done else "true",
        "despatch_receipt_status": status,
        "invoice_credit_status": status,
        "receipt_return_status": status,
    }


def _header(
    random: Random, index: int, lines: Sequence[_Line], status: str, *, done: bool
) -> dict[str, str]:
    net = sum((line.net for line in lines), Decimal("0.00"))
    tax = sum((line.tax for line in lines), Decimal("0.00"))
    process = text(f"EnumDocumentProcessStatus{'Full' if done else 'None'}")
    order_no = text(f"PO-{random.randrange(10**5)}")
    zeros = (
        "subtotal_charge_net_value subtotal_charges_net_value subtotal_charge_tax_value "
        "subtotal_discount_value subtotal_landed_costs_value settlement_discount_percent "
        "document_discount_percent payment_value payment_declared payment_undeclared "
        "declared_payment_remaining"
    )
    return dict.fromkeys(zeros.split(), "0.00") | {
        "is_draft": "false",
        "document_no": f'"{index + 1:010d}"',
        "document_status": text(status),
        "despatch_receipt_status": process,
        "receipt_return_status": process,
        "invoice_credit_status": process,
        "cancelled_status": text("EnumDocumentProcessStatusNone"),
        "exchange_rate": "1.000000",
        "subtotal_goods_value": str(net),
        "total_net_value": str(net),
        "total_tax_value": str(tax),
        "total_gross_value": str(net + tax),
        "customer_document_no": order_no,
        "supplier_document_no": order_no,
    }


def transaction_factory(
    table: Table, traders: Sequence[int], records: Records
) -> Factory:
    """Return a function that makes posted transactions.

    The first of each trader makes up the balance, the others are settled. A receipt's
    values are negative, so that what is outstanding adds up to the balance: inference.
    """
    trader = LEDGERS[table.path]
    offset = 1 + [*LEDGERS].index(table.path)

    def make(random: Random, index: int, key: int) -> Fields:
        del key
        owner = traders[index % len(traders)] if traders else 0
        settled = Decimal(random.randrange(_MAX_SETTLED)).scaleb(-2)
        balance = Decimal(0)
        if index < len(traders):
            balance = Decimal(str(records(f"{trader}s", owner).get("balance", 0)))
        is_receipt = balance < 0
        values = _money(balance, balance if is_receipt else balance + settled)
        day = f'"{timestamp_at(_FIRST_DAY + index % 300 * 86_400 * TICKS)}"'
        kind = "Receipt" if trader == "customer" else "Payment"
        values |= {
            f"{trader}_id": str(owner),
            "trader_transaction_type": text(
                f"TradingAccountEntryType{kind if is_receipt else 'Invoice'}"
            ),
            "control_value_in_base_currency": values["base_gross_value"],
            "exchange_rate": "1.000000",
            "discount_percent": "0.00",
            "urn": str(_STEPS * index + offset),
            "reference": text(f"INV{index + 1:06d}"),
            "second_reference": '""',
            "queried": '""',
            **dict.fromkeys(("transaction_date", "posted_date", "due_date"), day),
        }
        return {n: v for n, v in values.items() if n in table.shape.served}, {}

    return make


def _money(balance: Decimal, gross: Decimal) -> dict[str, str]:
    """Return the values of a transaction of which *balance* is outstanding."""
    tax = max((gross / 6).quantize(_PENNY), Decimal(0))  # receipts have none
    money = {
        "goods_value": gross - tax,
        "gross_value": gross,
        "tax_value": tax,
        "discount_value": Decimal(0),
        "tax_discount_value": Decimal(0),
        "allocated_value": gross - balance,
        "outstanding_value": balance,
    }
    return {
        f"{area}_{name}": f"{value:.2f}"
        for area in ("document", "base")
        for name, value in money.items()
    }
