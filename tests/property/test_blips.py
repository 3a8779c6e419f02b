"""Replies of ``[]`` now and then, as from a tunnel that drops: nothing is lost for it."""

import asyncio
import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import matching

from sage200_async import Sage200Client, Settings, field
from sage200_async.errors import BadRequest, ClientClosed, PagingError, QueryError
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.wire.messages import Response


class Table:
    """A table of customers; the requests whose numbers are in *blips* bring nothing."""

    def __init__(self, keys, blips=(), *, counts=True, refuses="", clamp=5000):
        self.keys, self.blips, self.counts = sorted(keys), set(blips), counts
        self.refuses, self.clamp = refuses, clamp
        self.asked = 0

    def answer(self, request):
        if request.path == "sites":
            return reply([{"site_id": "site", "company_id": 1}])
        self.asked += 1
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        if self.refuses and self.refuses in request.query:
            raise BadRequest(f"{self.refuses} is not known here")
        keys = list(filter(matching(asked.get("$filter", "")), self.keys))
        if "$count" in asked:
            return reply({"count": len(keys)} if self.counts else [])
        if self.asked in self.blips:
            return reply([])
        keys.sort(reverse=" desc" in asked["$orderby"].partition(",")[0])
        start = int(asked.get("$skip", 0))
        keys = keys[start : start + min(int(asked["$top"]), self.clamp)]
        rows = [{"id": key, "balance": "bad" if key < 0 else 1} for key in keys]
        if asked.get("$select") == "id":
            rows = [{"id": key} for key in keys]
        return Response(200, {}, json.dumps(rows).encode())


def client_of(table, **more):
    """Return a client on *table*."""
    settings = Settings(site="site", company=1, page_size=10)
    return Sage200Client(settings, transport=MemoryTransport(table.answer), **more)


async def ids_of(query):
    """Read a stream; return its ids."""
    return [record.id async for record in query]


async def certified(query, workers=3):
    """Read by several workers; return the ids and the certificate."""
    async with query.read(workers=workers) as reading:
        ids = sorted([record.id async for record in reading])
    return ids, reading.certificate


KEYS = st.sets(st.integers(1, 90), max_size=40)
BLIPS = st.sets(st.integers(1, 12), max_size=3)


@given(KEYS, BLIPS, st.sampled_from(["key", "offset", "filter"]))
def test_a_stream_loses_nothing_for_a_few_empty_replies(keys, blips, how):
    """A stream is whole, or ends in a PagingError, whichever replies are empty.

    Where the page *and* what is asked about it are empty, a stream that read nothing
    cannot know better: `read` can.
    """
    table = Table(keys, blips)
    query = client_of(table).customers
    query = query.order_by("name") if how == "offset" else query
    wanted = sorted(keys)
    if how == "filter":
        query = query.filter(field("id") > 30)
        wanted = [key for key in wanted if key > 30]
    try:
        ids = asyncio.run(ids_of(query))
    except PagingError:
        assert blips
    else:
        assert sorted(ids) == wanted or (not ids and len(blips) > 1)


@given(KEYS, BLIPS, st.booleans(), st.booleans())
def test_a_certificate_rests_on_no_empty_reply(keys, blips, counts, filtered):
    """What is certified is whole, whichever replies are empty."""
    table = Table(keys, blips, counts=counts)
    query = client_of(table).customers
    query = query.filter(field("id") > 30) if filtered else query
    wanted = [key for key in sorted(keys) if key > 30 or not filtered]
    try:
        ids, certificate = asyncio.run(certified(query))
    except PagingError:
        assert blips
    else:
        assert ids == wanted
        assert certificate.records == len(wanted)


def test_a_part_of_a_split_in_is_not_dropped_for_one_empty_reply():
    """Each part of an ``in_`` that is split is asked for again before it counts as empty."""
    for blip in range(1, 9):
        table = Table(range(1, 61), {blip, blip + 1})
        query = client_of(table).customers.filter(field("id").in_(range(1, 61)))
        assert asyncio.run(certified(query))[0] == list(range(1, 61))


def test_a_proof_that_is_refused_certifies_nothing():
    """Where a server refuses the proof of an empty page, `read` ends in its refusal."""
    table = Table(range(1, 24), {4}, counts=False, refuses="%20or%20")
    with pytest.raises(BadRequest):
        asyncio.run(certified(client_of(table).customers, 1))


def test_a_server_that_clamps_and_refuses_descending_order_by_offset():
    """By offset, a stream goes on to an empty page where the order is refused."""
    table = Table(range(1, 34), refuses="desc", clamp=7)
    ids = asyncio.run(ids_of(client_of(table).customers.order_by("name")))
    assert ids == list(range(1, 34))


@pytest.mark.parametrize("skip", [33, 34, 5000, 10_000])
def test_a_skip_beyond_all_records_brings_none(skip):
    """A skip past the end is an empty stream, however far it goes."""
    table = Table(range(1, 34), clamp=7)
    assert asyncio.run(ids_of(client_of(table).customers.skip(skip))) == []


@pytest.mark.parametrize("bad", [{-1}, {-3, -2, -1}])
@pytest.mark.parametrize("order", [(), ("name",), ("name desc",)])
def test_records_that_are_set_aside_at_the_edges(bad, order):
    """The first and the last record may be such as do not fit."""
    rejected = []
    table = Table({*bad, 1, 2, 3})
    client = client_of(table, quarantine=rejected.append)
    assert sorted(asyncio.run(ids_of(client.customers.order_by(*order)))) == [1, 2, 3]
    assert len(rejected) == len(bad)


def test_a_page_cut_to_one_record_does_not_shrink_all_that_follow():
    """A short page of a limited stream is followed by pages of a useful size."""
    table = Table(range(1, 1501))
    table.clamp = 1
    query = client_of(table).customers.page_size(5000).top(1500)

    async def read():
        ids = []
        async for record in query:
            ids.append(record.id)
            table.clamp = 5000
        return ids

    assert asyncio.run(read()) == list(range(1, 1501))
    assert table.asked < 25


@pytest.mark.parametrize("started", [False, True])
def test_a_read_that_was_left_says_so_when_it_is_iterated(started):
    """Iterating after the block is a ClientClosed, and no endless wait."""

    async def main():
        async with client_of(Table(range(1, 50))).customers.read() as reading:
            if started:
                await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            async for _ in reading:
                pass

    with pytest.raises(ClientClosed, match="left before its end"):
        asyncio.run(main())


def test_a_plan_of_another_company_is_not_resumed():
    """A plan is a place among the records of one company."""
    client = client_of(Table(range(1, 30)))
    other = client.at("site", 2)

    async def first_page(query):
        return (await anext(query.pages())).plan

    plan = asyncio.run(first_page(client.customers))
    with pytest.raises(QueryError, match="another query or company"):
        other.customers.resume(plan)
    assert client.customers.resume(plan).plan.records == 10
