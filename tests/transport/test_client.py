"""What the client asks for, and what it makes of the answers."""

import asyncio
import pickle
from decimal import Decimal
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client, Settings
from sage200_async.auth.stores import MemoryStore
from sage200_async.catalog import Customer, Endpoints, Site
from sage200_async.errors import (
    ClientClosed,
    DecodeError,
    InvalidValue,
    MultipleResultsFound,
    NoResultFound,
    NotFound,
    QueryError,
    SettingsError,
)
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.wire.messages import Response

COMPANY = {"X-Site": "guid", "X-Company": "7"}
ROW = {
    "company_id": 7,
    "company_name": "Demo",
    "site_id": "guid",
    "site_name": "Site",
    "site_short_name": "S",
}


@pytest.fixture
def client_of(helpers):
    """Return a client whose service answers so, and the requests that it sent."""

    def make(*script, **changed):
        answers = iter(script)

        def answer(_):
            body = next(answers)
            return body if isinstance(body, Response) else reply(body)

        memory = MemoryTransport(answer, helpers.Clock())
        settings = replace(helpers.settings, **changed)
        client = Sage200Client(settings, transport=memory)
        return SimpleNamespace(client=client, requests=memory.requests)

    return make


def customers(count, first=1):
    """Make rows of customers."""
    return [{"id": first + number, "reference": "A"} for number in range(count)]


async def everything(query):
    """Read a query to its end."""
    return [record async for record in query]


@pytest.mark.parametrize(
    "answer",
    [
        [{**ROW, "tenant_id": 3}],
        [ROW],
        ROW,
        {**ROW, "tenant_id": None, "is_new_in_2027": True},
        [ROW, {**ROW, "company_id": 8}],
        [],
    ],
)
def test_sites(client_of, answer):
    """Sites come as an array or as a bare object, with or without a tenant."""
    held = client_of(answer)
    rows = answer if isinstance(answer, list) else [answer]
    sites = asyncio.run(held.client.sites())
    assert [site.company_id for site in sites] == [row["company_id"] for row in rows]
    assert [site.tenant_id for site in sites] == [row.get("tenant_id") for row in rows]


def test_sites_need_no_company(client_of):
    """Sites are requested without a site and without a company."""
    held = client_of([ROW], site="", company="")
    asyncio.run(held.client.sites())
    [request] = held.requests
    assert (request.method, request.path, request.headers) == ("GET", "sites", {})
    assert request.base_url == held.client.settings.base_url


@pytest.mark.parametrize("body", [b"", b"<html>", b"7", b'[{"company_id": "x"}]'])
def test_no_sites(client_of, body):
    """What is no list of sites is a DecodeError that shows it."""
    held = client_of(Response(200, {}, body))
    with pytest.raises(DecodeError, match="expected"):
        asyncio.run(held.client.sites())


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "refresh_token"),
        ({"client_id": "client"}, "refresh_token"),
        ({"refresh_token": "r"}, "client_id"),
        ({"access_token": "a", "token_store": "nowhere://"}, "token_store"),
    ],
)
def test_nothing_to_sign_in_with(options, name):
    """What could only fail at the first request fails at construction."""
    with pytest.raises(SettingsError, match=name) as caught:
        Sage200Client(Settings(site="guid", company=7, **options))
    assert caught.value.name == name


@pytest.mark.parametrize(
    "options",
    [
        {"access_token": "a"},
        {"refresh_token": "r", "client_id": "client"},
        {"token_store": MemoryStore()},
    ],
)
def test_something_to_sign_in_with(options):
    """An access token, a refresh token with its client, or a store will do."""
    assert Sage200Client(Settings(**options)).settings.site == ""


