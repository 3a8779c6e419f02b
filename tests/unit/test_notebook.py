"""What notebooks, consoles and debuggers show: short, harmless, without a request."""

import io
import pickle
import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.pretty import pretty_repr

from sage200_async import Sage200Client, Settings, raw
from sage200_async.catalog import Customer, CustomerContact, Endpoints
from sage200_async.errors import known_secrets
from sage200_async.odata.namespaces import names_of
from sage200_async.paging.certificate import Certificate
from sage200_async.query.resources import untyped_endpoint
from sage200_async.transport.memory import MemoryTransport

HOSTILE = "<script>alert('&')</script>\x1b[2J\x9b31m\u202e\n\x00"
c = Customer.fields


class Table(HTMLParser):
    """Reads a table: the tags that it has, and its cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag in {"td", "th", "caption"}:
            self.cells.append("")

    def handle_data(self, data):
        self.cells[-1] += data

    @property
    def rows(self) -> dict[str, str]:
        """Names and values, without the caption."""
        return dict(zip(self.cells[1::2], self.cells[2::2], strict=True))


def shown(value: object) -> Table:
    """Return the table that a notebook shows for *value*."""
    text = value._repr_html_()
    assert text.isprintable()
    table = Table(text)
    assert table.tags <= {"table", "caption", "tr", "th", "td"}
    return table


def certificate(**changes) -> Certificate:
    values = {"path": "customers", "query": "$top=5", "records": 3, "requests": 1}
    return Certificate(**values | {"started_at": 0.0, "ended_at": 61.0} | changes)


def a_query():
    return Endpoints.customers.query.filter(c.balance > 5).select("id").top(7)


def test_a_query():
    """The table of a query has its resource, its options and its first request."""
    table = shown(a_query())
    assert table.cells[0] == "customers"
    assert table.rows["operations"] == "create, delete, get, list, update"
    assert table.rows["record"] == "Customer"
    assert table.rows["filter"] == "balance gt 5"
    assert table.rows["top"] == "7"
    assert table.rows["first request"] == a_query().url


@pytest.mark.parametrize("endpoint", Endpoints.endpoints().values(), ids=str)
def test_every_resource(endpoint):
    """Every resource has a table, whether it is listed or not."""
    assert shown(endpoint.query).cells[0] == endpoint.path
    assert ("first request" in shown(endpoint.query).rows) == ("list" in endpoint.verbs)


def test_a_query_that_cannot_be_sent():
    """A query that is too long says so in place of its first request."""
    query = Endpoints.customers.query.filter(raw("x" * 20_000))
    table = shown(query)
    assert "bytes" in table.rows["first request"]
    assert len(query._repr_html_()) < 3_000
    assert "first request" not in shown(Endpoints.customers.query.top(0)).rows


def test_explanations_plans_and_certificates():
    """Each has a table of what it says."""
    explanation = a_query().explain()
    assert shown(explanation).rows["strategy"].startswith("key: the query has no order")
    plan = pickle.loads(pickle.dumps(a_query()._plan()))
    assert shown(plan).rows["key"] == "id"
    assert shown(plan).rows["remaining"] == "7"
    assert shown(a_query().order_by("name")._plan()).rows["mode"] == "offset"
    rows = shown(certificate(key="id", lowest=5)).rows
    assert rows["ended_at"] == "1970-01-01 00:01:01+00:00"
    assert rows["lowest"] == "5"
    assert "highest" not in rows


@pytest.mark.parametrize(
    "value",
    [
        Endpoints.customers.query.filter(name=HOSTILE),
        Endpoints.customers.query.filter(raw(HOSTILE.replace("\n\x00", ""))),
        Endpoints.customers.query.filter(name=HOSTILE).explain(),
        Endpoints.customers.query.filter(name=HOSTILE)._plan(),
        certificate(path=HOSTILE, query=HOSTILE),
    ],
)
def test_hostile_text(value):
    """Text is never markup, nor an order to a terminal."""
    text = value._repr_html_()
    assert "<script" not in text
    assert "script" in text
    assert shown(value)


def test_no_secret_is_shown():
    """A secret that was sent is cut, wherever it is found."""
    secret = "hush-" + "s3cr3t" * 5
    known_secrets.remember(secret)
    query = Endpoints.customers.query.filter(name=secret)
    for value in (query, query.explain(), query._plan(), certificate(query=secret)):
        assert secret not in value._repr_html_()


def test_no_request_is_sent():
    """A table of a query that is bound to a client costs no request."""

    def refuse(_):
        raise AssertionError("a request was sent")

    settings = Settings(site="s", company=1)
    client = Sage200Client(settings, transport=MemoryTransport(refuse))
    assert shown(client.customers.filter(c.balance > 5)).rows["record"] == "Customer"
    assert "record" not in shown(untyped_endpoint("things", None).query).rows


def test_a_record_shows_what_is_set():
    """The repr of a record has the fields that are set, and no others."""
    customer = Customer(id=5, balance=Decimal("1.50"), on_hold=False, name="")
    text = "Customer(id=5, name='', balance=Decimal('1.50'), on_hold=False)"
    assert repr(customer) == text
    assert eval(repr(customer)) == customer
    assert repr(Customer()) == "Customer()"
    contact = CustomerContact(id=6)
    assert repr(Customer(contacts=[contact])) == f"Customer(contacts=[{contact!r}])"


def whole_customer() -> Customer:
    """Return a customer with a value in every field."""
    values = {"text": "x" * 500, "datetime": datetime(2024, 7, 1, tzinfo=UTC)}
    fields = {
        name: values.get(getattr(kind, "kind", ""), 5)
        for name, kind in names_of(type(c)).items()
    }
    contacts = [CustomerContact(id=n, name="x" * 500) for n in range(500)]
    return Customer(**fields | {"contacts": contacts})


def test_the_repr_of_a_record_is_short():
    """Long texts and lists are shortened, and what does not fit is counted."""
    text = repr(whole_customer())
    assert len(text) < 700
    assert re.search(r", \.\.\. \d+ more\)$", text)
    one = repr(Customer(name="x" * 500, contacts=[Customer(name="y" * 500)] * 500))
    assert len(one) < 500


@given(text=st.text(), other=st.text())
def test_the_repr_of_a_record_is_harmless(text, other):
    """Whatever the texts of a record are, its repr is one line without orders."""
    customer = Customer(name=text, contacts=[CustomerContact(name=other)])
    assert repr(customer).isprintable()
    assert pretty_repr(customer).replace("\n", " ").isprintable()


def test_rich_prints_what_is_set():
    """Rich prints the fields that are set, and breaks them over lines."""
    console = Console(file=io.StringIO(), width=60)
    console.print(Customer(id=5, name="A" * 40, contacts=[CustomerContact(id=6)]))
    assert console.file.getvalue().split() == [
        "Customer(",
        "id=5,",
        f"name='{'A' * 40}',",
        "contacts=[CustomerContact(id=6)]",
        ")",
    ]
    assert pretty_repr(Customer(id=5)) == "Customer(id=5)"
