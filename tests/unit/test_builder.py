"""Refining a query: what each method takes, and that it changes nothing else."""

from decimal import Decimal

import pytest

from sage200_async import field, raw
from sage200_async.catalog import (
    AnalysisCodeMapping,
    Customer,
    Endpoints,
    Product,
)
from sage200_async.errors import (
    InvalidValue,
    LimitError,
    QueryError,
    UnknownFieldError,
)
from sage200_async.odata.fields import Ordering
from sage200_async.odata.options import QueryOptions, select_and_expand
from sage200_async.query.endpoint import Endpoint
from sage200_async.query.resources import Resource

c = Customer.fields
query = Endpoints.customers.query
orders = Endpoints.sop_orders.query
untyped = Endpoint("things", Resource[dict, dict, dict]).query


@pytest.mark.parametrize(
    "refine",
    [
        lambda q: q.filter(c.balance > 1),
        lambda q: q.filter(name="x"),
        lambda q: q.select("id"),
        lambda q: q.expand("contacts"),
        lambda q: q.order_by("balance"),
        lambda q: q.top(5),
        lambda q: q.skip(5),
        lambda q: q.page_size(5),
    ],
)
def test_immutable(refine):
    """Refining gives another query, and leaves the first as it was."""
    first = query.filter(on_hold=True).select("name").order_by("name").top(9)
    before = first.options
    refined = refine(first)
    assert refined != first
    assert refined is not first
    assert first.options is before
    assert query.options == QueryOptions()


def test_nothing_to_refine():
    """A filter without conditions is the query itself."""
    assert query.filter() is query


def test_filter_narrows():
    """Two filters in a row are their conjunction."""
    a, b = c.balance > 1, (c.name == "x") | (c.name == "y")
    assert query.filter(a).filter(b) == query.filter(a & b) == query.filter(a, b)
    where = query.filter(a).filter(b).options.filter
    assert str(where) == "balance gt 1 and (name eq 'x' or name eq 'y')"


@pytest.mark.parametrize(
    ("equals", "written"),
    [
        ({"name": "O'B"}, "name eq 'O''B'"),
        ({"balance": Decimal("1.50")}, "balance eq 1.50"),
        ({"account_type": 1}, "account_type eq '1'"),
        ({"account_opened": None}, "account_opened eq null"),
        ({"on_hold": False, "id": 3}, "on_hold eq false and id eq 3"),
    ],
)
def test_equals(equals, written):
    """Keywords are equality, by the field's type."""
    assert str(query.filter(**equals).options.filter) == written


def test_equals_refused():
    """Keywords are checked like conditions."""
    with pytest.raises(UnknownFieldError, match="did you mean 'balance'"):
        query.filter(balence=1)
    with pytest.raises(InvalidValue, match="balance: expected a number"):
        query.filter(balance="1")
    with pytest.raises(QueryError, match="related records"):
        query.filter(contacts=1)


@pytest.mark.parametrize("wrong", [True, "balance gt 1", None, 1, c.balance])
def test_filter_takes_conditions(wrong):
    """What is no condition is refused, text above all."""
    with pytest.raises(QueryError, match="expected a condition"):
        query.filter(wrong)


@pytest.mark.parametrize(
    "condition",
    [
        field("balance") == "1000",
        field("balance").in_(["1"]),
        field("name") == 5,
        field("name").in_([1, 2]),
        field("on_hold") == "true",
        field("id") == 1.5,
        field("id").contains("1"),
        field("account_type").contains("A"),
        field("account_type") == 1,
        field("account_opened") == "2020-01-01",
        ~((field("balance") == "1") | (c.name == "x")),
    ],
)
def test_untyped_conditions_are_checked(condition):
    """A condition of unknown type is checked against the record it is put to."""
    with pytest.raises(InvalidValue, match=r"expected a comparison|expected == or !="):
        query.filter(condition)


@pytest.mark.parametrize(
    "condition",
    [
        field("balance") == 1000,
        field("account_type") == "A",
        field("name") == None,  # noqa: E711 - builds a condition
        field("balance").in_([]),
        field("name").contains("x"),
        raw("anything(goes) here"),
    ],
)
def test_untyped_conditions_that_fit(condition):
    """A condition of unknown type that fits the record is taken."""
    assert query.filter(condition).options.filter == condition


def test_conditions_on_a_field_of_unknown_type():
    """A field whose type the catalog does not know takes any value."""
    mappings = Endpoints.analysis_code_mappings.query
    m = AnalysisCodeMapping.fields
    for value, literal in ((1, "1"), ("A", "'A'"), (None, "null")):
        condition = mappings.filter(m.analysis_code_id == value).options.filter
        assert str(condition) == f"analysis_code_id eq {literal}"


