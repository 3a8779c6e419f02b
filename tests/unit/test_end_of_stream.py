"""Where a stream ends, and what is asked to see it."""

import asyncio

import pytest

from sage200_async import Sage200Client, Settings, field
from sage200_async.errors import BadRequest, PagingError
from sage200_async.transport.memory import MemoryTransport, reply

ROWS = [{"id": key} for key in range(1, 8)]


def client_of(handler, **settings):
    """Return a client on a server in memory, and its requests."""
    memory = MemoryTransport(handler)
    own = Settings(site="site", company=1, **settings)
    return Sage200Client(own, transport=memory), memory.requests


def ids(query):
    """Read a query; return its ids."""

    async def read():
        return [record.id async for record in query]

    return asyncio.run(read())


@pytest.mark.parametrize("served", [0, 1, 7])
def test_short_pages_are_trusted_where_a_setting_says_so(served):
    """With trust_short_pages a short page ends a stream, and nothing else is asked."""
    client, requests = client_of(lambda _: reply(ROWS[:served]), trust_short_pages=True)
    assert ids(client.customers) == list(range(1, served + 1))
    assert len(requests) == 1


@pytest.mark.parametrize(
    "narrow",
    [
        lambda query: query.top(3),
        lambda query: query.filter(id=3),
        lambda query: query.filter(field("id").in_([1, 2, 3])),
        lambda query: query.filter(id=3, name="x").top(5),
    ],
)
def test_no_further_request_where_the_end_is_known(narrow):
    """A top that is filled, and a filter on the key, cost no request for the end."""
    client, requests = client_of(lambda _: reply(ROWS[:3]))
    ids(narrow(client.customers))
    assert len(requests) == 1


def test_a_short_page_is_asked_about_once():
    """Where fewer arrived than a top allows, the last record is asked for once more."""
    client, requests = client_of(lambda _: reply(ROWS[-1:]))
    assert ids(client.customers.top(5)) == [7]
    assert "id%20gt%207%20or%20id%20eq%207" in requests[1].query
    assert len(requests) == 2


def test_descending_order_that_is_refused():
    """Where the server refuses the order of the end, a stream reads to an empty page."""

    def handler(request):
        if "desc" in request.query:
            raise BadRequest("no such order")
        return reply([] if "gt" in request.query else ROWS)

    client, requests = client_of(handler)
    assert ids(client.customers) == list(range(1, 8))
    assert requests[-1].query.count("desc") == 1  # the last attempt to see the end


def test_an_empty_page_that_is_contradicted():
    """A page that stays empty, though the server has more, is an error with its plan."""

    def handler(request):
        if "desc" in request.query:
            return reply([{"id": 9}])
        return reply([] if "gt" in request.query else ROWS)

    client, _ = client_of(handler)
    with pytest.raises(PagingError, match="no record arrived after id 7") as caught:
        ids(client.customers)
    assert caught.value.plan.after_key == 7
