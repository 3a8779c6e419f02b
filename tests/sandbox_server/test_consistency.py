"""One company: ids lead to records, views agree with them, sums add up."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from decimal import Decimal
from random import Random

import hypothesis
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from sage200_async.sandbox import Sandbox
from sage200_async.sandbox.data import wordlists
from sage200_async.sandbox.data.company import generate_rows
from sage200_async.sandbox.data.factories import trader_factory
from sage200_async.sandbox.data.row_templates import plain, text
from sage200_async.sandbox.schema.catalog import load_catalog
from sage200_async.sandbox.schema.naming import referenced_resource
from sage200_async.sandbox.store.aged_views import AGED_VIEWS
from sage200_async.sandbox.store.rows import decode
from sage200_async.sandbox.store.view_specs import VIEWS
from tests.sandbox_server.conftest import signed_in
from tests.sandbox_server.test_views import disagreements

CATALOG = load_catalog()
TABLES = CATALOG.tables
SMALL = {"customers": 12, "products": 12, "sop_orders": 8}
PENNY = Decimal("0.01")
LEDGERS = {
    "sales_posted_transactions": ("customers", "customer_id"),
    "purchase_posted_transactions": ("suppliers", "supplier_id"),
}
ORDERS = ("sop_orders", "sop_quotes", "pop_orders")


def ids_in(value, path):
    """Yield each id field in a record and in its related records, with where it is."""
    for name, item in value.items():
        if isinstance(item, dict):
            yield from ids_in(item, f"{path}.{name}")
        elif isinstance(item, list):
            for row in item:
                if isinstance(row, dict):
                    yield from ids_in(row, f"{path}.{name}")
        elif name.endswith("_id") and isinstance(item, int) and item:
            yield f"{path}.{name}", name, item


def dangling(store):
    """Return the ids that lead to no record."""
    known = {path: set(store.keys(path)) for path in TABLES}
    wrong, followed = [], set()
    for path in TABLES:
        for row in store.rows(path):
            for where, name, key in ids_in(row, path):
                target = referenced_resource(name, TABLES)
                if target:
                    followed.add(where)
                    if key not in known[target]:
                        wrong.append((where, key, target))
    return wrong, followed


def check_sums(store):
    """Check order totals, VAT, balances, aged balances and stock levels."""
    rates = {row["id"]: row["tax_rate"] for row in store.rows("tax_codes")}
    for path in ORDERS:
        for order in store.rows(path):
            lines = order.get("lines", [])
            net = sum(line["line_total_value"] for line in lines)
            tax = sum(line["line_tax_value"] for line in lines)
            part = Decimal(str(order["document_discount_percent"])) / 100
            net -= (net * part).quantize(PENNY)
            tax -= (tax * part).quantize(PENNY)
            totals = [order[f"total_{name}_value"] for name in ("net", "tax", "gross")]
            assert totals == [net, tax, net + tax]
            for line in lines:
                rate = Decimal(str(rates.get(line["tax_code_id"], 0)))
                vat = Decimal(line["line_total_value"]) * rate / 100
                assert abs(line["line_tax_value"] - vat) <= PENNY
                price = line.get("discounted_unit_price")
                assert line["line_total_value"] == price * line["line_quantity"]
    for ledger, (accounts, link) in LEDGERS.items():
        outstanding = defaultdict(Decimal)
        for row in store.rows(ledger):
            value = Decimal(str(row["document_outstanding_value"]))
            outstanding[row[link]] += value
            allocated = Decimal(str(row["document_allocated_value"]))
            assert value + allocated == row["document_gross_value"]
        for row in store.rows(accounts):
            assert outstanding[row["id"]] == row["balance"]
        for view in (v for v in AGED_VIEWS if AGED_VIEWS[v] == ledger):
            aged = defaultdict(Decimal)
            for row in store.rows(view):
                aged[row[link]] += sum(
                    Decimal(str(value))
                    for name, value in row.items()
                    if name.startswith("doc_") or name == "base_outstanding_value"
                )
            assert {k: v for k, v in aged.items() if v} == {
                key: value for key, value in outstanding.items() if value
            }
    check_stock(store)
    check_periods(store)


KINDS = {
    "invoice": ("Invoice", 1),
    "credit_note": ("CreditNote", -1),
    "cash": (("Receipt", "Payment"), -1),
}


def check_periods(store):
    """Check that what accounts did in periods and in years is what was posted."""
    periods = list(store.rows("financial_year_period_views"))
    for row in periods:
        assert row["financial_year_start_date"] <= row["period_start_date"]
        assert row["period_start_date"] < row["period_end_date"]
        assert row["period_end_date"] <= row["financial_year_end_date"]
    for ledger, (accounts, link) in LEDGERS.items():
        trader = accounts.removesuffix("s")
        posted = list(store.rows(ledger))
        for span in ("period", "year"):
            rows = list(store.rows(f"{trader}_{span}_value_views"))
            for name, (kinds, sign) in KINDS.items():
                expected = sum(
                    sign * row["document_gross_value"]
                    for row in posted
                    if row["trader_transaction_type"].endswith(kinds)
                )
                field = f"{span}_value_total_{name}_value_to_date"
                assert sum(row[field] for row in rows) == expected
            for row in rows:
                assert row[f"{trader}_name"] == store.get(accounts, row[link])["name"]


def check_stock(store):
    """Check that a product's free stock is that of its holdings, and what lines took."""
    taken = defaultdict(Decimal)
    for order in store.rows("sop_orders"):
        for line in order.get("lines", []):
            taken[line.get("product_id", 0)] += Decimal(str(line["allocated_quantity"]))
    for product in store.rows("products"):
        holdings = product["warehouse_holdings"]
        free = sum(row["free_stock_available"] for row in holdings)
        assert product["free_stock_quantity"] == free
        allocated = sum(row["quantity_allocated_sop"] for row in holdings)
        assert allocated == taken[product["id"]]
        for row in holdings:
            in_stock = row["quantity_in_stock"] - row["quantity_allocated"]
            assert row["free_stock_available"] == in_stock


