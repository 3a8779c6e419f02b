"""``$filter``: which records each condition selects, and which it refuses."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage200_async.sandbox import Behaviour
from sage200_async.sandbox.query.filters import Condition
from sage200_async.sandbox.query.grammar import (
    Call,
    Compare,
    FilterError,
    Literal,
    Logic,
    Name,
    Not,
    parse,
)
from sage200_async.sandbox.schema.catalog import load_catalog
from sage200_async.sandbox.store.store import Store

CUSTOMERS = load_catalog().tables["customers"]
ROWS = [
    {
        "id": 1,
        "name": "O'Brien & Sons",
        "balance": Decimal("1000.50"),
        "on_hold": True,
        "account_opened": "2016-02-23T00:00:00Z",
        "spare_date_1": "2016-02-24T09:52:11.452Z",
        "account_type": "TradingAccountTypeOpenItem",
    },
    {
        "id": 2,
        "name": "100% Tools_UK",
        "balance": Decimal("-5.00"),
        "on_hold": False,
        "spare_date_1": "2016-02-24T09:52:11.45Z",
    },
    {
        "id": 3,
        "name": "100x ToolsAUK",
        "balance": Decimal("1E+3"),
        "on_hold": False,
        "account_opened": "2020-01-01T00:00:00Z",
    },
    {"id": 4, "name": "Ångström café", "balance": Decimal("12345678901234567.89")},
    {"id": 5, "name": "", "balance": Decimal("12345678901234567.88")},
]


@pytest.fixture(scope="module", name="store")
def _store():
    store = Store()
    for row in ROWS:
        store.insert("customers", row)
    yield store
    store.close()


def matching_keys(store, condition, **options):
    parsed = Condition(CUSTOMERS, condition, **options)
    sql = f'SELECT key FROM "customers" WHERE {parsed.sql} ORDER BY key'
    return [key for (key,) in store.execute(sql, parsed.values)]


@pytest.mark.parametrize(
    ("condition", "keys"),
    [
        ("name eq 'O''Brien & Sons'", [1]),
        ("'O''Brien & Sons' eq name", [1]),
        ("name ne 'O''Brien & Sons'", [2, 3, 4, 5]),
        ("contains(name,'%')", [2]),
        ("contains(name,'_')", [2]),
        ("contains(name,'')", [1, 2, 3, 4, 5]),
        ("startswith(name,'100% ')", [2]),
        ("endswith(name,'_UK')", [2]),
        ("endswith(name,'a much longer text than any name')", []),
        ("endswith(name,'UK') eq false", [1, 4, 5]),
        ("not endswith(name,'UK')", [1, 4, 5]),
        ("contains(name,'café') eq true", [4]),
        ("contains(name,'CAFÉ')", []),
        ("balance gt 1000", [1, 4, 5]),
        ("balance ge 1000", [1, 3, 4, 5]),
        ("1000 le balance", [1, 3, 4, 5]),
        ("balance eq 1000.5", [1]),
        ("balance eq 1000.500000", [1]),
        ("balance eq -5", [2]),
        ("balance eq - 5", [2]),
        ("balance lt 0", [2]),
        ("balance eq 12345678901234567.89", [4]),
        ("balance lt 12345678901234567.89", [1, 2, 3, 5]),
        ("balance ne 12345678901234567.89", [1, 2, 3, 5]),
        ("id gt 99999999999999999999999", []),
        ("id lt 99999999999999999999999", [1, 2, 3, 4, 5]),
        ("id gt 2.5", [3, 4, 5]),
        ("on_hold eq true", [1]),
        ("on_hold ne true", [2, 3, 4, 5]),
        ("on_hold", [1]),
        ("not (on_hold eq true)", [2, 3, 4, 5]),
        ("not on_hold", [2, 3, 4, 5]),
        ("account_opened eq null", [2, 4, 5]),
        ("account_opened ne null", [1, 3]),
        ("null eq account_opened", [2, 4, 5]),
        ("account_opened eq 2016-02-23", [1]),
        ("account_opened ne 2016-02-23", [2, 3, 4, 5]),
        ("account_opened gt 2016-02-23", [3]),
        ("account_opened ge 2016-02-23T00:00:00Z", [1, 3]),
        ("account_opened gt 0001-01-01", [1, 3]),
        ("account_opened gt 0001-01-01T00:00:00.000Z", [1, 3]),
        ("account_opened eq 2016-02-23T01:00:00+01:00", [1]),
        ("not (account_opened gt 2016-02-23)", [1, 2, 4, 5]),
        ("account_opened gt null", []),
        ("spare_date_1 eq 2016-02-24T09:52:11.450Z", [2]),
        ("spare_date_1 gt 2016-02-24T09:52:11.45Z", [1]),
        ("spare_date_1 ge 2016-02-24T09:52:11.45Z", [1, 2]),
        ("account_type eq 'TradingAccountTypeOpenItem'", [1, 2, 3, 4, 5]),
        ("account_type eq '2'", []),
        ("account_type ne '2'", [1, 2, 3, 4, 5]),
        ("id eq 1 or id eq 2 and on_hold eq true", [1]),
        ("(id eq 1 or id eq 2) and on_hold eq false", [2]),
        ("  (  id eq 1  )  ", [1]),
        ("true", [1, 2, 3, 4, 5]),
        ("false or id eq 3", [3]),
        (" or ".join(f"id eq {n}" for n in range(3, 2000)), [3, 4, 5]),
    ],
)
def test_a_condition_means_what_odata_says(store, condition, keys):
    """Each condition selects exactly the records that it should."""
    assert matching_keys(store, condition) == keys


@pytest.mark.parametrize(
    "condition",
    [
        "",
        " ",
        "name",
        "name eq",
        "eq 5",
        "nonsense eq 5",
        "contacts eq null",
        "main_address.city eq 'York'",
        "main_address/city eq 'York'",
        "contacts/any(c:c/name eq 'x')",
        "name eq 5",
        "name eq true",
        "name eq 2016-02-23",
        "balance eq '5'",
        "on_hold eq 'true'",
        "on_hold eq 1",
        "on_hold gt false",
        "account_opened eq '2016-02-23'",
        "account_opened eq 2016-02-24T09:52:11",
        "account_opened eq 2016-02-30",
        "account_opened eq 12:30:00",
        "account_type eq 2",
        "account_type gt 'A'",
        "contains(balance,'5')",
        "contains('5',name)",
        "contains(name)",
        "substringof('x',name)",
        "tolower(name) eq 'x'",
        "balance add 1 eq 2",
        "balance gt credit_limit",
        "id in (1,2)",
        "1 eq 1",
        "not name",
        "-name eq 5",
        "name eq 'unclosed",
        "(id eq 1",
        "id eq 1)",
        "id eq 1 2",
        "id eq 1; drop table customers",
        "name eq 'a' 'b'",
        "(id eq 1) gt (id eq 2)",
        "not " * 500 + "on_hold",
        "balance eq " + "9" * 5000,
    ],
)
def test_what_sage_does_not_document_is_refused(condition):
    """A malformed or undocumented condition is refused."""
    with pytest.raises(FilterError):
        Condition(CUSTOMERS, condition)


def test_names_that_begin_with_a_keyword_are_names():
    """``allow_...`` is a field, although the parser takes ``all`` for a keyword."""
    expected = Compare("eq", Name("allow_sales_order"), Literal("boolean", "true"))
    assert parse("allow_sales_order eq true") == expected
    assert parse("name eq 'allow_it any_thing'") == Compare(
        "eq", Name("name"), Literal("text", "allow_it any_thing")
    )


def test_chains_are_flat():
    """A chain of one operator is one node; brackets make another."""
    assert parse("a eq 1 and b eq 2 and not (c eq 3)") == Logic(
        "and",
        (
            Compare("eq", Name("a"), Literal("number", "1")),
            Compare("eq", Name("b"), Literal("number", "2")),
            Not(Compare("eq", Name("c"), Literal("number", "3"))),
        ),
    )
    assert parse("contains(a,'x')") == Call(
        "contains", (Name("a"), Literal("text", "x"))
    )


@given(st.text())
def test_any_text_is_parsed_unchanged(text):
    """Any text between quotes comes back unchanged."""
    quoted = "'" + text.replace("'", "''") + "'"
    assert parse(f"name eq {quoted}") == Compare(
        "eq", Name("name"), Literal("text", text)
    )


@given(st.text(st.sampled_from("()' azeqnotridl019.,-/:=+%_\x00\té"), max_size=30))
@settings(max_examples=300)
def test_nothing_but_a_filter_error_comes_out(text):
    """Any input is either a condition or a `FilterError`."""
    with contextlib.suppress(FilterError):
        assert Condition(CUSTOMERS, text).sql


@given(
    st.lists(st.text(st.sampled_from("ab%_'é\\*?[\U0001f600"), max_size=6), max_size=8),
    st.text(st.sampled_from("ab%_'é\\*?[\U0001f600"), max_size=4),
)
@settings(max_examples=100, deadline=None)
def test_text_is_matched_to_the_letter(names, part):
    """No character is a wildcard, and text is ordered by code point."""
    store = Store()
    for key, name in enumerate(names, 1):
        store.insert("customers", {"id": key, "name": name})
    quoted = "'" + part.replace("'", "''") + "'"
    for condition, holds in (
        (f"contains(name,{quoted})", lambda name: part in name),
        (f"startswith(name,{quoted})", lambda name: name.startswith(part)),
        (f"endswith(name,{quoted})", lambda name: name.endswith(part)),
        (f"name eq {quoted}", lambda name: name == part),
        (f"name lt {quoted}", lambda name: name < part),
        (f"not (name ge {quoted})", lambda name: name < part),
    ):
        expected = [key for key, name in enumerate(names, 1) if holds(name)]
        assert matching_keys(store, condition) == expected, condition
    store.close()


def test_case_can_be_ignored(store):
    """With ``ignore_case`` text compares as SQL Server commonly does."""
    assert matching_keys(store, "contains(name,'CAFÉ')", ignore_case=True) == [4]
    assert matching_keys(store, "name eq 'o''brien & SONS'", ignore_case=True) == [1]
    assert matching_keys(store, "startswith(name,'åNG')", ignore_case=True) == [4]


@pytest.mark.parametrize(
    ("path", "field", "number", "literal"),
    [
        ("customers", "account_type", 0, "TradingAccountTypeOpenItem"),
        ("products", "product_status_type", 0, "EnumStockItemStatusTypeActive"),
        ("sop_orders", "customer_type", 1, "EnumCustomerTypeCash"),
    ],
)
def test_enums_go_by_name_or_number(on_sandbox, path, field, number, literal):
    """An enum is compared with the literal or the number of its value, in quotes."""

    async def scenario(sandbox, http):
        by_number = await http.filter(f"{field} eq '{number}'", path)
        rows = [row for row in sandbox.store.rows(path) if row[field] == literal]
        assert by_number.ids == [row["id"] for row in rows]

    on_sandbox(scenario, {"customers": 20, "products": 5, "sop_orders": 20})


def test_document_status_goes_by_name_or_number(on_sandbox):
    """``document_status eq '2'`` and ``eq 'EnumDocumentStatusComplete'`` are one."""

    async def scenario(sandbox, http):
        by_number = await http.filter("document_status eq '2'", "sop_orders")
        by_name = await http.filter(
            "document_status eq 'EnumDocumentStatusComplete'", "sop_orders"
        )
        rows = sandbox.store.rows("sop_orders")
        expected = [
            row["id"]
            for row in rows
            if row["document_status"] == "EnumDocumentStatusComplete"
        ]
        assert by_number.ids == by_name.ids == expected
        assert 0 < len(expected) < 40

    on_sandbox(scenario, {"sop_orders": 40})


def test_a_bad_filter_brings_400_with_a_message(on_sandbox):
    """A refused filter brings JSON with a ``Message``."""

    async def scenario(_, http):
        response = await http.filter("nonsense eq 5")
        assert response.status == 400
        assert "nonsense" in response.json["Message"]
        assert response.headers["Content-Type"].startswith("application/json")

    on_sandbox(scenario, behaviour=Behaviour())