def test_closed(helpers):
    """A client that is not open sends nothing."""

    async def main():
        client = Sage200Client(helpers.settings)
        with pytest.raises(ClientClosed):
            await client.customers.first()
        async with client:
            pass
        with pytest.raises(ClientClosed):
            await client.sites()
        await client.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (1234, 1234),
        ("1234", 1234),
        ({"count": 7}, 7),
        ({"@odata.count": 7, "value": []}, 7),
        ({"@odata.count": 500, "value": []}, 500),
    ],
)
def test_count(client_of, answer, count):
    """A count is requested once, in keys alone, and read in any of its shapes."""
    held = client_of(answer)
    query = held.client.customers.filter(on_hold=True).order_by("name")
    assert asyncio.run(query.expand("contacts").count()) == count
    [request] = held.requests
    assert request.query == (
        "$filter=on_hold%20eq%20true&$select=id&$orderby=id&$top=5000&$count=true"
    )


@pytest.mark.parametrize("answer", [5000, 500, [], customers(3), customers(500)])
def test_count_that_may_be_a_page(client_of, answer):
    """Where the count may be a page, or its size, the keys are read and counted."""
    last = [{"id": 520}, {"id": 519}]
    held = client_of(answer, customers(500), last, customers(20, first=501))
    assert asyncio.run(held.client.customers.count()) == 520
    assert "$count" not in held.requests[1].query
    assert all("$select=id" in request.query for request in held.requests)
    assert "id%20gt%20500%20and%20id%20le%20520" in held.requests[3].query


@pytest.mark.parametrize(
    ("narrow", "count"),
    [
        (lambda query: query.top(3), 3),
        (lambda query: query.top(30), 10),
        (lambda query: query.skip(4), 6),
        (lambda query: query.skip(40), 0),
        (lambda query: query.skip(4).top(3), 3),
    ],
)
def test_count_within_top_and_skip(client_of, narrow, count):
    """A count is of the records that the query would give."""
    held = client_of(10)
    assert asyncio.run(narrow(held.client.customers).count()) == count


def test_count_of_nothing(client_of):
    """A query that can have no records is counted without I/O."""
    held = client_of()
    assert asyncio.run(held.client.customers.top(0).count()) == 0
    none = held.client.customers.filter(Customer.fields.id.in_([]))
    assert asyncio.run(none.count()) == 0
    assert held.requests == []


def test_count_that_is_none(client_of):
    """A reply that is no count is shown in the error."""
    held = client_of({"total": 7})
    with pytest.raises(DecodeError, match=r"expected a count.*total"):
        asyncio.run(held.client.customers.count())


def test_first(client_of):
    """The first record is requested alone; where there is none, it is None."""
    held = client_of(customers(1), [], [])
    assert asyncio.run(held.client.customers.first()).id == 1
    assert asyncio.run(held.client.customers.first()) is None
    assert [request.query for request in held.requests] == [
        "$orderby=id&$top=1",
        "$orderby=id&$top=1",
        "$select=id&$orderby=id%20desc&$top=2",  # nothing is there, indeed
    ]


def test_one(client_of):
    """`one` returns a record only if it is the only one."""
    held = client_of(customers(1), customers(1), [], [], customers(2))
    query = held.client.customers.filter(reference="A")
    assert asyncio.run(query.one()).id == 1
    with pytest.raises(NoResultFound, match=r"got none: Resource\(customers, filter="):
        asyncio.run(query.one())
    with pytest.raises(MultipleResultsFound, match="got several") as caught:
        asyncio.run(query.one())
    assert isinstance(caught.value, LookupError)
    assert all(request.query.endswith("$top=2") for request in held.requests)


def test_first_and_one_within_top(client_of):
    """A limit of one's own is never widened."""
    held = client_of(customers(1), customers(1))
    assert asyncio.run(held.client.customers.top(0).first()) is None
    with pytest.raises(NoResultFound):
        asyncio.run(held.client.customers.top(0).one())
    assert held.requests == []
    assert asyncio.run(held.client.customers.top(1).one()).id == 1


