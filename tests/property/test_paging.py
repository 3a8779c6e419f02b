"""Streams over a plain in-memory server: every record, once, in few requests."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tables import matching

from sage200_async.errors import PagingError
from sage200_async.events import Events
from sage200_async.query.endpoint import Endpoint
from sage200_async.query.records import Record
from sage200_async.query.resources import Resource
from sage200_async.settings import CompanyContext
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.wire.messages import Response

Untyped = dict[str, Any]
MANY = 400
# Requests: far more than any stream here needs, to stop one that never ends.


@dataclass
class Server:
    """A table, read as Sage documents it, with the faults of real servers."""

    keys: list[int]
    clamp: int = 5000
    counts: bool = True
    ignores: frozenset = frozenset()
    bad: frozenset = frozenset()
    seen: list = field(default_factory=list)
    pages: list = field(default_factory=list)

    def answer(self, request):
        """Answer one request for a page."""
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        self.seen.append(asked)
        assert len(self.seen) <= MANY, "the stream does not end"
        assert "$orderby" in asked or "$skip" not in asked
        keys = list(self.keys)
        if "$orderby" not in self.ignores and "$orderby" in asked:
            keys.sort(reverse=" desc" in asked["$orderby"].partition(",")[0])
        if "$filter" in asked and "$filter" not in self.ignores:
            keys = list(filter(matching(asked["$filter"]), keys))
        if "$count" in asked and self.counts:
            return reply({"count": len(keys)})
        if "$skip" not in self.ignores:
            keys = keys[int(asked.get("$skip", 0)) :]
        if "$top" not in self.ignores:
            keys = keys[: min(int(asked["$top"]), self.clamp)]
        self.pages.append(keys)
        return reply([self.row(key) for key in keys])

    def row(self, key):
        """Make a record; a bad one holds what its field cannot."""
        return {"id": key, "n": "bad" if key in self.bad else key}


class Connection:
    """What a stream needs of a client, over a server in memory."""

    def __init__(self, server, quarantine=None):
        self.events = Events()
        self.transport = MemoryTransport(server.answer)
        self.quarantine = quarantine


def query_on(server, key="id", quarantine=None):
    """Make a query on a server."""
    endpoint = Endpoint("things", Resource[Untyped, Untyped, Untyped], key=key)
    context = CompanyContext("http://sage.test", "site", "1")
    return endpoint.query.bound(context, Connection(server, quarantine))


def read(query):
    """Read every key of a query."""

    async def keys():
        return [record["id"] async for record in query]

    return asyncio.run(keys())


def read_pages(query):
    """Read every key of a query, by pages."""

    async def keys():
        return [page async for page in query.pages()]

    return asyncio.run(keys())


def requests_needed(rows, size, top, clamp):
    """Count the requests that a stream takes: its pages, and one for its end.

    The end of all records is asked for once, beside the first page. With a top, it is
    asked for where a page is short; if it is not the last one, the size of a page that
    the server allows is known from then on. The end of nothing costs one request, too.
    """
    read_, requests = 0, 0
    if top is None:
        return max(1, -(-rows // min(size, clamp))) + 1
    while read_ < top:
        asked = min(size, top - read_)
        served = min(asked, clamp, rows - read_)
        read_, requests = read_ + served, requests + 1
        if served < asked:
            requests += 1
            if read_ == rows:
                break
            size = served
    return requests


def requests_by_offset(rows, size, top, clamp, *, keyless=False):
    """Count the requests of a stream by offset: a short page is asked about.

    Without a key, one record alone is not: the server may show one at a time.
    """
    read_, requests = 0, 0
    while top is None or read_ < top:
        asked = size if top is None else min(size, top - read_)
        served = min(asked, clamp, rows - read_)
        read_, requests = read_ + served, requests + 1
        if served < asked and not (keyless and served == 1):
            requests += 1
            if read_ == rows:
                break
    return requests


KEYS = st.one_of(
    st.sets(st.integers(-5, 60), max_size=40),
    st.sampled_from([499, 500, 501, 999, 1000, 1001, 1500, 5000, 5001]).map(
        lambda count: set(range(0, 3 * count, 3))
    ),
)
SIZES = st.integers(1, 30) | st.sampled_from([499, 500, 501, 1000, 5000])
TOPS = st.none() | st.integers(0, 50) | st.sampled_from([500, 1000, 1200, 6000])
CLAMPS = st.sampled_from([500, 1000, 5000])


def few_enough(keys, size):
    """Keep within the requests that the server allows."""
    return size if len(keys) / size < MANY / 2 else 500


@given(KEYS, SIZES, TOPS, CLAMPS)
@example(set(range(500)), 5000, None, 500)
@example(set(range(12)), 5, 12, 5000)
def test_by_key(keys, size, top, clamp):
    """By key, a stream returns exactly the first records, and one request shows the end."""
    size = few_enough(keys, size)
    server = Server(sorted(keys, reverse=True), clamp)
    query = query_on(server).page_size(size)
    query = query if top is None else query.top(top)
    assert query.explain().strategy in {"key", "none"}
    assert read(query) == sorted(keys)[:top]
    assert len(server.seen) == requests_needed(len(keys), size, top, clamp)


@given(KEYS, SIZES, TOPS, CLAMPS, st.tuples(st.integers(0, 60), st.booleans()))
def test_by_offset(keys, size, top, clamp, order):
    """By offset, a stream returns exactly the slice, and one request shows the end."""
    skip, down = order
    size = few_enough(keys, size)
    server = Server(sorted(keys), clamp)
    query = query_on(server).page_size(size).skip(skip)
    query = query.order_by("id desc") if down else query.order_by("id", "n")
    query = query if top is None else query.top(top)
    assert query.explain().strategy in {"offset", "none"}
    wanted = sorted(keys, reverse=down)[skip:]
    assert read(query) == wanted[:top]
    if skip < len(keys) or skip == 0:
        assert len(server.seen) == requests_by_offset(len(wanted), size, top, clamp)


@given(KEYS, SIZES, TOPS, CLAMPS)
def test_offset_without_key(keys, size, top, clamp):
    """By offset over no key but an order, a stream gives exactly the slice."""
    size = few_enough(keys, size)
    server = Server(sorted(keys), clamp)
    query = query_on(server, key=None).page_size(size).order_by("id")
    query = query if top is None else query.top(top)
    assert read(query) == sorted(keys)[:top]
    needed = requests_by_offset(len(keys), size, top, clamp, keyless=True)
    assert len(server.seen) == needed


@given(KEYS, SIZES, TOPS, CLAMPS)
def test_single(keys, size, top, clamp):
    """With neither key nor order, one page is all of it, or an error says not."""
    server = Server(sorted(keys), clamp)
    query = query_on(server, key=None).page_size(size)
    query = query if top is None else query.top(top)
    asked = size if top is None else min(size, top)
    served = min(asked, clamp, len(keys))
    whole = len(keys) == served < asked or top in {served, 0}
    if whole:
        assert read(query) == sorted(keys)[:top]
    else:
        with pytest.raises(PagingError):
            read(query)
    assert len(server.seen) == (top != 0) + (served < asked)


@given(KEYS, SIZES, TOPS)
def test_pages(keys, size, top):
    """Pages hold what the stream holds, and say where it stands."""
    size = few_enough(keys, size)
    query = query_on(Server(sorted(keys))).page_size(size)
    pages = read_pages(query if top is None else query.top(top))
    assert [each["id"] for page in pages for each in page.records] == sorted(keys)[:top]
    assert all(len(page.records) <= size for page in pages)
    total = 0
    for number, page in enumerate(pages, 1):
        total += len(page.records)
        assert (page.plan.pages, page.plan.records) == (number, total)
    assert not pages or pages[-1].plan.done


@given(st.sets(st.integers(0, 5000), min_size=1, max_size=40), st.integers(1, 20))
def test_ignored_filter(keys, size):
    """A server that ignores the condition is recognised at the second page."""
    server = Server(sorted(keys), ignores=frozenset({"$filter"}))
    query = query_on(server).page_size(size)
    if len(keys) <= size:
        assert read(query) == sorted(keys)
    else:
        with pytest.raises(PagingError, match=r"ignores \$orderby or \$filter"):
            read(query)
    assert len(server.seen) <= 3


@given(st.permutations(range(12)), st.integers(2, 12))
def test_keys_out_of_order(keys, size):
    """A server that ignores the order ends the stream with an error, or loses nothing.

    The highest keys are asked for beside the first page: where they do not descend,
    the stream ends before a record of that page is returned. (An order shows in two
    records: pages of one are not tried.)
    """
    server = Server(list(keys), ignores=frozenset({"$orderby"}))
    query = query_on(server).page_size(size)
    try:
        records = read(query)
    except PagingError:
        assert len(server.seen) <= len(keys) + 4
    else:
        assert records == list(range(12))


@given(
    st.sets(st.integers(0, 5000), min_size=1, max_size=40),
    st.integers(1, 20),
    st.sampled_from(["id", None]),
    st.integers(0, 3),
)
def test_ignored_skip(keys, size, key, skip):
    """A server that ignores the skip is recognised at the second page.

    Where the first page is all there is, the last record in the order shows it.
    """
    server = Server(sorted(keys), ignores=frozenset({"$skip"}))
    query = query_on(server, key).page_size(size).order_by("n").skip(skip)
    if len(keys) < size and key:
        assert len(read(query)) == len(keys)
    else:
        with pytest.raises(PagingError, match=r"ignores \$skip"):
            read(query)
    assert len(server.seen) <= 3


@given(st.sets(st.integers(0, 99), max_size=30), st.integers(1, 9), TOPS)
def test_ignored_top(keys, size, top):
    """A server that serves more than was asked costs time, and no record."""
    server = Server(sorted(keys), ignores=frozenset({"$top"}))
    query = query_on(server).page_size(size)
    assert read(query if top is None else query.top(top)) == sorted(keys)[:top]


@pytest.mark.parametrize("key", ["id", None])
@pytest.mark.parametrize("mode", ["key", "offset"])
def test_the_same_page_for_ever(key, mode):
    """One page served for ever ends in an error, by key and by offset."""
    page = Response(200, {}, b'[{"id":1},{"id":2}]')
    served = []

    class Stuck:
        def answer(self, request):
            served.append(request)
            assert len(served) <= MANY
            return page

    query = query_on(Stuck(), key).page_size(2)
    if mode == "offset" or key is None:
        query = query.order_by("n")
    with pytest.raises(PagingError):
        read(query)
    assert len(served) <= 4


class Strict(Record, frozen=True):
    """A record that a bad row does not fit."""

    id: int | None = None
    n: int | None = None


def set_aside(keys, bad, size, clamp):
    """Read with a quarantine; give the keys read, those put by, and the server."""
    server, put_by = Server(sorted(keys), clamp, bad=frozenset(bad)), []
    endpoint = Endpoint("things", Resource[Strict, Untyped, Untyped], Strict, "id")
    context = CompanyContext("http://sage.test", "site", "1")
    connection = Connection(server, put_by.append)
    query = endpoint.query.bound(context, connection).page_size(size)

    async def keys_read():
        return [record.id async for record in query]

    found = asyncio.run(keys_read())
    return found, [json.loads(error.raw)["id"] for error in put_by], server


@given(KEYS, SIZES, CLAMPS, st.data())
def test_quarantine(keys, size, clamp, data):
    """Records that do not fit end no stream, and cost no request."""
    size = few_enough(keys, size)
    bad = data.draw(st.sets(st.sampled_from(sorted(keys)), max_size=9)) if keys else ()
    found, put_by, server = set_aside(keys, bad, size, clamp)
    assert found == sorted(set(keys) - set(bad))
    assert put_by == sorted(bad)
    assert len(server.seen) == requests_needed(len(keys), size, None, clamp)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_quarantine_of_all(size):
    """Pages of nothing but bad records are passed over, each record once."""
    assert set_aside(range(10), range(10), size, 5000)[:2] == ([], [*range(10)])
