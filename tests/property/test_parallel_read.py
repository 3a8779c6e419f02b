"""Reading by several at once: every record that stood throughout, once."""

import asyncio
import json
import random

import pytest
from busy_table import PLAIN, Busy, Connection, skewed, sparse, things
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sage200_async import Sage200Client, Settings, field
from sage200_async.errors import (
    ExtractError,
    PagingError,
    QueryError,
    Sage200Error,
    ServerError,
)
from sage200_async.paging.key_ranges import KeyRange, KeyRanges
from sage200_async.paging.parallel import ResumePoint
from sage200_async.query.endpoint import Endpoint
from sage200_async.transport.memory import reply


async def read(query, **options):
    """Read everything; give the keys and the certificate."""
    async with query.read(**options) as rows:
        keys = [row["id"] async for row in rows]
    return keys, rows.certificate


@given(
    keys=sparse | skewed,
    seed=st.integers(0, 2**32),
    size=st.integers(15, 700),
    options=st.fixed_dictionaries(
        {
            "workers": st.integers(1, 9),
            "prefetch": st.integers(0, 3),
            "ordered": st.booleans(),
        }
    ),
    abilities=st.fixed_dictionaries(
        {
            "clamp": st.sampled_from([500, 1000, 5000]),
            "counts": st.booleans(),
            "skips": st.sampled_from(["obeyed", "ignored", "refused"]),
        }
    ),
)
def test_what_stood_throughout_comes_once(keys, seed, size, abilities, options):
    """Whoever writes meanwhile, whatever the server can do: nothing lost, none twice."""
    server = Busy(keys, seed, **abilities)
    got, certificate = asyncio.run(read(things(server, size), **options))
    assert len(set(got)) == len(got)
    assert server.stood <= set(got)
    assert set(got) <= set(range(certificate.max_key + 1)) if got else True
    assert certificate.records == len(got)
    assert (certificate.lowest, certificate.highest) == (
        min(got, default=None),
        max(got, default=None),
    )
    assert server.in_flight == 0
    assert server.most <= max(3, options["workers"])
    if options["ordered"]:
        assert got == sorted(got)


