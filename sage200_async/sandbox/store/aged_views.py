"""Aged balances: what is outstanding, by the age of its transaction.

That a period has 30 days, and that a summary has one row for an account, is inference.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.store.rows import row_from_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.rows import Row, Values
    from sage200_async.sandbox.store.stored_tables import StoredTables

    Sums = dict[tuple[int, int], dict[str, Decimal]]
    """Outstanding values by period, of an account and a transaction."""

AGED_VIEWS: Final = {
    "sales_aged_debtor_detailed_views": "sales_posted_transactions",
    "sales_aged_debtor_summary_views": "sales_posted_transactions",
    "sales_aged_transaction_period_views": "sales_posted_transactions",
    "purchase_aged_creditor_detailed_views": "purchase_posted_transactions",
    "purchase_aged_creditor_summary_views": "purchase_posted_transactions",
}
"""Views of aged balances, each with the resource of its transactions."""
_DAYS: Final = 30
_PERIODS: Final = 8
_OPEN: Final = """\
SELECT key, json_extract(body, '$.{1}'), json_extract(body, '$.transaction_date'),
    CAST(json_extract(body, '$.document_outstanding_value') AS TEXT)
FROM "{0}" WHERE json_extract(body, '$.document_outstanding_value') <> 0
"""
# The ledger's transactions that are not settled: id, account, date and value.


def aged_rows(
    tables: StoredTables, view: str, today: date | None = None
) -> Iterator[Row]:
    """Yield the rows of a view of aged balances.

    Args:
        tables: Where the transactions are.
        view: The view.
        today: The day on which transactions are so old; this day by default.
    """
    day = today or datetime.now(UTC).date()
    table, ledger = tables.tables[view], AGED_VIEWS[view]
    is_sales = ledger.startswith("sales")
    owner = "customer_id" if is_sales else "supplier_id"
    transaction = f"posted_{'customer' if is_sales else 'supplier'}_transaction_id"
    is_detailed = "detailed" in view
    sums: Sums = defaultdict(lambda: defaultdict(Decimal))
    for key, account, text, value in tables.execute(_OPEN.format(ledger, owner)):
        part = sums[account, key if is_detailed else 0]
        part[period_of(text.decode(), day)] += Decimal(value.decode())
    if "period" in view:
        yield from _period_rows(table, sums, day)
        return
    for (account, key), part in sums.items():
        values: Values = {owner: account, transaction: key}
        for area in ("doc", "base"):
            values |= {f"{area}_{name}": part.get(name, 0) for name in period_names()}
        values |= {f"aged_period_{n}": _title(n) for n in range(1, _PERIODS + 1)}
        yield row_from_record(table, values, key or account)


def period_names() -> list[str]:
    """Return the periods, as they are called in fields."""
    numbered = [f"period_{number}" for number in range(1, _PERIODS + 1)]
    return ["past", "future", "current", *numbered]


def period_of(timestamp: str, today: date) -> str:
    """Return the period that a transaction is in.

    Example:
        >>> period_of("2026-03-01T00:00:00Z", date(2026, 4, 15))
        'period_1'
    """
    days = (today - date.fromisoformat(timestamp[:10])).days
    if days < 0:
        return "future"
    number = max(days - 1, 0) // _DAYS
    if number > _PERIODS:
        return "past"
    return f"period_{number}" if number else "current"


def _title(number: int) -> str:
    return f"{number * _DAYS + 1} to {(number + 1) * _DAYS} days"


def _period_rows(table: Table, sums: Sums, today: date) -> Iterator[Row]:
    """Yield a row for each period in which an account has something outstanding."""
    key = 0
    for (account, _), part in sums.items():
        for name, value in part.items():
            key += 1
            number = int(name.removeprefix("period_")) if name[-1].isdigit() else 0
            start = today - timedelta(days=number * _DAYS)
            values: dict[str, Any] = {
                "customer_id": account,
                "base_outstanding_value": value,
                "ageing_period_name": _title(number) if number else name.capitalize(),
                "ageing_date": f"{start.isoformat()}T00:00:00Z",
            }
            yield row_from_record(table, values, key)