def check_company(store):
    """Check everything, in any order of first use."""
    wrong, followed = dangling(store)
    assert wrong == []
    assert len(followed) > 100
    check_sums(store)
    assert [d for view in VIEWS for d in disagreements(store, view)] == []


@pytest.mark.parametrize("seed", [1, 7])
def test_the_made_up_company_is_consistent(on_sandbox, seed):
    """Every id leads somewhere, every view agrees, and all sums add up."""

    async def scenario(sandbox, _):
        check_company(sandbox.store)

    on_sandbox(scenario, SMALL, seed=seed)


def test_the_default_company_adds_up(on_sandbox):
    """The company that is there without arguments adds up, too."""

    async def scenario(sandbox, _):
        check_sums(sandbox.store)

    on_sandbox(scenario, {"customers": 500, "products": 100, "sop_orders": 200})


WRITES = st.lists(
    st.sampled_from(
        ["customer", "order", "draft", "line", "drop_line", "invoice", "receipt",
         "credit", "allocate", "rename", "delete_order", "product"]
    ),
    min_size=4,
    max_size=10,
)  # fmt: skip


READ_BEFORE = (
    "customer_period_value_views",
    "customer_views",
    "product_views",
    "sales_aged_debtor_summary_views",
    "sop_order_line_views",
)
# Views that are read before the writes, so that they have to be brought up to date.


async def write(http, store, what, number):
    """Carry out one write; all of them are right."""
    customer = store.keys("customers")[number % store.count("customers")]
    product = store.keys("products")[number % store.count("products")]
    order = store.keys("sop_orders")[-1] if store.count("sop_orders") else 0
    line = {
        "line_type": "EnumLineTypeStandard",
        "product_id": product,
        "line_quantity": 3,
    }
    comment = {"line_type": "EnumLineTypeComment", "description": "Thank you"}
    lines = store.get("sop_orders", order)["lines"] if order else []
    money = {"document_goods_value": 10.5, "document_tax_value": 2.1}
    group, bank = store.keys("product_groups")[0], store.keys("banks")[0]
    bodies = {
        "customer": ("POST", "customers", {"reference": f"W{number}", "name": "New"}),
        "product": (
            "POST",
            "products",
            {"code": f"P{number}", "name": "New", "product_group_id": group},
        ),
        "order": (
            "POST",
            "sop_orders",
            {"customer_id": customer, "lines": [line, comment]},
        ),
        "draft": (
            "POST",
            "sop_orders",
            {"customer_id": customer, "is_editing": True, "lines": [line]},
        ),
        "line": (
            "PUT",
            f"sop_orders/{order}",
            {"lines": [line | {"line_quantity": 2}]},
        ),
        "drop_line": (
            "PUT",
            f"sop_orders/{order}",
            {"lines": [{"id": row["id"], "is_to_delete": True} for row in lines[:1]]},
        ),
        "invoice": ("POST", "sales_invoices", {"customer_id": customer, **money}),
        "credit": ("POST", "sales_credit_notes", {"customer_id": customer, **money}),
        "receipt": (
            "POST",
            "sales_receipts",
            {"customer_id": customer, "bank_id": bank, "cheque_value": 7.5},
        ),
        "rename": ("PUT", f"customers/{customer}", {"name": f"Renamed {number}"}),
        "delete_order": ("DELETE", f"sop_orders/{order}", None),
    }
    if what == "allocate":
        row = next(iter(store.rows("sales_posted_transactions")))
        bodies[what] = ("POST", "sales_allocations", allocation_of(row))
    response = await http.request(*bodies[what][:2], body=bodies[what][2])
    assert response.status == 200, (what, response.body)