@given(
    keys=sparse | skewed,
    size=st.integers(100, 700),
    workers=st.integers(1, 9),
    counts=st.booleans(),
)
def test_few_requests_too_many(keys, size, workers, counts):
    """Sharing out costs a survey and a request or two a worker, whatever the keys."""
    server = Busy(keys, 1, writes=False, counts=counts)
    got, certificate = asyncio.run(read(things(server, size), workers=workers))
    assert sorted(got) == sorted(keys)
    needed = -(-len(keys) // (size - 1))
    assert certificate.requests <= 2 + needed + 2 * workers


@given(
    keys=sparse.filter(len),
    skips=st.sampled_from(["ignored", "refused"]),
    workers=st.integers(1, 9),
    size=st.integers(15, 60),
)
def test_a_server_without_skip(keys, skips, workers, size):
    """Where $skip does not work, that is found out with a few requests a worker."""
    server = Busy(keys, 1, writes=False, skips=skips)
    got, certificate = asyncio.run(read(things(server, size), workers=workers))
    assert sorted(got) == sorted(keys)
    needed = -(-len(keys) // size)
    assert certificate.requests <= 2 + needed + 4 * workers


@given(
    keys=sparse.filter(len),
    data=st.data(),
    workers=st.integers(1, 9),
    size=st.sampled_from([1, 2, 15]),
)
def test_what_does_not_fit_is_told_once(keys, data, workers, size):
    """Pages overlap by a record; one that does not fit is put by once all the same."""
    server, put_by = Busy(keys, 1, writes=False), []
    server.rejected = set(data.draw(st.lists(st.sampled_from(keys), max_size=9)))
    server.unreadable = data.draw(st.sampled_from([5, "\ud800"]))
    settings = Settings(site="site", company=1, page_size=size)
    client = Sage200Client(settings, transport=server, quarantine=put_by.append)

    async def main():
        async with client.customers.read(workers=workers) as rows:
            got = [row.id async for row in rows]
        assert sorted(got) == sorted(set(keys) - server.rejected)
        assert sorted(json.loads(e.raw)["id"] for e in put_by) == sorted(
            server.rejected
        )
        assert rows.certificate.rejected == len(server.rejected)

    asyncio.run(main())


@given(
    keys=sparse.filter(len),
    number=st.integers(1, 12),
    workers=st.integers(1, 5),
    ordered=st.booleans(),
)
def test_the_first_error_ends_all(keys, number, workers, ordered):
    """A page that cannot be had ends the reading with its error, and no certificate."""

    async def main():
        server = Busy(keys, 1, writes=False)
        server.fails_at = number
        reading = things(server, 20).read(workers=workers, ordered=ordered)
        got, failure = [], None
        try:
            async with reading as rows:
                got = [row["id"] async for row in rows]
        except ServerError as error:
            failure = error
        if failure is None:  # what counts may fail
            assert not server.failed
            assert sorted(got) == sorted(keys)
        else:
            assert failure.plan.path == "things"
            assert reading.certificate is None
        assert server.in_flight == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


@given(taken=st.integers(0, 50), workers=st.integers(1, 6), ordered=st.booleans())
def test_leaving_early_ends_all(taken, workers, ordered):
    """A consumer that leaves the block leaves no task and no request behind."""

    async def main():
        server = Busy(range(1, 900), 1)
        reading = things(server, 40).read(workers=workers, ordered=ordered)
        async with reading as rows:
            records = rows.records()
            for _ in range(taken):
                await anext(records)
        assert server.in_flight == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert reading.certificate is None

    asyncio.run(main())


@given(workers=st.integers(1, 8), prefetch=st.integers(0, 3), ordered=st.booleans())
def test_a_consumer_that_stops_stops_the_readers(workers, prefetch, ordered):
    """While the consumer does not take, no more is read than the pages allowed."""

    async def main():
        size = 20
        server = Busy(range(1, 1001), 1, writes=False)  # 50 pages; 21 are allowed
        reading = things(server, size).read(
            workers=workers, prefetch=prefetch, ordered=ordered
        )
        async with reading:
            for _ in range(1000):
                await asyncio.sleep(0)
            pages = server.asked - 3
            assert pages <= 2 * workers + prefetch + 2
            got = [row["id"] async for row in reading]
        assert sorted(got) == list(range(1, 1001))

    asyncio.run(main())


def test_a_table_that_changes_while_it_is_surveyed():
    """Its only row went, a later one came, between the two looks: looked again."""
    server = Busy([8], 1, writes=False)
    answer, before = server.answer, [reply([{"id": 1}])]

    def changing(request):
        late = "desc" in request.query and "filter" not in request.query and before
        return before.pop() if late else answer(request)

    server.answer = changing
    got, certificate = asyncio.run(read(things(server, 5)))
    assert (got, certificate.max_key) == ([8], 8)


@given(
    sparse | skewed,
    st.integers(0, 2**32),
    st.integers(2, 40),
    st.integers(2, 8),
    st.integers(0, 2),
)
def test_a_slow_consumer(keys, seed, size, workers, prefetch):
    """However slowly the records are taken, none is missing and no skip is negative."""

    async def main():
        server = Busy(keys, seed)
        turns = random.Random(seed)
        reading = things(server, size).read(workers=workers, prefetch=prefetch)
        taken = []
        async with reading:
            async for row in reading:
                taken.append(row["id"])
                for _ in range(turns.randrange(30)):
                    await asyncio.sleep(0)
        return server, taken

    server, taken = asyncio.run(main())
    assert len(taken) == len(set(taken))
    assert server.stood <= set(taken)


@given(st.integers(0, 2**32), st.integers(2, 8), st.sampled_from([110, 250, 400]))
def test_late_pages_of_other_sizes(seed, workers, size):
    """Pages that are halved, and responses that come late, lose no record."""
    draw = random.Random(seed)
    keys = draw.sample(range(1, 30_000), draw.randint(600, 3000))
    server = Busy(keys, seed, writes=False)
    server.too_large, server.slow = 0.25, draw.choice([4, 40, 400])
    got, certificate = asyncio.run(read(things(server, size), workers=workers))
    assert sorted(got) == sorted(keys)
    assert certificate.records == len(keys)


@pytest.mark.parametrize("ordered", [False, True])
@given(
    keys=st.sets(st.integers(1, 500), min_size=5, max_size=200),
    cuts=st.lists(st.integers(0, 500), min_size=2, max_size=6, unique=True),
    size=st.integers(2, 40),
)
def test_resumed_in_any_order(ordered, keys, cuts, size):
    """What an earlier reading has done is left out; the gaps come, in order or not."""
    low, high = min(keys) - 1, max(keys)
    edges = sorted(min(max(cut, low), high) for cut in cuts)
    done = KeyRanges()
    for start, end in zip(edges[::2], edges[1::2], strict=False):
        if start < end:
            within = sorted(key for key in keys if start < key <= end)
            ends = (within[0], within[-1]) if within else (None, None)
            done = done.add(KeyRange(start, end, len(within), *ends))
    left = [
        key
        for key in sorted(keys)
        if not any(part.low < key <= part.high for part in done.ranges)
    ]

    async def main():
        point = ResumePoint(KeyRange(low, high), done)
        server = Busy(keys, 1, writes=False)
        reading = things(server, size).read(
            workers=3, ordered=ordered, resume_from=point
        )
        async with asyncio.timeout(20), reading:
            first = [row["id"] async for row in reading]
            again = [row["id"] async for row in reading]  # ends, with nothing
        return first, again

    taken, again = asyncio.run(main())
    assert (taken if ordered else sorted(taken)) == left
    assert again == []


@pytest.mark.parametrize("descending", [False, True])
def test_one_empty_edge_proves_nothing(descending):
    """Where only one edge request shows a key, nothing is certified."""

    async def main():
        server = Busy(range(1, 30), 1, writes=False)
        answer = server.answer

        def lie(request):
            is_edge = "$top=2" in request.query and "$count" not in request.query
            hit = ("desc" in request.query) is descending
            return reply([]) if is_edge and hit else answer(request)

        server.answer = lie
        reading = things(server, 10).read(workers=2)
        async with reading:
            with pytest.raises(PagingError, match="lowest id"):
                async for _ in reading:
                    pass
        assert reading.certificate is None

    asyncio.run(main())


def test_the_error_of_a_parallel_read_starts_anew():
    """An error's plan is that of the whole: a worker's would lose what others read."""

    async def main():
        server = Busy(range(1, 300), 1, writes=False)
        server.fails_at = 9
        query = things(server, 10)
        reading = query.read(workers=4)
        async with reading:
            with pytest.raises(ServerError) as caught:
                async for _ in reading:
                    pass
        assert caught.value.plan == query._plan()
        worker = replace(query._plan(), max_key=50, part_of_read=True)
        with pytest.raises(QueryError, match="another query"):
            query.resume(worker)

    asyncio.run(main())


def test_a_gap_is_an_error():
    """A reading that misses an interval raises instead of giving a certificate."""

    async def main():
        server = Busy(range(1, 200), 1, writes=False)
        reading = things(server, 50).read(workers=2)
        async with reading:
            batches = reading.batches()
            first = await anext(batches)
            kept = reading._done[0].ranges
            reading._done[0] = type(reading._done[0])(())
            assert kept
            with pytest.raises(ExtractError, match="were not read"):
                async for _ in batches:
                    pass
        assert first.records
        assert reading.certificate is None

    asyncio.run(main())


def test_nothing_to_read():
    """An empty collection, and a condition that nothing can meet, are certified."""
    server = Busy([], 1, writes=False)
    got, certificate = asyncio.run(read(things(server, 5)))
    assert (got, certificate.records, certificate.max_key) == ([], 0, None)
    asked = server.asked
    never = things(server, 5).filter(id=None)
    never = never.filter(field("id").in_([]))
    got, certificate = asyncio.run(read(never))
    assert (got, certificate.records, server.asked) == ([], 0, asked)


def test_what_cannot_be_read_by_ranges():
    """No key, an order, a skip, a top, no workers: refused before any request."""
    server = Busy([1], 1)
    query = things(server, 5)
    keyless = Endpoint("things", PLAIN).query.bound(query.context, Connection(server))
    wrong = [
        (keyless, {}),
        (query.order_by("name"), {}),
        (query.skip(1), {}),
        (query.top(1), {}),
        (query, {"workers": 0}),
        (query, {"prefetch": -1}),
    ]
    for each, options in wrong:
        with pytest.raises(Sage200Error, match=r"read\(\)"):
            each.read(**options)
    assert server.asked == 0
