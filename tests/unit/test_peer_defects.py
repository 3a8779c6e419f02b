"""What other OData builders get wrong, each shown not to happen here."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from sage200_async import any_of, field
from sage200_async.catalog import Customer, Endpoints
from sage200_async.errors import InvalidValue, QueryError
from sage200_async.events import Events
from sage200_async.settings import CompanyContext
from sage200_async.transport.memory import MemoryTransport, reply

c = Customer.fields
query = Endpoints.customers.query


def filter_text(*conditions, **equals):
    """Return the ``$filter`` that a server receives."""
    url = query.filter(*conditions, **equals).url
    assert url.isascii()
    return parse_qs(urlsplit(url).query, strict_parsing=True)["$filter"][0]


def test_quote():
    """A quote is doubled: every one of them, wherever it is."""
    assert filter_text(name="O'Brien") == "name eq 'O''Brien'"
    assert filter_text(name="'a'b'") == "name eq '''a''b'''"
    assert filter_text(c.name.contains("O'B")) == "contains(name,'O''B')"
    assert filter_text(c.name.in_(["O'B", "'"])) == "name eq 'O''B' or name eq ''''"


@pytest.mark.parametrize(
    "ask",
    [
        lambda text: filter_text(name=text),
        lambda text: filter_text(c.name.in_([text])),
        lambda text: filter_text(field("name") == text),
    ],
)
def test_injection(ask):
    """Text that reads like a condition stays text."""
    text = "x' or 1 eq 1 or name eq 'y"
    assert ask(text) == "name eq 'x'' or 1 eq 1 or name eq ''y'"


def test_injection_by_an_enum():
    """Text for an enum stays text too."""
    assert (
        filter_text(account_type="A' or '1' eq '1")
        == "account_type eq 'A'' or ''1'' eq ''1'"
    )


@pytest.mark.parametrize("name", ["1 eq 1 or id", "id eq 1 or id", "contains(name,'')"])
def test_injection_by_a_name(name):
    """Text for a field's name is refused."""
    with pytest.raises(QueryError):
        field(name)
    with pytest.raises(QueryError):
        query.filter(**{name: 1})


@pytest.mark.parametrize("value", ["1 or 1 eq 1", "1", True, 1.0, b"1"])
def test_wrong_type_for_a_number(value):
    """A whole-number field takes whole numbers, and nothing that looks like one."""
    with pytest.raises(InvalidValue):
        query.filter(id=value)
    with pytest.raises(InvalidValue):
        query.filter(field("id") == value)


def test_or_within_and():
    """An *or* keeps its brackets inside an *and*, however the two met."""
    a, b, d = c.id == 1, c.id == 2, c.on_hold == True  # noqa: E712 - a condition
    wanted = "(id eq 1 or id eq 2) and on_hold eq true"
    assert filter_text((a | b) & d) == wanted
    assert filter_text(a | b, d) == wanted
    assert filter_text(a | b, on_hold=True) == wanted
    assert filter_text(c.id.in_([1, 2]), on_hold=True) == wanted
    narrowed = query.filter(a | b).filter(d)
    assert narrowed == query.filter((a | b) & d)


def test_not_of_or():
    """What is negated is in brackets."""
    assert filter_text(~((c.id == 1) | (c.id == 2))) == "not (id eq 1 or id eq 2)"
    assert filter_text(~c.id.in_([1, 2])) == "not (id eq 1 or id eq 2)"


def test_range():
    """A range is written with the operators that OData has."""
    assert filter_text(c.id >= 5, c.id <= 9) == "id ge 5 and id le 9"


def test_chained_range():
    """A chained comparison raises: Python would drop half of it."""
    with pytest.raises(QueryError):
        query.filter(5 <= c.id <= 9)


def test_empty_in():
    """No values to be *in* means no records, without a request."""
    memory = MemoryTransport(lambda _: reply([{"id": 1}]))

    class Connection:
        transport = memory
        quarantine = None
        events = Events()

    nobody = query.filter(c.id.in_([])).bound(
        CompanyContext("http://x", "s", "1"), Connection()
    )

    async def read():
        return [record async for record in nobody]

    assert asyncio.run(read()) == []
    assert asyncio.run(nobody.count()) == 0
    assert asyncio.run(nobody.first()) is None
    assert memory.requests == []


def test_empty_or():
    """An empty *or* raises: dropped, it would read everything."""
    with pytest.raises(QueryError):
        any_of()
    with pytest.raises(QueryError):
        query.filter(any_of(*[]))


@pytest.mark.parametrize(
    "text", ["a&b", "#1", "1+1", "100%", "%27", "a=b;c", "a/b?", "é\n"]
)
def test_characters_of_urls(text):
    """Characters that mean something in a URL arrive unchanged."""
    assert filter_text(name=text) == f"name eq '{text}'"
    options = parse_qs(urlsplit(query.filter(name=text).url).query)
    assert set(options) == {"$filter", "$orderby", "$top"}


def test_decimal():
    """A Decimal is written in plain notation, without a suffix."""
    assert filter_text(c.balance == Decimal("1E-7")) == "balance eq 0.0000001"
    assert filter_text(c.balance == Decimal("1E+7")) == "balance eq 10000000"
    assert filter_text(c.balance == 1e-07) == "balance eq 0.0000001"


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_not_a_number(value):
    """What is no finite number is refused, as float and as Decimal."""
    for kind in (float, Decimal):
        with pytest.raises(InvalidValue):
            query.filter(c.balance == kind(value))


def test_time_without_a_zone():
    """A time without a zone is refused; one with a zone is sent in UTC."""
    with pytest.raises(InvalidValue):
        query.filter(c.date_time_updated > datetime(2020, 1, 1))
    aware = datetime(2020, 1, 1, tzinfo=UTC)
    assert filter_text(c.date_time_updated > aware).endswith(
        "gt 2020-01-01T00:00:00.000Z"
    )


def test_shared_prefix():
    """A query stays as it is when others are built from it."""
    base = query.filter(on_hold=False)
    first, second = base.filter(id=1), base.filter(id=2).top(1)
    assert filter_of(base) == "on_hold eq false"
    assert filter_of(first) == "on_hold eq false and id eq 1"
    assert filter_of(second) == "on_hold eq false and id eq 2"


def filter_of(built):
    """Return the ``$filter`` of a query."""
    return parse_qs(urlsplit(built.url).query)["$filter"][0]
