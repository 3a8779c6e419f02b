"""What each verb sends, what it refuses, and what it takes for a success."""

import asyncio
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.catalog import Customer
from sage200_async.errors import (
    BadRequest,
    ConnectError,
    DecodeError,
    IncompleteResponse,
    InvalidValue,
    NotFound,
    QueryError,
    ServerError,
    SettingsError,
    UnknownFieldError,
    UnsupportedOperation,
)
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.transport.retry import Retry
from sage200_async.transport.retry_policy import RetryPolicy
from sage200_async.wire.messages import Response

COMPANY = {"X-Site": "guid", "X-Company": "7"}
JSON = {**COMPANY, "content-type": "application/json"}


@pytest.fixture
def client_of(helpers):
    """Return a client whose service answers so, and the requests that it sent."""

    def make(*script, **changed):
        answers = iter(script)

        def answer(request):
            body = next(answers)
            if isinstance(body, Exception):
                raise body
            return body if isinstance(body, Response) else reply(body)

        clock = helpers.Clock()
        memory = MemoryTransport(answer, clock)
        retry = Retry(memory, RetryPolicy(), clock)
        settings = replace(helpers.settings, **changed)
        client = Sage200Client(settings, transport=retry, clock=clock)
        return SimpleNamespace(client=client, requests=memory.requests)

    return make


def test_get(client_of):
    """Reading one record asks for its path, with what was selected and expanded."""
    held = client_of({"id": 7, "name": "B", "balance": 10.50})
    query = held.client.customers.select("id", "name").expand("contacts")
    customer = asyncio.run(query.get(7))
    assert isinstance(customer, Customer)
    assert (customer.id, customer.balance) == (7, Decimal("10.50"))
    [request] = held.requests
    assert (request.method, request.path) == ("GET", "customers/7")
    assert request.query == "$select=id,name&$expand=contacts"
    assert (request.headers, request.body, request.idempotent) == (COMPANY, b"", True)


def test_get_expands_what_it_selects(client_of):
    """Related records that are selected come with one record, too."""
    held = client_of({"id": 7, "contacts": []})
    assert asyncio.run(held.client.customers.select("contacts").get(7)).contacts == []
    assert held.requests[0].query == "$select=id,contacts&$expand=contacts"


def test_create(client_of):
    """Creating posts JSON to the collection, once, with Decimals as numbers."""
    held = client_of({"id": 7, "credit_limit": 10.5})
    values = {
        "reference": "A",
        "name": "B",
        "credit_limit": Decimal("10.50"),
        "application_date": date(2026, 1, 2),
        "contacts": [{"name": "B"}],
    }
    customer = asyncio.run(held.client.customers.create(values))
    assert (customer.id, customer.credit_limit) == (7, Decimal("10.5"))
    [request] = held.requests
    assert (request.method, request.path, request.query) == ("POST", "customers", "")
    assert request.headers == JSON
    assert request.body == (
        b'{"reference":"A","name":"B","credit_limit":10.50,'
        b'"application_date":"2026-01-02T00:00:00Z","contacts":[{"name":"B"}]}'
    )
    assert not request.idempotent


def test_update(client_of):
    """Updating puts only the changed fields to the record's path."""
    held = client_of({"id": 7, "short_name": "C"})
    customer = asyncio.run(held.client.customers.update(7, {"short_name": "C"}))
    assert customer.short_name == "C"
    [request] = held.requests
    assert (request.method, request.path, request.query) == ("PUT", "customers/7", "")
    assert (request.headers, request.body) == (JSON, b'{"short_name":"C"}')
    assert request.idempotent