def test_other_records_conditions():
    """Another record's condition is taken only where name and type agree."""
    assert query.filter(Product.fields.id == 1) == query.filter(c.id == 1)
    with pytest.raises(UnknownFieldError):
        query.filter(Product.fields.code == "x")
    with pytest.raises(UnknownFieldError):
        query.filter((c.id == 1) | ~(Product.fields.code == "x"))


def test_select():
    """Selected names add up, each once, in their order."""
    refined = query.select("id", c.name).select("name", c.balance)
    assert refined.options.select == ("id", "name", "balance")


@pytest.mark.parametrize("name", ["contacts", c.contacts])
def test_related_records_that_are_selected_are_expanded(name):
    """Related records come only where they are expanded, so selecting them does it."""
    refined = query.select("id", name).expand("contacts", "memos")
    assert refined == query.select("id", name).expand("memos")
    assert refined.url.partition("?")[2].startswith(
        "$select=id,contacts&$expand=contacts,memos&"
    )
    assert query.select("id").expand("memos").options.expand == ("memos",)


def test_select_reaches_in():
    """A dotted name expands the related records that it reaches into."""
    refined = query.select("id", c.contacts.name).expand("memos", "memos")
    assert refined.options.select == ("id", "contacts.name")
    assert select_and_expand(refined.options)[1] == ("$expand", "memos,contacts")


@pytest.mark.parametrize(
    "refine",
    [
        lambda: query.select("balence"),
        lambda: query.select("contacts.nmae"),
        lambda: query.select("name.length"),
        lambda: query.select(Product.fields.code),
        lambda: query.select(""),
        lambda: query.expand("contact"),
        lambda: query.expand("name"),
        lambda: query.order_by("balence"),
        lambda: query.order_by("balence desc"),
        lambda: query.order_by(Ordering("balence")),
    ],
)
def test_unknown_names(refine):
    """A name that the record lacks is refused wherever it is used."""
    with pytest.raises(UnknownFieldError):
        refine()


def test_expand_suggests_related_records():
    """The nearest name for `expand` is that of related records, never a field's."""
    with pytest.raises(UnknownFieldError) as caught:
        query.expand("contact")
    assert caught.value.nearest == "contacts"


def test_extra_expands():
    """Names that only ``$expand`` knows are taken where Sage documents them."""
    assert orders.expand("is_to_lock").options.expand == ("is_to_lock",)
    with pytest.raises(UnknownFieldError):
        query.expand("is_to_lock")


def test_order():
    """Keys add up, greatest first; saying one twice changes nothing."""
    keys = query.order_by(c.balance.desc(), "name asc").order_by("balance", c.id)
    assert [str(key) for key in keys.options.order_by] == ["balance desc", "name", "id"]
    assert query.order_by("balance  desc") == query.order_by(c.balance.desc())


@pytest.mark.parametrize("key", ["name down", "name desc, id", "name DESC", c.contacts])
def test_order_refused(key):
    """What is no field with a direction is no order."""
    with pytest.raises(QueryError):
        query.order_by(key)


@pytest.mark.parametrize("method", ["top", "skip", "page_size"])
@pytest.mark.parametrize("count", [-1, 1.0, "5", True, None, Decimal(5)])
def test_counts(method, count):
    """A count that is no whole number from 0 up is refused by name."""
    with pytest.raises(LimitError, match=f"^{method} takes .*, got "):
        getattr(query, method)(count)


@pytest.mark.parametrize("count", [0, 5001])
def test_page_size(count):
    """A request asks for 1 to 5000 records."""
    with pytest.raises(LimitError, match="1 to 5000"):
        query.page_size(count)
    assert query.page_size(1).page_size(5000).options.page_size == 5000


def test_last_call_wins():
    """Counts replace each other."""
    assert query.top(5).top(0).skip(3).skip(1).options == QueryOptions(top=0, skip=1)


@pytest.mark.parametrize(
    "refine",
    [
        lambda: untyped.select("id,name"),
        lambda: untyped.expand("x($top=1)"),
        lambda: untyped.order_by("a,b"),
        lambda: untyped.filter(**{"1 eq 1 or a": 1}),
    ],
)
def test_untyped_names(refine):
    """Where nobody knows the record, a name is still no more than a name."""
    with pytest.raises(QueryError, match="expected"):
        refine()


def test_untyped_resources():
    """Where nobody knows the record, any name is taken."""
    refined = untyped.filter(a=1).select("b").expand("c").order_by("d desc")
    assert refined.url == (
        "/things?$filter=a%20eq%201&$select=b&$expand=c&$orderby=d%20desc&$top=5000"
    )
