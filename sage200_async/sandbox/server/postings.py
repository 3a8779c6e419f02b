"""Postings: transactions of a ledger, the balance that they move, and allocations.

The values of receipts and credit notes are negative in the ledger, so that what is
outstanding adds up to the balance: inference.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.schema.naming import singular
from sage200_async.sandbox.server.derived_values import number, plain_record, today
from sage200_async.sandbox.store.records import WriteError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

_LEDGERS: Final = {
    "bank": ("bank_posted_transactions", "bank"),
    "purchase": ("purchase_posted_transactions", "supplier"),
    "sales": ("sales_posted_transactions", "customer"),
}
_SIGNS: Final = {
    "sales_invoices": 1,
    "sales_credit_notes": -1,
    "sales_receipts": -1,
    "sales_payments": 1,
    "purchase_invoices": 1,
    "purchase_credit_notes": -1,
    "purchase_receipts": 1,
    "purchase_payments": -1,
    "bank_receipt": 1,
    "bank_payment": -1,
}
# Whether a posting raises or lowers the account's balance.
_BANK_SIGNS: Final = {"receipt": 1, "receipts": 1, "payment": -1, "payments": -1}
_KINDS: Final = {"credit_note": "CreditNote"}
_FIRST_URN: Final = 1327
# prismatic-io/components, examplePayloads.ts: ``{"urn": 1327}``.


def post(store: Store, name: str, values: Mapping[str, Any]) -> int:
    """Post to a ledger, and return the transaction's URN.

    Args:
        store: The records.
        name: The resource, as in ``sales_invoices``.
        values: What the body sets.

    Raises:
        WriteError: A row of tax analysis has no tax code.
    """
    _check_tax_codes(values)
    ledger, _, action = name.partition("_")
    path, owner = _LEDGERS[ledger]
    urns = (_highest_urn(store, path) + 1 for path, _ in _LEDGERS.values())
    urn = max(_FIRST_URN, *urns)
    if name == "bank_transfer":
        _transfer(store, values)
        return urn
    row = _transaction(store, name, values, urn)
    gross = row["document_gross_value"]
    served = store.tables[path].shape.fields
    store.insert(path, {field: row[field] for field in row if field in served})
    if ledger != "bank":
        _move_balance(store, f"{owner}s", values.get(f"{owner}_id", 0), gross)
    if values.get("bank_id") and action in _BANK_SIGNS:
        amount = _BANK_SIGNS[action] * number(values.get("cheque_value"))
        _move_balance(store, "banks", values["bank_id"], amount)
    return urn


def _transaction(
    store: Store, name: str, values: Mapping[str, Any], urn: int
) -> Values:
    sign, kind = _SIGNS[name], singular(name).partition("_")[2]
    goods = number(values.get("document_goods_value")) + number(
        values.get("cheque_value")
    )
    tax = number(values.get("document_tax_value"))
    money = {
        "goods_value": sign * goods,
        "tax_value": sign * tax,
        "gross_value": sign * (goods + tax),
        "outstanding_value": sign * (goods + tax),
    }
    rate = number(values.get("exchange_rate")) or Decimal(1)
    date = values.get("transaction_date", today())
    entry = f"TradingAccountEntryType{_KINDS.get(kind, kind.capitalize())}"
    row: Values = {
        **{f"document_{field}": value for field, value in money.items()},
        **{f"base_{field}": value / rate for field, value in money.items()},
        "control_value_in_base_currency": sign * (goods + tax) / rate,
        "cheque_value": sign * goods,
    }
    others = {field: value for field, value in values.items() if field not in row}
    return (
        others
        | row
        | {
            "trader_transaction_type": entry,
            "bank_transaction_type": entry,
            "transaction_date": date,
            "posted_date": date,
            "due_date": values.get("due_date") or _due_date(store, name, values, date),
            "exchange_rate": rate,
            "urn": urn,
        }
    )


def _due_date(store: Store, name: str, values: Mapping[str, Any], date: str) -> str:
    """Return when a trader has to pay: so many days after the document, by its terms."""
    trader = _LEDGERS[name.partition("_")[0]][1]
    owner = plain_record(store, f"{trader}s", values.get(f"{trader}_id", 0))
    days = int(owner.get("payment_terms_days") or 0)
    day = datetime.fromisoformat(date[:10]) + timedelta(days=days)
    return f"{day:%Y-%m-%d}T00:00:00Z"


def allocate_transactions(store: Store, name: str, values: Mapping[str, Any]) -> None:
    """Allocate posted transactions to one another: receipts to invoices.

    Raises:
        WriteError: A transaction does not exist or is another account's, less of it is
            outstanding, or the values do not add up to nothing. The last two are
            inference.
    """
    path, owner = _LEDGERS[name.partition("_")[0]]
    total = Decimal(0)
    for number_, line in enumerate(values.get("allocation_lines") or ()):
        key = int(line.get("posted_tran_id") or 0)
        if not key and not line.get("value_to_allocate"):
            continue
        row = plain_record(store, path, key)
        if row.get(f"{owner}_id", 0) != values.get(f"{owner}_id", 0):
            where = f"allocation_lines[{number_}].posted_tran_id"
            raise WriteError(f"{where}: there is no record {key} of this account.")
        value = number(line.get("value_to_allocate"))
        total += value
        where = f"allocation_lines[{number_}].value_to_allocate"
        store.update(path, key, _allocated(row, value, where))
    if total:
        raise WriteError("allocation_lines: the values must add up to nothing.")


def _allocated(row: Values, value: Decimal, where: str) -> Values:
    """Return what a transaction has allocated and outstanding after an allocation.

    Raises:
        WriteError: Nothing like that much is outstanding, or was allocated before.
    """
    outstanding = number(row.get("document_outstanding_value")) - value
    allocated = number(row.get("document_allocated_value")) + value
    gross, nothing = outstanding + allocated, Decimal(0)
    if not min(gross, nothing) <= outstanding <= max(gross, nothing):
        raise WriteError(
            f"{where}: {value} cannot be allocated, {outstanding + value} of {gross} is "
            "outstanding."
        )
    rate = number(row.get("exchange_rate")) or Decimal(1)
    moved = {
        "document_allocated_value": allocated,
        "document_outstanding_value": outstanding,
        "base_allocated_value": allocated / rate,
        "base_outstanding_value": outstanding / rate,
    }
    return {name: moved[name] for name in moved if name in row}


def _transfer(store: Store, values: Mapping[str, Any]) -> None:
    amount = number(values.get("payment_value"))
    _move_balance(store, "banks", values.get("bank_from_id", 0), -amount)
    _move_balance(store, "banks", values.get("bank_to_id", 0), amount)


def _move_balance(store: Store, path: str, key: int, amount: Any) -> None:
    account = plain_record(store, path, key)
    if account and amount:
        balance = number(account.get("balance")) + amount
        changes = {"balance": balance}
        if "balance_in_base" in account:
            changes["balance_in_base"] = balance
        store.update(path, key, changes)


def _check_tax_codes(values: Mapping[str, Any]) -> None:
    """Check that each row of tax analysis has a tax code.

    Source:
        hotgluexyz/target-sage-200: ``id`` is the tax code's; without it the
        service answers with a SageNullFieldException.
    """
    for item in values.get("tax_analysis_items") or ():
        if not item.get("id"):
            raise WriteError("SageNullFieldException: tax_analysis_items.id")


def _highest_urn(store: Store, path: str) -> int:
    sql = f"SELECT max(json_extract(body, '$.urn')) FROM \"{path}\""  # noqa: S608 - the catalog's
    return int(store.execute(sql)[0][0] or 0)
