"""A page cut at every kind of place, told by its length, by its JSON, by its gzip."""

import asyncio

import pytest

from sage200_async.sandbox import Behaviour, Fault, Sandbox

NAME = 'Café "Über" 5 €'
BORDER = b'},{"name"'
PLACES = {
    "nothing of the body": lambda _: 0,
    "after the first bracket": lambda _: 1,
    "in a member's name": lambda body: body.index(b'"name"') + 3,
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
    """Ask for pages with text, numbers and nested rows."""
    chosen = client.customers.select("id", "name", "credit_limit")
    return chosen.expand("contacts").page_size(20)


async def rows_of(client, sandbox):
    """Read all, and give the records with the number of requests."""
    sandbox.requests.clear()
    rows = [row async for row in query(client)]
    return rows, len(sandbox.requests)


async def second_page(client, sandbox):
    """Give the second page as it goes over the wire."""
    asked = sandbox.requests[1].query
    return bytes((await client.request("GET", "customers", query=asked)).body)


def spell(sandbox):
    """Give every customer a name of all kinds of characters, and a number."""
    for key in sandbox.store.keys("customers"):
        values = {"name": NAME, "credit_limit": 12345.67}
        sandbox.store.update("customers", key, values)


@pytest.mark.parametrize("length", [0, None], ids=["length", "close"])
@pytest.mark.parametrize("place", PLACES)
def test_cuts(lab, row, place, length):
    """Wherever a page is cut, it is asked for again as a whole, once."""

    async def main():
        async with Sandbox(records={"customers": 40}) as sandbox:
            spell(sandbox)
            async with lab.connected(sandbox) as client:
                whole, fine = await rows_of(client, sandbox)
                body = await second_page(client, sandbox)
                cut = PLACES[place](body) - len(body)
                sandbox.faults = [None, Fault(cut=cut, length=length, then="close")]
                return whole, fine, *await rows_of(client, sandbox)

    whole, fine, rows, requests = asyncio.run(main())
    assert len(whole) == 40
    assert rows == whole
    assert requests == fine + 1
    told = "length" if length == 0 else "no length"
    row(f"cut {place}, {told}", "complete", requests)


@pytest.mark.parametrize("length", [0, None], ids=["length", "close"])
@pytest.mark.parametrize("cut", [-1, -5, -9, -60, 0.8, 0.5, 0.2])
def test_cuts_through_gzip(lab, row, cut, length):
    """Wherever compressed data is cut, in its checksum too, the page comes again."""

    async def main():
        packing = Behaviour(compress=True)
        async with (
            Sandbox({"customers": 40}, behaviour=packing) as sandbox,
            lab.connected(sandbox) as client,
        ):
            whole, fine = await rows_of(client, sandbox)
            sandbox.faults = [None, Fault(cut=cut, length=length, then="close")]
            return whole, fine, *await rows_of(client, sandbox)

    whole, fine, rows, requests = asyncio.run(main())
    assert len(whole) == 40
    assert rows == whole
    assert requests == fine + 1
    told = "length" if length == 0 else "no length"
    row(f"gzip cut at {cut}, {told}", "complete", requests)