@pytest.mark.parametrize("served", [3, 4, 10])
def test_top_limits_a_server_that_does_not(client_of, served):
    """`top` limits the stream, also where the server ignores it."""
    held = client_of(customers(served))
    records = asyncio.run(everything(held.client.customers.top(3)))
    assert [customer.id for customer in records] == [1, 2, 3]
    assert len(held.requests) == 1


def test_untyped_records(client_of):
    """A resource that the catalog does not know gives dicts, numbers exactly."""
    record = {"id": 1, "rate": 1.10, "lines": [{"rate": 0.30}]}
    held = client_of([record], [{"id": 1}])
    rows = asyncio.run(everything(held.client.resource("/sop_returns/", key="id")))
    assert rows == [
        {"id": 1, "rate": Decimal("1.10"), "lines": [{"rate": Decimal("0.3")}]}
    ]
    request, _ = held.requests
    assert (request.path, request.query) == ("sop_returns", "$orderby=id&$top=5000")
    assert request.headers == COMPANY


def test_untyped_verbs(client_of):
    """An unknown resource is written and read by id like any other."""
    held = client_of({"id": 1, "rate": 2.50}, {"id": 1}, Response(200))
    returns = held.client.resource("sop_returns")
    created = asyncio.run(returns.create({"rate": Decimal("2.50")}))
    assert created == {"id": 1, "rate": Decimal("2.5")}
    assert asyncio.run(returns.get(1)) == {"id": 1}
    asyncio.run(returns.delete(1))
    assert held.requests[0].body == b'{"rate":2.50}'
    assert [request.path for request in held.requests] == [
        "sop_returns",
        "sop_returns/1",
        "sop_returns/1",
    ]


@pytest.mark.parametrize(
    ("method", "options", "again"),
    [
        ("get", {}, True),
        ("PUT", {"body": b"{}"}, True),
        ("DELETE", {}, True),
        ("POST", {"body": b"{}"}, False),
        ("POST", {"body": b"{}", "idempotent": True}, True),
        ("PUT", {"body": b"{}", "idempotent": False}, False),
    ],
)
def test_a_request_of_ones_own(client_of, method, options, again):
    """A request of one's own goes through the same policies, about one company."""
    held = client_of(Response(200, {}, b"<as it is>"))
    query = {"$filter": "name eq 'A&B'"}
    sent = held.client.request(method, "users/7", query=query, **options)
    assert asyncio.run(sent).body == b"<as it is>"
    [request] = held.requests
    assert (request.method, request.path) == (method.upper(), "users/7")
    assert request.query == "$filter=name%20eq%20'A%26B'"
    assert request.idempotent is again
    assert request.body == options.get("body", b"")
    content = {"content-type": "application/json"} if "body" in options else {}
    assert request.headers == COMPANY | content


def test_a_request_of_ones_own_that_fails(client_of):
    """An error status is raised, as everywhere."""
    held = client_of(Response(404))
    with pytest.raises(NotFound):
        asyncio.run(held.client.request("GET", "nowhere"))


@pytest.mark.parametrize(
    "path",
    [
        "customers#x",
        "customers?a=1",
        "",
        "/",
        "a//b",
        "../../x",
        "customers/../x",
        "%2e%2E/x",
        "customers/.",
        "customers\r\nX-Site: other",
        "customers\n",
        "customers/a b",
        "customers\\x",
        "caf\xe9",
        "100%",
        5,
        None,
    ],
)
def test_the_path_of_a_request_stays_below_the_base_url(client_of, path):
    """A path that would lose the query, or leave the base URL, is refused."""
    held = client_of()
    with pytest.raises(QueryError, match="below the base URL"):
        asyncio.run(held.client.request("DELETE", path, query={"$top": "1"}))
    assert held.requests == []