@pytest.mark.parametrize(
    ("rows", "again"),
    [
        ([{"id": 1, "name": "C"}], True),
        ([{"id": 1, "is_to_delete": True}], True),
        ([], True),
        ([{"name": "C"}], False),
        ([{"id": 1}, {"name": "C"}], False),
    ],
)
def test_update_with_rows(client_of, rows, again):
    """An update that adds rows is not sent twice; one that changes them is."""
    held = client_of(IncompleteResponse("cut"), {"id": 7})
    update = held.client.resource("customers").update(7, {"contacts": rows})
    if again:
        assert asyncio.run(update) == {"id": 7}
    else:
        with pytest.raises(IncompleteResponse):
            asyncio.run(update)
    assert [request.idempotent for request in held.requests] == [again] * (1 + again)


def test_delete(client_of):
    """Deleting sends DELETE to the record's path and reads no body."""
    held = client_of(Response(200))
    assert asyncio.run(held.client.customers.delete(7)) is None
    [request] = held.requests
    assert (request.method, request.path, request.query) == (
        "DELETE",
        "customers/7",
        "",
    )
    assert (request.headers, request.body, request.idempotent) == (COMPANY, b"", True)


def test_delete_what_is_not_there(client_of):
    """A 404 to the first request means that there was no such record."""
    held = client_of(Response(404))
    with pytest.raises(NotFound):
        asyncio.run(held.client.customers.delete(7))


@pytest.mark.parametrize("fault", [IncompleteResponse("cut"), ServerError()])
def test_delete_whose_reply_was_lost(client_of, fault):
    """A 404 to the second request means that the first one did it."""
    held = client_of(fault, Response(404))
    asyncio.run(held.client.customers.delete(7))
    assert len(held.requests) == 2


def test_delete_that_never_left_before(client_of):
    """A 404 after an attempt that never left means that there was no such record."""
    held = client_of(ConnectError(), Response(404))
    with pytest.raises(NotFound) as caught:
        asyncio.run(held.client.customers.delete(7))
    assert (caught.value.attempts, caught.value.maybe_sent_before) == (2, False)


def test_create_whose_reply_was_lost(client_of):
    """A create whose reply was lost is not repeated: the error says so."""
    held = client_of(IncompleteResponse("cut"))
    with pytest.raises(IncompleteResponse):
        asyncio.run(held.client.customers.create({"reference": "A", "name": "B"}))
    assert len(held.requests) == 1


def test_sage_says_why(client_of):
    """What Sage refuses is raised with its own words."""
    held = client_of(reply({"Message": "The account reference already exists."}, 400))
    with pytest.raises(BadRequest, match="already exists") as caught:
        asyncio.run(held.client.customers.create({"reference": "A", "name": "B"}))
    assert caught.value.detail == "The account reference already exists."


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"id": "x"}', b"{"])
def test_a_reply_that_is_no_record(client_of, body):
    """A reply that is not one record is a DecodeError."""
    held = client_of(Response(200, {}, body))
    with pytest.raises(DecodeError):
        asyncio.run(held.client.customers.get(7))


@pytest.mark.parametrize(
    ("narrow", "name"),
    [
        (lambda query: query.filter(on_hold=True), "filter"),
        (lambda query: query.order_by("name"), "order_by"),
        (lambda query: query.top(1), "top"),
        (lambda query: query.skip(1), "skip"),
        (lambda query: query.select("name"), "select"),
        (lambda query: query.expand("contacts"), "expand"),
    ],
)
def test_options_that_a_verb_does_not_take(client_of, narrow, name):
    """What a verb would have to drop it refuses, before any I/O."""
    held = client_of()
    query = narrow(held.client.customers)
    calls = [
        query.create({"reference": "A"}),
        query.update(7, {"name": "B"}),
        query.delete(7),
    ]
    if name not in {"select", "expand"}:
        calls.append(query.get(7))
    for call in calls:
        with pytest.raises(QueryError, match=f"got {name} on customers"):
            asyncio.run(call)
    assert held.requests == []


def test_page_size_is_no_option_of_a_verb(client_of):
    """The page size, which the settings may lower, is allowed with every operation."""
    held = client_of(*[{"id": 7}] * 3, Response(200), page_size=100)
    customers = held.client.customers
    asyncio.run(customers.get(7))
    asyncio.run(customers.update(7, {"name": "B"}))
    asyncio.run(customers.create({"reference": "A", "name": "B"}))
    asyncio.run(customers.delete(7))
    assert len(held.requests) == 4


