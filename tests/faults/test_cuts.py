"""A page cut at every kind of position, detected by its length, its JSON or its gzip."""

import asyncio

import pytest

from sage200_async.sandbox import Behaviour, Fault, Sandbox

NAME = 'Café "Über" 5 €'
BORDER = b'},{"name"'
POSITIONS = {
    "nothing of the body": lambda _: 0,
    "after the first bracket": lambda _: 1,
    "in a field's name": lambda body: body.index(b'"name"') + 3,
    "after a colon": lambda body: body.index(b'"name":') + len(b'"name":'),
    "in a string": lambda body: body.index("Café".encode()) + 1,
    "in an escape": lambda body: body.index(b"\\") + 1,
    "in a multibyte character": lambda body: body.index("€".encode()) + 1,
    "in a number": lambda body: body.index(b"12345.67") + 3,
    "after a decimal point": lambda body: body.index(b"12345.67") + 6,
    "before a record's last brace": lambda body: body.index(BORDER),
    "after a nested array": lambda body: body.index(b"}]" + BORDER) + 2,
    "after a record": lambda body: body.index(BORDER) + 1,
    "between records": lambda body: body.index(BORDER) + 2,
    "before the last brace": lambda body: len(body) - 2,
    "before the last bracket": lambda body: len(body) - 1,
}


def query(client):
    """Return a query for pages with text, numbers and nested rows."""
    chosen = client.customers.select("id", "name", "credit_limit")
    return chosen.expand("contacts").page_size(20)


async def rows_of(client, sandbox):
    """Read all; return the records and the number of requests."""
    sandbox.requests.clear()
    rows = [row async for row in query(client)]
    return rows, len(sandbox.requests)


async def second_page(client, sandbox):
    """Return the bytes of the second page."""
    query_string = sandbox.requests[1].query
    response = await client.request("GET", "customers", query=query_string)
    return bytes(response.body)


def fill_fields(sandbox):
    """Set names with all kinds of characters, and a number, for every customer."""
    for key in sandbox.store.keys("customers"):
        values = {"name": NAME, "credit_limit": 12345.67}
        sandbox.store.update("customers", key, values)


@pytest.mark.parametrize("length", [0, None], ids=["length", "close"])
@pytest.mark.parametrize("position", POSITIONS)
def test_cuts(helpers, row, position, length):
    """A page that is cut anywhere is requested again, once."""

    async def main():
        async with Sandbox(records={"customers": 40}) as sandbox:
            fill_fields(sandbox)
            async with helpers.connected(sandbox) as client:
                expected, requests = await rows_of(client, sandbox)
                body = await second_page(client, sandbox)
                cut = POSITIONS[position](body) - len(body)
                sandbox.faults = [None, Fault(cut=cut, length=length, then="close")]
                return expected, requests, *await rows_of(client, sandbox)

    expected, fault_free, rows, requests = asyncio.run(main())
    assert len(expected) == 40
    assert rows == expected
    assert requests == fault_free + 1
    framing = "length" if length == 0 else "no length"
    row(f"cut {position}, {framing}", "complete", requests)


@pytest.mark.parametrize("length", [0, None], ids=["length", "close"])
@pytest.mark.parametrize("cut", [-1, -5, -9, -60, 0.8, 0.5, 0.2])
def test_cuts_through_gzip(helpers, row, cut, length):
    """A page of compressed data that is cut anywhere is requested again."""

    async def main():
        behaviour = Behaviour(compress=True)
        async with (
            Sandbox({"customers": 40}, behaviour=behaviour) as sandbox,
            helpers.connected(sandbox) as client,
        ):
            expected, requests = await rows_of(client, sandbox)
            sandbox.faults = [None, Fault(cut=cut, length=length, then="close")]
            return expected, requests, *await rows_of(client, sandbox)

    expected, fault_free, rows, requests = asyncio.run(main())
    assert len(expected) == 40
    assert rows == expected
    assert requests == fault_free + 1
    framing = "length" if length == 0 else "no length"
    row(f"gzip cut at {cut}, {framing}", "complete", requests)
