"""Plans of ranges: disjoint, whole, and right whatever the ids and the server."""

import asyncio
import json
import pickle
from itertools import pairwise

import pytest
from busy_table import PLAIN, Busy, Connection, skewed, sparse, things
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sage200_async import (
    Certificate,
    ReadPlan,
    ReadRange,
    Sage200Client,
    Settings,
    certify,
    field,
)
from sage200_async.errors import (
    ExtractError,
    LimitError,
    PagingError,
    QueryError,
    ServerError,
)
from sage200_async.query.endpoint import Endpoint
from sage200_async.transport.memory import reply

ABILITIES = st.fixed_dictionaries(
    {
        "counts": st.booleans(),
        "skips": st.sampled_from(["obeyed", "ignored", "refused"]),
    }
)


def client_of(server, **settings):
    """Return a client of *server*, of the company that plans are made for."""
    values = {"site": "site", "company": 1, "base_url": "http://sage.test"}
    values |= {"allow_insecure_http": True}
    return Sage200Client(Settings(**{**values, **settings}), transport=server)


async def read_one(client, part, **options):
    """Read one range; return its keys and its certificate."""
    async with client.read_range(part, **options) as rows:
        keys = [row["id"] async for row in rows]
    return keys, rows.certificate


async def plan_and_read(server, size, parts, **options):
    """Make a plan and read its ranges; return the plan, the keys and the certificates."""
    query, client = things(server, size), client_of(server)
    plan = await query.plan(parts=parts)
    results = [await read_one(client, part, **options) for part in plan.ranges]
    keys = [key for keys, _ in results for key in keys]
    return plan, keys, [certificate for _, certificate in results]


@given(
    keys=sparse | skewed,
    parts=st.integers(1, 20),
    abilities=ABILITIES,
    seed=st.integers(0, 2**32),
)
def test_ranges_are_disjoint_and_cover_all_keys(keys, parts, abilities, seed):
    """From the lowest key to the highest each key is in one range, also under writers."""
    server = Busy(keys, seed, **abilities)
    plan = asyncio.run(things(server, 50).plan(parts=parts))
    edges = [(part.keys.low, part.keys.high) for part in plan.ranges]
    assert all(low < high for low, high in edges)
    assert all(one[1] == other[0] for one, other in pairwise(edges))
    assert len(edges) <= parts
    if edges:
        assert (edges[0][0], edges[-1][1]) == (-1, plan.max_key)
        assert all(plan.min_key <= key for key in server.stood)
        assert all(key <= edges[-1][1] for key in server.stood)
    else:
        assert not server.stood


@given(keys=sparse | skewed, parts=st.integers(1, 20), counts=st.booleans())
def test_ranges_are_even_in_their_records(keys, parts, counts):
    """Where $skip works, ranges differ by one record, or by a part where uncounted."""
    server = Busy(keys, 1, writes=False, counts=counts)
    plan = asyncio.run(things(server, 50).plan(parts=parts))
    sizes = [
        sum(part.keys.low < key <= part.keys.high for key in keys)
        for part in plan.ranges
    ]
    assert len(sizes) == min(parts, len(keys))
    counted = counts and len(keys) != 500  # which may be the size of a page
    slack = 1 if counted else 1 + len(keys) // (2 * parts)
    assert max(sizes, default=0) - min(sizes, default=0) <= slack
    if counted:
        assert [part.rows for part in plan.ranges] == sizes


@given(keys=sparse.filter(lambda keys: len(keys) > 20), parts=st.integers(1, 20))
def test_a_plan_costs_few_requests(keys, parts):
    """Both edges, the count, and one request between each two ranges."""
    server = Busy(keys, 1, writes=False)
    asyncio.run(things(server, 50).plan(parts=parts))
    assert server.asked == 3 + parts - 1


@given(
    keys=sparse | skewed,
    parts=st.integers(1, 6),
    seed=st.integers(0, 2**32),
    abilities=ABILITIES,
    options=st.tuples(st.integers(15, 200), st.integers(1, 4)),
)
def test_what_stood_throughout_comes_once(keys, parts, seed, abilities, options):
    """Ranges bring what stood all the time once, under writers, and are certified."""
    server = Busy(keys, seed, **abilities)
    plan, got, certificates = asyncio.run(
        plan_and_read(server, options[0], parts, workers=options[1])
    )
    whole = certify(plan, certificates)
    assert len(set(got)) == len(got)
    assert server.stood <= set(got)
    assert whole.records == len(got)
    assert (whole.lowest, whole.highest) == (
        min(got, default=None),
        max(got, default=None),
    )