@pytest.mark.parametrize("id", [None, "", True, 1.0, b"7"])
def test_no_id(client_of, id):
    """What is no id is refused before any I/O."""
    held = client_of()
    customers = held.client.customers
    for call in (customers.get(id), customers.update(id, {}), customers.delete(id)):
        with pytest.raises(QueryError, match="customers: expected an id"):
            asyncio.run(call)
    assert held.requests == []


def test_an_id_of_text_is_encoded(client_of):
    """An id is one segment of the path, whatever it contains."""
    held = client_of({})
    asyncio.run(held.client.resource("couriers").get("A/B ?"))
    assert held.requests[0].path == "couriers/A%2FB%20%3F"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"no_such_field": "A"}, UnknownFieldError),
        ({"reference": 7}, InvalidValue),
        ({"credit_limit": float("nan")}, InvalidValue),
        ({"on_hold": 1}, InvalidValue),
    ],
)
def test_wrong_values(client_of, values, error):
    """A wrong name or type is refused before any I/O."""
    held = client_of()
    with pytest.raises(error):
        asyncio.run(held.client.customers.create(values))
    with pytest.raises(error):
        asyncio.run(held.client.customers.update(7, values))
    assert held.requests == []


@pytest.mark.parametrize("verb", ["get", "create", "update", "delete"])
def test_a_view_can_only_be_listed(client_of, verb):
    """A view raises for a verb that it lacks, and says what it can do."""
    held = client_of()
    with pytest.raises(UnsupportedOperation, match="it can list") as caught:
        getattr(held.client.sop_order_line_views, verb)
    assert caught.value.verb == verb
    assert held.requests == []


@pytest.mark.parametrize("name", ["site", "company"])
def test_no_company(client_of, name):
    """Without site or company nothing is sent, whatever the verb."""
    held = client_of(**{name: ""})
    customers = held.client.customers
    for call in (
        customers.get(7),
        customers.create({"reference": "A", "name": "B"}),
        customers.update(7, {"name": "B"}),
        customers.delete(7),
        customers.first(),
        customers.count(),
        held.client.request("GET", "customers"),
    ):
        with pytest.raises(SettingsError, match=f"No {name} is set") as caught:
            asyncio.run(call)
        assert caught.value.name == name
    assert held.requests == []


def test_delete_refused_by_a_gateway(client_of):
    """A gateway's own 404 after a lost attempt says nothing of the record."""
    page = Response(404, {"content-type": "text/html"}, b"<html>File not found</html>")
    held = client_of(IncompleteResponse("cut"), page)
    with pytest.raises(NotFound) as caught:
        asyncio.run(held.client.customers.delete(7))
    assert caught.value.outcome_unknown


def test_update_with_the_key_of_another_record(client_of):
    """It is refused before anything is sent; the record's own key is let be."""
    held = client_of(Response(200, {}, b'{"id":5,"short_name":"B"}'))
    customers = held.client.customers
    with pytest.raises(QueryError, match=r"update\(5\) has id=6 among its changes"):
        asyncio.run(customers.update(5, {"id": 6, "short_name": "B"}))
    assert not held.requests
    asyncio.run(customers.update(5, {"id": 5, "short_name": "B"}))


@pytest.mark.parametrize("verb", ["create", "update"])
def test_large_replies_to_writes(client_of, verb):
    """They are read up to the limit of the settings."""
    body = b'{"id":5,"later":"%b"}' % (b"x" * 2_000_000)
    held = client_of(Response(200, {}, body), max_record_bytes=3_000_000)
    customers = held.client.customers
    works = {
        "create": lambda: customers.create({"reference": "A", "name": "B"}),
        "update": lambda: customers.update(5, {"name": "B"}),
    }
    assert asyncio.run(works[verb]()).id == 5
