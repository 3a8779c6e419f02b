"""What accounts were invoiced, credited and paid in each period and each year.

What the fields are called is known (the OpenAPI documents), not what Sage counts: that a
period is a trading period, a year its twelve, that the values are those of the posted
transactions, VAT included, and that cash is what receipts brought
(payments for suppliers), is inference.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.sandbox.store.rows import decode, row_from_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.sandbox.store.rows import Row, Values
    from sage200_async.sandbox.store.stored_tables import StoredTables


class PeriodView(Struct, frozen=True):
    """A view of periods, or of what accounts did in them."""

    trader: str = ""
    """``customer`` or ``supplier``; ``""`` for the periods themselves."""
    ledger: str = "sales"
    is_yearly: bool = False

    @property
    def source(self) -> str:
        """The resource whose records it is made of."""
        suffix = "posted_transactions" if self.trader else "trading_periods"
        return f"{self.ledger}_{suffix}"


PERIOD_VIEWS: Final = {
    "financial_year_period_views": PeriodView(),
    "customer_period_value_views": PeriodView("customer"),
    "customer_year_value_views": PeriodView("customer", is_yearly=True),
    "supplier_period_value_views": PeriodView("supplier", "purchase"),
    "supplier_year_value_views": PeriodView("supplier", "purchase", is_yearly=True),
}
"""Views of periods, by name."""
_COUNTED: Final[tuple[str, ...]] = ("invoice", "credit_note", "cash")
_TYPE: Final = "TradingAccountEntryType"
_MONTHS: Final = 12
_SPANS: Final = 1_000
# Periods or years of one account, in the ids of rows: more than there can be.
_SUMS: Final = """\
SELECT json_extract(body, '$.{1}_id'), substr(json_extract(body, '$.transaction_date'), 1, {2}),
    json_extract(body, '$.trader_transaction_type'),
    CAST(round(sum(json_extract(body, '$.document_gross_value')) * 100) AS INTEGER),
    CAST(round(sum(json_extract(body, '$.base_gross_value')) * 100) AS INTEGER),
    max(rtrim(json_extract(body, '$.date_time_updated'), 'Z'))
FROM "{0}"
WHERE json_extract(body, '$.trader_transaction_type') IN ({3})
    AND json_extract(body, '$.{1}_id') > 0
    AND json_extract(body, '$.transaction_date') > ''
GROUP BY 1, 2, 3
"""
# Pence by account, month or year, and type, in the account's and the base currency; and
# when such a transaction was changed last.
_KINDS: Final = {
    "Invoice": ("invoice", 1),
    "CreditNote": ("credit_note", -1),
    "Receipt": ("cash", -1),
    "Payment": ("cash", -1),
}
# What a type counts as, and whether its values are negative in the ledger. A customer's
# payment and a supplier's receipt are refunds.


class _Sum:
    """What an account did in a period, by what it counts as."""

    def __init__(self) -> None:
        self.document: dict[str, Decimal] = dict.fromkeys(_COUNTED, Decimal("0.00"))
        self.base: dict[str, Decimal] = dict.fromkeys(_COUNTED, Decimal("0.00"))
        self.stamp = ""


def period_rows(tables: StoredTables, view: str) -> Iterator[Row]:
    """Yield the rows of a view of periods."""
    spec, table = PERIOD_VIEWS[view], tables.tables[view]
    spans = _periods(tables, spec.ledger)
    if not spec.trader:
        for values in spans.values():
            yield row_from_record(table, values)
        return
    if spec.is_yearly:
        spans = {month[:4]: values for month, values in reversed(spans.items())}
    sums = _sums(tables, spec)
    accounts = tables.bodies(f"{spec.trader}s", {account for account, _ in sums})
    numbers = {span: number for number, span in enumerate(sorted(spans))}
    for (account, span), part in sorted(sums.items()):
        if span in spans and account in accounts:
            values = spans[span] | _account(spec.trader, decode(accounts[account]))
            values |= _values(spec, part, account * _SPANS + numbers[span])
            own = {n: values[n] for n in values if n in table.shape.scalars}
            yield row_from_record(table, own)


def _sums(tables: StoredTables, spec: PeriodView) -> dict[tuple[int, str], _Sum]:
    """Return what each account did in each month or year."""
    length = 4 if spec.is_yearly else 7
    kinds = ", ".join(f"'{_TYPE}{kind}'" for kind in _KINDS)
    sql = _SUMS.format(spec.source, spec.trader, length, kinds)
    sums: dict[tuple[int, str], _Sum] = defaultdict(_Sum)
    for account, span, kind, document, base, stamp in tables.execute(sql):
        name, sign = _KINDS[kind.decode().removeprefix(_TYPE)]
        part = sums[account, span.decode()]
        part.document[name] += Decimal(sign * (document or 0)).scaleb(-2)
        part.base[name] += Decimal(sign * (base or 0)).scaleb(-2)
        part.stamp = max(part.stamp, (stamp or b"").decode())
    return sums


def _periods(tables: StoredTables, ledger: str) -> dict[str, Values]:
    """Return what views say of each trading period, by its month."""
    sql = f'SELECT key, body FROM "{ledger}_trading_periods" ORDER BY key'  # noqa: S608 - the catalog's
    rows = [(key, decode(body)) for key, body in tables.execute(sql)]
    this_year = datetime.now(UTC).year
    periods: dict[str, Values] = {}
    for key, row in rows:
        start, end = row.get("start_date", ""), row.get("end_date", "")
        if not start or not end:
            continue
        year = int(start[:4])
        periods[start[:7]] = {
            "accounting_period_id": key,
            "period_number": int(row["period_number"]),
            "period_start_date": start,
            "period_end_date": end,
            "customer_analysis_period_id": key,
            "supplier_analysis_period_id": key,
            "analysis_period_reference": row["period_number"],
            "analysis_period_start_date": start,
            "analysis_period_end_date": end,
            "financial_year_id": year,
            "financial_year_start_date": f"{year}-01-01T00:00:00Z",
            "financial_year_end_date": f"{year}-12-31T00:00:00Z",
            "year_relative_to_current_year": year - this_year,
            "number_of_periods_in_year": _MONTHS,
        }
    return periods


def _account(trader: str, record: Values) -> Values:
    names = ["reference", "name", *(f"analysis_code_{n}" for n in range(1, 6))]
    known: dict[str, Any] = {name: record.get(name, "") for name in names}
    return {f"{trader}_{name}": value for name, value in known.items()} | {
        f"{trader}_id": record["id"]
    }


def _values(spec: PeriodView, part: _Sum, key: int) -> Values:
    """Return the sums of an account in a period or a year."""
    span = "year" if spec.is_yearly else "period"
    start, zero = f"{span}_value_total", Decimal("0.00")
    values = {
        f"{spec.trader}_{span}_value_id": key,
        f"{start}_invoice_value_to_date": part.document["invoice"],
        f"{start}_credit_note_value_to_date": part.document["credit_note"],
        f"{start}_cash_value_to_date": part.document["cash"],
        f"{start}_profit_value_to_date": zero,
        f"{start}_invoice_value_to_date_in_base": part.base["invoice"],
        f"{start}_cred_note_value_to_date_in_base": part.base["credit_note"],
        f"{start}_cash_value_to_date_in_base": part.base["cash"],
        f"{start}_profit_value_to_date_in_base": zero,
        f"{span}_value_exchange_rate_gain_or_loss": 0,
        f"{span}_value_total_finance_charges_applied": zero,
    }
    stamped = {f"{span}_value_date_time_updated": f"{part.stamp}Z"}
    return values | (stamped if part.stamp else {})