def allocation_of(first):
    """Return an allocation of a transaction to itself: nothing moves, it is taken."""
    value = float(first["document_outstanding_value"])
    lines = [
        {"posted_tran_id": first["id"], "value_to_allocate": value}
        for value in (value, -value)
    ]
    return {"customer_id": first["customer_id"], "allocation_lines": lines}


@settings(max_examples=3, deadline=None)
@hypothesis.given(WRITES)
def test_a_company_that_was_written_to_is_consistent(writes):
    """After any right writes every id leads somewhere and all sums add up."""

    async def main():
        async with signed_in(SMALL) as (sandbox, http):
            store = sandbox.store
            for view in READ_BEFORE:
                store.count(view)
            for number, what in enumerate(writes):
                await write(http, store, what, number)
            check_company(store)

    asyncio.run(main())


def test_the_same_seed_gives_the_same_company():
    """Two sandboxes of a seed have the same records, whatever is read first."""

    async def company(paths):
        async with Sandbox(records=SMALL) as sandbox:
            rows = {path: list(sandbox.store.rows(path)) for path in paths}
            return {path: rows[path] for path in sorted(paths)}

    paths = [path for path in TABLES if not path.endswith("_types")]
    first = asyncio.run(company(paths))
    assert first == asyncio.run(company(paths[::-1]))


def test_reference_data_is_real_in_kind():
    """Tax codes, currencies, countries, price bands and users are what they are."""
    rows = {
        path: list(map(_body, generate_rows(CATALOG, path, 50, 1)))
        for path in ("tax_codes", "currencies", "country_codes", "price_bands", "users")
    }
    codes = {row["code"]: row["tax_rate"] for row in rows["tax_codes"][:10]}
    assert sorted(codes) == list(range(10))
    assert (codes[1], codes[2]) == (20, 0)
    base = [row["symbol"] for row in rows["currencies"] if row["is_base_currency"]]
    assert base[:1] == ["£"]
    assert {"GB", "IE", "FR"} <= {row["code"] for row in rows["country_codes"]}
    bands = [row["name"] for row in rows["price_bands"][:3] if row["is_standard_band"]]
    assert bands == ["Standard"]
    assert all(" " in row["name"] for row in rows["users"])


def test_vat_numbers_have_right_check_digits():
    """The last two of nine digits follow from the others: modulo 97, by gov.uk."""
    for row in map(_body, generate_rows(CATALOG, "customers", 50, 3)):
        digits = [int(char) for char in row["vat_number"] if char.isdigit()]
        weights = zip(digits[:7], range(8, 1, -1), strict=True)
        total = sum(digit * weight for digit, weight in weights)
        assert (total + 10 * digits[7] + digits[8]) % 97 == 0


def _body(row):
    return decode(row.body)


def test_references_of_traders_are_unique_and_fit():
    """However many there are, no two share a reference, and none is too long."""
    table = TABLES["customers"]
    make = trader_factory(table, lambda _: [1])
    indexes = [*range(300), *range(99_990, 100_300), *range(999_900, 1_000_100)]
    random = Random(1)
    references = [make(random, index, index)[0]["reference"] for index in indexes]
    assert len({*references}) == len(references)
    assert max(map(len, references)) == len('""') + 8


def test_words_that_are_written_as_they_are_need_no_escapes():
    """Names, places and trades are put into JSON without being encoded."""
    places = [word for town in wordlists.TOWNS for word in town]
    people = [*wordlists.SURNAMES, *wordlists.FIRST_NAMES]
    trades = [*wordlists.TRADES, *wordlists.LEGAL_FORMS, *wordlists.STREETS]
    for word in (*people, *trades, *places):
        assert text(word) == plain(word)