@given(
    parts=st.integers(1, 12),
    size=st.integers(10, 60),
    filtered=st.booleans(),
)
def test_an_inner_range_costs_its_pages(parts, size, filtered):
    """No edge and no end is asked for: pages, and one count where nothing is filtered."""

    async def main():
        server = Busy(range(1, 401, 3), 1, writes=False)
        query = things(server, size)
        query = query.filter(field("id") > 0) if filtered else query
        plan = await query.plan(parts=parts)
        for part in plan.ranges:
            before = server.asked
            keys, certificate = await read_one(client_of(server), part)
            pages = -(-len(keys) // size)
            assert certificate.requests == pages
            assert server.asked - before == pages + (not filtered)

    asyncio.run(main())


@given(
    keys=sparse.filter(len),
    data=st.data(),
    parts=st.integers(1, 6),
    size=st.sampled_from([1, 2, 15]),
)
def test_what_does_not_fit_is_counted_once(keys, data, parts, size):
    """Records that do not fit are set aside once, at the edges of ranges, too."""
    server, put_by = Busy(keys, 1, writes=False), []
    server.rejected = set(data.draw(st.lists(st.sampled_from(keys), max_size=9)))
    settings = Settings(site="site", company=1, page_size=size)
    client = Sage200Client(settings, transport=server, quarantine=put_by.append)

    async def main():
        plan, certificates, ids = await client.customers.plan(parts=parts), [], []
        for part in plan.ranges:
            async with client.read_range(part, workers=2) as rows:
                ids += sorted([row.id async for row in rows])
            certificates.append(rows.certificate)
        return ids, certify(plan, certificates)

    ids, whole = asyncio.run(main())
    assert ids == sorted(set(keys) - server.rejected)
    assert sorted(json.loads(error.raw)["id"] for error in put_by) == sorted(
        server.rejected
    )
    assert (whole.records, whole.rejected) == (len(ids), len(server.rejected))


def test_a_range_whose_last_record_is_gone_is_read_right():
    """The end of a range was deleted: a response shows that nothing else is left."""

    async def main():
        server = Busy(range(1, 101), 1, writes=False)
        plan = await things(server, 20).plan(parts=4)
        gone = {25, 50, 100, 1, 26}
        server.keys = [key for key in server.keys if key not in gone]
        results = [await read_one(client_of(server), part) for part in plan.ranges]
        whole = certify(plan, [certificate for _, certificate in results])
        got = [key for keys, _ in results for key in keys]
        assert got == sorted(set(range(1, 101)) - gone)
        assert (whole.records, whole.count_before, whole.count_after) == (95, 100, 95)

    asyncio.run(main())


def test_a_range_that_has_been_emptied_is_read_right():
    """All records of a range were deleted, and all of the collection: no records."""

    async def main():
        server = Busy(range(1, 101), 1, writes=False)
        plan = await things(server, 20).plan(parts=4)
        server.keys = [key for key in server.keys if not 25 < key <= 50]
        keys, certificate = await read_one(client_of(server), plan.ranges[1])
        assert (keys, certificate.records, certificate.lowest) == ([], 0, None)
        server.keys = []
        keys, certificate = await read_one(client_of(server), plan.ranges[0])
        assert (keys, certificate.records) == ([], 0)

    asyncio.run(main())


def test_a_page_that_lacks_a_record_is_noticed():
    """A record that is left out of a range's page is missed by the count."""

    async def main():
        server = Busy(range(1, 101), 1, writes=False)
        plan = await things(server, 50).plan(parts=2)
        server.rejected, answer = set(), server.answer

        def lie(request):
            honest = answer(request)
            if "$top=50" not in request.query:
                return honest
            return replace(
                honest, body=honest.body.replace(b'{"id": 7, "name": "7"}, ', b"")
            )

        server.answer = lie
        with pytest.raises(PagingError, match="49 records arrived"):
            await read_one(client_of(server), plan.ranges[0])

    asyncio.run(main())


def test_parts_more_than_records():
    """Three records are three ranges, whatever is asked for; one is one."""
    for keys, expected in (([5, 9, 40], 3), ([7], 1)):
        for abilities in ({}, {"counts": False}, {"skips": "refused"}):
            server = Busy(keys, 1, writes=False, **abilities)
            plan, got, certificates = asyncio.run(plan_and_read(server, 5, 50))
            assert len(plan.ranges) == expected
            assert got == keys
            assert certify(plan, certificates).records == len(keys)


def test_nothing_to_read():
    """An empty collection has no ranges, and a certificate; the company is asked for."""

    async def main():
        server, paths = Busy([], 1, writes=False), []
        answer = server.answer

        def note(request):
            paths.append(request.path)
            return answer(request)

        server.answer = note
        plan = await things(server, 5).plan(parts=4)
        assert "sites" in paths
        assert plan.ranges == ()
        whole = certify(plan, [])
        assert (whole.records, whole.min_key, whole.max_key) == (0, None, None)
        asked = server.asked
        never = await things(server, 5).filter(field("id").in_([])).plan()
        assert (never.ranges, never.query, server.asked) == ((), "", asked)
        assert certify(never, []).records == 0
        server.answer = lambda _: reply([])
        with pytest.raises(ExtractError, match="not among the sites"):
            await things(server, 5).plan(parts=4)

    asyncio.run(main())


@pytest.fixture(scope="module")
def done():
    """Return a plan of four ranges, and their certificates."""
    server = Busy(range(1, 101), 1, writes=False)
    plan, _, certificates = asyncio.run(plan_and_read(server, 20, 4))
    return plan, certificates


def test_one_certificate(done):
    """It sums up the ranges, and looks like that of read()."""
    plan, certificates = done
    whole = certify(plan, reversed(certificates))
    server = Busy(range(1, 101), 1, writes=False)

    async def read():
        async with things(server, 20).read(workers=1) as rows:
            assert [row async for row in rows]
        return rows.certificate

    other = asyncio.run(read())
    same = {"requests": 8, "started_at": plan.started_at, "ended_at": whole.ended_at}
    assert whole == replace(other, **same)
    assert whole.ended_at == max(part.ended_at for part in certificates)


def test_a_range_that_is_missing_is_refused(done):
    """A certificate too few: the message names the range."""
    plan, certificates = done
    with pytest.raises(
        ExtractError, match=r"1 of 4 ranges .* range 1 \(id above 25 up to 50\)"
    ):
        certify(plan, [certificates[0], *certificates[2:]])
    with pytest.raises(ExtractError, match="4 of 4 ranges have no certificate"):
        certify(plan, [])


def test_a_range_read_twice_is_refused(done):
    """Two certificates of one range: its records may be there twice."""
    plan, certificates = done
    with pytest.raises(ExtractError, match=r"range 2 .* was read twice"):
        certify(plan, [*certificates, certificates[2]])


def test_a_certificate_of_something_else_is_refused(done):
    """One of another plan, query, company or key range, or of a whole reading."""
    plan, certificates = done
    first, rest = certificates[0], certificates[1:]
    part = first.part
    wrong = {
        "another plan": replace(first, part=replace(part, plan_id="0" * 32)),
        "another plan, .* up to id 99": replace(first, max_key=99),
        "another query, other": replace(first, path="other"),
        r"another query, things\?\$filter=x": replace(first, query="$filter=x"),
        "a whole reading": replace(first, part=None),
        "above -1 up to 26 as number 0": replace(first, part=replace(part, high=26)),
        "as number 9": replace(first, part=replace(part, number=9)),
        "as number -1": replace(first, part=replace(part, number=-1)),
        "they lie outside": replace(first, highest=26),
    }
    for message, certificate in wrong.items():
        with pytest.raises(ExtractError, match=message):
            certify(plan, [certificate, *rest])


def test_a_plan_that_was_changed_is_refused(done):
    """Certificates prove nothing of a plan with a range left out, or with others."""
    plan, certificates = done
    moved = replace(plan.ranges[3], keys=replace(plan.ranges[3].keys, high=90))
    changed = [
        replace(plan, ranges=plan.ranges[:3]),
        replace(plan, ranges=(*plan.ranges[:3], moved)),
        replace(plan, max_key=75),
        replace(plan, count=99),
        replace(plan, source=replace(plan.source, company="2")),
        replace(plan, ranges=(*plan.ranges, plan.ranges[0])),
    ]
    for other in changed:
        with pytest.raises(ExtractError, match="not as query"):
            certify(other, certificates)
        with pytest.raises(ExtractError):
            certify(replace(other, id=other.digest), certificates)


def test_records_that_nobody_counted_afterwards_are_not_certified(done):
    """Fewer records than before, and a range without a count: it may be a loss."""
    plan, certificates = done
    fewer = replace(certificates[1], records=20, count_after=None)
    with pytest.raises(ExtractError, match="did not count range 1"):
        certify(plan, [certificates[0], fewer, *certificates[2:]])
    counted = replace(fewer, count_after=20)
    assert certify(plan, [certificates[0], counted, *certificates[2:]]).records == 95


def test_two_plans_of_the_same_are_two(done):
    """Certificates of an earlier plan of the same query are refused."""
    plan, certificates = done
    again = asyncio.run(things(Busy(range(1, 101), 1, writes=False), 20).plan(parts=4))
    assert [part.keys for part in again.ranges] == [part.keys for part in plan.ranges]
    with pytest.raises(ExtractError, match=f"another plan, {plan.id}"):
        certify(again, certificates)


def test_plans_ranges_and_certificates_travel(done):
    """They survive pickle and JSON, and a pickle of a range is small."""
    plan, certificates = done
    part = plan.ranges[1]
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert pickle.loads(pickle.dumps(part)) == part
    assert len(pickle.dumps(part)) < 1000
    assert ReadPlan.from_json(plan.to_json()) == plan
    assert ReadRange.from_json(part.to_json()) == part
    assert ReadRange.from_json(part.to_json().decode()) == part
    for certificate in certificates:
        assert pickle.loads(pickle.dumps(certificate)) == certificate
        assert Certificate.from_json(certificate.to_json()) == certificate
    assert repr(part) == (
        f"ReadRange(things, number=1, id above 25 up to 50, plan={plan.id})"
    )
    assert repr(plan) == f"ReadPlan(things, 4 ranges up to id 100, id={plan.id})"


def test_foreign_json_is_refused(done):
    """What is no range, of another version, or would import a module, is no range."""
    part = done[0].ranges[0]
    source = part.source
    wrong = {
        "expected the JSON of a ReadRange": b"[]",
        "from its to_json": b'{"plan_id": 1}',
        "ReadRange, from": b"[" * 100_000,
        "expected version 1": replace(part, version=2).to_json(),
        "a record of the catalog": replace(
            part, source=replace(source, record="os:system")
        ).to_json(),
        "the name of a field": replace(
            part, source=replace(source, key="id gt 0 or id")
        ).to_json(),
        "raw condition: expected a whole one": replace(
            part, source=replace(source, filter="id gt 1) or (id gt 0")
        ).to_json(),
    }
    for message, data in wrong.items():
        with pytest.raises(QueryError, match=message):
            ReadRange.from_json(data)
    with pytest.raises(QueryError, match="JSON of a ReadPlan"):
        ReadPlan.from_json(part.to_json())
    with pytest.raises(QueryError, match="JSON of a Certificate"):
        Certificate.from_json(part.to_json())


def test_a_client_of_another_company_refuses_a_range(done):
    """Another site, company or address: a named error, and no request."""
    part = done[0].ranges[0]
    server = Busy(range(1, 101), 1)
    others = {"site": "other"}, {"company": 2}, {"base_url": "http://other.test"}
    for other in others:
        with pytest.raises(QueryError, match="use a client with the settings"):
            client_of(server, **other).read_range(part)
    for wrong in (None, done[0], "range"):
        with pytest.raises(QueryError, match=r"takes one of plan\.ranges"):
            client_of(server).read_range(wrong)
    elsewhere = replace(part, source=replace(part.source, path="../secret"))
    with pytest.raises(QueryError, match="path"):
        client_of(server).read_range(elsewhere)
    assert server.asked == 0
    client_of(server, site="SITE", base_url="http://sage.test/").read_range(part)


def test_what_cannot_be_planned():
    """No key, an order, a skip, a top, no parts, too long an in_: refused at once."""

    async def main():
        server = Busy([1], 1)
        query = things(server, 5)
        connection = Connection(server)
        keyless = Endpoint("things", PLAIN).query.bound(query.context, connection)
        long = field("name").in_([f"a name that is long {i}" for i in range(200)])
        for wrong in (
            keyless,
            query.order_by("name"),
            query.skip(1),
            query.top(1),
            query.filter(long),
        ):
            with pytest.raises(QueryError, match=r"plan\(\)|a plan cannot be"):
                await wrong.plan()
        for parts in (0, -1, 10_001, True, 2.5):
            with pytest.raises(LimitError, match="parts=1 to 10000"):
                await query.plan(parts=parts)
        assert server.asked == 0

    asyncio.run(main())


def test_an_error_while_planning_is_no_group():
    """A request that fails while a plan is made is raised as itself."""

    async def main(number):
        server = Busy(range(1, 101), 1, writes=False)
        server.fails_at = number
        with pytest.raises(ServerError, match="down"):
            await things(server, 5).plan(parts=8)
        assert server.in_flight == 0

    for number in (1, 2, 5, 9):
        asyncio.run(main(number))


@pytest.mark.parametrize("rows", [2000, 2004, 20_000])
def test_ranges_as_long_as_a_page_are_certified(rows):
    """A count of 500 or 5,000 may be the size of a page: it is asked for otherwise."""

    async def main():
        server = Busy(range(1, rows + 1), 1, writes=False)
        plan = await things(server, 5000).plan(parts=4)
        server.keys = [key for key in server.keys if key != 3]
        results = [await read_one(client_of(server), part) for part in plan.ranges]
        whole = certify(plan, [certificate for _, certificate in results])
        assert (whole.records, whole.count_after) == (rows - 1, rows - 1)

    asyncio.run(main())


def test_workers_choose_their_own_page_size():
    """A certificate is of the plan's query, however small the pages were."""

    async def main():
        server = Busy(range(1, 101), 1, writes=False)
        plan = await things(server, 50).timeout(30).plan(parts=2)
        ranges = [ReadRange.from_json(part.to_json()) for part in plan.ranges]
        clients = [client_of(server, page_size=size) for size in (7, 50)]
        pairs = zip(clients, ranges, strict=True)
        results = [await read_one(client, part) for client, part in pairs]
        again = ReadPlan.from_json(plan.to_json())
        assert again.digest == plan.id
        whole = certify(again, [certificate for _, certificate in results])
        assert whole.records == 100

    asyncio.run(main())


def test_a_server_that_does_not_count_is_not_said_to():
    """A certificate has no count that nobody gave."""

    async def main():
        server = Busy(range(1, 101), 1, writes=False, counts=False)
        plan = await things(server, 50).plan(parts=2)
        _, certificate = await read_one(client_of(server), plan.ranges[0])
        assert (certificate.count_before, certificate.count_after) == (None, None)

    asyncio.run(main())


@pytest.mark.parametrize("wrong", [None, [None], [1], 5])
def test_what_is_no_certificate_is_refused(done, wrong):
    """A range that was not read to its end has None: the message says what is meant."""
    plan, _ = done
    with pytest.raises(QueryError, match="takes the certificates of all ranges"):
        certify(plan, wrong)
    with pytest.raises(QueryError, match=r"takes the plan of await query\.plan"):
        certify(wrong, [])


def test_certificates_name_the_company(done):
    """Whose records they are stands in that of a range, and in that of the whole."""
    plan, certificates = done
    assert {one.company for one in certificates} == {"site/1"}
    assert certify(plan, certificates).company == "site/1"


def test_a_notebook_shows_a_plan(done):
    """A plan is a table with its ranges, and with nothing that could be run."""
    plan, _ = done
    shown = replace(plan, query="<script>")._repr_html_()
    assert "25, 50, 75, 100" in shown
    assert "<script>" not in shown