@pytest.mark.parametrize(
    "path", ["/users/7/", "a/B%2F%23%3f%20..", "a/(b),c:d;e=f@g", "...", "a/b..c"]
)
def test_the_path_of_a_request_goes_out_as_it_is(client_of, path):
    """A percent-encoded path is sent to the letter."""
    held = client_of(Response(200))
    asyncio.run(held.client.request("GET", path))
    assert held.requests[0].path == path


def test_the_options_of_a_request_are_encoded(client_of):
    """Names of options are encoded like their values."""
    held = client_of(Response(200))
    query = {"a&b#\r\n": "c&d", "$top": "1"}
    asyncio.run(held.client.request("GET", "customers", query=query))
    assert held.requests[0].query == "a%26b%23%0D%0A=c%26d&$top=1"


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"$top": 5}, InvalidValue),
        ({"$top": None}, InvalidValue),
        ({"$top": "\ud800"}, InvalidValue),
        ({"\ud800": "5"}, InvalidValue),
        ({5: "5"}, QueryError),
        ({"": "5"}, QueryError),
        ([("$top", "5")], QueryError),
        ("$top=5", QueryError),
    ],
)
def test_options_of_a_request_that_are_no_text(client_of, query, error):
    """Options are a mapping of text to text; anything else is refused unsent."""
    held = client_of()
    with pytest.raises(error):
        asyncio.run(held.client.request("GET", "customers", query=query))
    assert held.requests == []


def test_a_row_of_another_company_is_refused(client_of):
    """A row and a company that contradict each other are a SettingsError."""
    held = client_of()
    row = Site(site_id="A", company_id=1)
    with pytest.raises(SettingsError, match="row of company 1") as caught:
        held.client.at(row, company=3)
    assert caught.value.name == "company"
    for same in (1, "1", None):
        assert held.client.at(row, company=same).settings.company == "1"


@pytest.mark.parametrize("company", [[1], {}, 1.5, True, object()])
def test_a_company_that_is_no_number_is_refused(client_of, company):
    """A company of another type is a SettingsError."""
    with pytest.raises(SettingsError, match="is no company"):
        client_of().client.at("A", company)


def test_the_page_size_of_the_settings_is_that_of_what_is_below(client_of):
    """Records below an item are read in pages of the settings' size."""
    held = client_of(page_size=100)
    customers = held.client.customers
    assert customers[5].customer_contacts.url.endswith("$top=100")
    emails = customers[5].customer_contacts[7].customer_emails
    assert emails.url.endswith("$top=100")
    smaller = customers.page_size(20)[5].customer_contacts
    assert smaller.url.endswith("$top=20")


def test_a_pickled_query(client_of):
    """A query that was pickled runs on the client that it is bound to."""
    held = client_of(customers(1), customers(1), site="another", page_size=100)
    query = Endpoints.customers.query.filter(on_hold=True).top(200)
    records = asyncio.run(
        everything(held.client.run(pickle.loads(pickle.dumps(query))))
    )
    assert [customer.id for customer in records] == [1]
    request, _ = held.requests
    assert request.headers["X-Site"] == "another"
    assert request.query == "$filter=on_hold%20eq%20true&$orderby=id&$top=100"


def test_a_query_without_a_client():
    """A query that belongs to no client says how it gets one."""
    with pytest.raises(ClientClosed, match=r"client\.run"):
        asyncio.run(Endpoints.customers.query.first())


def test_hundreds_of_companies_cost_nothing_until_used(client_of):
    """Five hundred clients of other companies ask nothing and share all there is."""
    held = client_of([{"id": 1}], [{"id": 2}])
    others = [held.client.at("guid", number) for number in range(1, 501)]
    assert held.requests == []
    for name in ("transport", "events", "_pool", "_token_manager"):
        shared = {id(getattr(other, name)) for other in others}
        assert shared == {id(getattr(held.client, name))}
    records = [asyncio.run(other.customers.first()) for other in others[:2]]
    assert [record.id for record in records] == [1, 2]
    assert [request.headers["X-Company"] for request in held.requests] == ["1", "2"]
