"""A single worker asks for the next page while it decodes the one before."""

import asyncio
import gc
import json
from urllib.parse import parse_qs

import pytest
from busy_table import Busy, things
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.errors import ServerError
from sage200_async.paging.key_ranges import KeyRange, KeyRanges
from sage200_async.paging.parallel.next_page import last_key
from sage200_async.paging.parallel.progress import ResumePoint
from sage200_async.wire.messages import AskForLess, ChunkedBody, Response

texts = st.text() | st.sampled_from(['"id":5', '{"id":5}', "}]", '\\"id\\": 5,'])
values = st.recursive(
    texts | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["id", "a", "b"]), inner)
    ),
    max_leaves=6,
)
records = st.lists(
    st.builds(
        lambda key, before, after: {**before, "id": key, **after},
        st.integers(0, 10**17),
        st.dictionaries(st.sampled_from(["a", "b"]), values),
        st.dictionaries(st.sampled_from(["c", "d"]), values),
    ),
    min_size=1,
    max_size=4,
)


@given(records=records, wrapped=st.booleans(), indent=st.sampled_from([None, 1]))
def test_the_last_bytes_show_the_last_key(records, wrapped, indent):
    """Without brackets in texts it is the last record's key, whatever is nested in it."""
    page = {"value": records} if wrapped else records
    body = json.dumps(page, indent=indent).encode()
    guess = last_key(ChunkedBody(body[:9], body[9:]), "id")
    assert guess == last_key(body, "id")
    if not any(mark in text for text in _texts(records) for mark in "[]{}"):
        assert guess == records[-1]["id"]


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)


class Misleading(Busy):
    """Its pages end with what looks like another key, or like none."""

    ending = ""

    def answer(self, request):
        answer = super().answer(request)
        if not answer.body.endswith(b"}]"):
            return answer
        return Response(200, {}, answer.body[:-2] + self.ending.encode() + b"}]")


@given(
    keys=st.lists(st.integers(1, 10**6), unique=True, max_size=300),
    seed=st.integers(0, 2**32),
    ending=st.sampled_from(
        [
            ',"note":"}]{[", "other":[{"id":7}]',
            ',"a":"]","b":{"id":999999999}',
            ',"a":"]]]]]]"',
            ',"a":1',
        ]
    ),
)
def test_a_page_that_misleads_loses_nothing(keys, seed, ending):
    """Whatever the end of a page looks like, what stood throughout comes once."""
    server = Misleading(keys, seed)
    server.ending = ending

    async def main():
        async with things(server, 15).read(workers=1) as rows:
            got = [row["id"] async for row in rows]
        assert len(set(got)) == len(got)
        assert server.stood <= set(got)
        assert rows.certificate.records == len(got)

    asyncio.run(main())
    assert server.in_flight == 0


class Gate(Busy):
    """Notes each request for a page, and those that overlap."""

    def __init__(self, keys):
        super().__init__(keys, 1, writes=False)
        self.pages = []

    async def send(self, request):
        asked = parse_qs(request.query)
        if asked["$top"] == ["15"]:
            self.pages.append(asked["$filter"][0])
        return await super().send(request)


def test_the_next_page_comes_while_one_is_read():
    """It is asked for before the records of the one before are taken; never two at once."""
    server = Gate(range(1, 61))

    async def main():
        async with things(server, 15).read(workers=1, prefetch=1) as rows:
            batches = rows.batches()
            await anext(batches)
            for _ in range(20):
                await asyncio.sleep(0)
            asked = len(server.pages)
            rest = [batch async for batch in batches]
        assert asked >= 2
        assert sum(len(batch.records) for batch in rest) == 45
        assert rows.certificate.records == 60

    asyncio.run(main())
    assert server.pages == sorted(set(server.pages), key=server.pages.index)
    assert len(server.pages) == 4  # as many as there are pages, none twice


def test_leaving_ends_the_page_that_is_under_way():
    """A consumer that breaks off leaves no request behind."""
    server = Gate(range(1, 200))
    server.slow = 40

    async def main():
        async with things(server, 15).read(workers=1) as rows:
            async for _ in rows:
                break

    asyncio.run(main())
    assert server.in_flight == 0


@pytest.mark.parametrize("number", [4, 5, 6, 7])
def test_the_error_of_a_next_page_comes_after_the_records_before_it(number):
    """What came before the page that failed is handed on first."""
    server = Gate(range(1, 61))
    server.fails_at = number
    got = []

    async def main():
        async with things(server, 15).read(workers=1) as rows:
            async for row in rows:
                got.append(row["id"])

    with pytest.raises(ServerError):
        asyncio.run(main())
    assert got == list(range(1, len(got) + 1))
    assert len(got) >= 15 * (len(server.pages) - 1)


@pytest.mark.parametrize("key", ["-5", "1234567890123456789", '"7"', "null", "7.5"])
def test_a_key_that_is_no_guess(key):
    """The key of the record before the last one is not taken for the last one's."""
    assert last_key(b'[{"id":3},{"id":%b,"a":1}]' % key.encode(), "id") is None


class TooLargeOnce(Gate):
    """Refuses the second page as too large, once; a page takes longer than its reader."""

    def __init__(self, keys):
        super().__init__(keys)
        self.sizes = []

    async def send(self, request):
        if not request.reducible:
            return await super().send(request)
        self.sizes.append(int(parse_qs(request.query)["$top"][0]))
        if len(self.sizes) == 2:
            raise AskForLess(1)
        for _ in range(60):
            await asyncio.sleep(0)
        return await super().send(request)


def test_pages_grow_again_while_the_next_one_is_under_way():
    """A page that comes late does not take back that pages have grown meanwhile."""
    server = TooLargeOnce(range(1, 4001))

    async def main():
        async with things(server, 400).read(workers=1) as rows:
            assert [row["id"] async for row in rows] == list(range(1, 4001))

    asyncio.run(main())
    assert server.sizes[:3] == [400, 400, 200]
    assert max(server.sizes[3:]) >= 300


async def _some_turns():
    for _ in range(50):
        await asyncio.sleep(0)


class Unwinding(Misleading):
    """A request that is given up takes some turns until it is over."""

    ending = ',"b":{"id":777},"c":"{"'

    def __init__(self, keys, error):
        super().__init__(keys, 1, writes=False)
        self.error = error
        self.overlaps = 0
        self.given_up = 0

    async def send(self, request):
        if request.reducible and "gt 777" in parse_qs(request.query)["$filter"][0]:
            self.in_flight += 1
            try:
                await asyncio.sleep(60)
            finally:
                self.given_up += 1
                for _ in range(20):
                    await asyncio.sleep(0)
                self.in_flight -= 1
                if self.error is not None:
                    raise self.error
        self.overlaps += self.given_up > 0 and self.in_flight > 0
        return await super().send(request)


@pytest.mark.parametrize("error", [None, ServerError("down")])
def test_a_page_that_nobody_needs_is_over_before_the_count_is_asked_for(error):
    """Nothing of it is left behind, nor reported, though the read ends meanwhile."""
    server = Unwinding(range(10, 1000, 10), error)
    reported = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))
        async with things(server, 200).read(workers=1) as rows:
            await _some_turns()
            assert [row["id"] async for row in rows] == list(range(10, 1000, 10))
        assert asyncio.all_tasks() == {asyncio.current_task()}
        gc.collect()

    asyncio.run(main())
    assert (server.given_up, server.overlaps, server.in_flight) == (1, 0, 0)
    assert reported == []


def test_no_page_is_asked_for_beyond_a_gap():
    """A range that ends with the keys of an earlier run ends with its last page."""
    server = Gate([*range(1, 16), *range(51, 81)])
    done = KeyRanges((KeyRange(15, 50, 0),))
    point = ResumePoint(KeyRange(0, 80), done)

    async def main():
        query = things(server, 15)
        async with query.read(workers=1, resume_from=point) as rows:
            await _some_turns()
            return [row["id"] async for row in rows]

    assert asyncio.run(main()) == server.keys
    assert len(server.pages) == 3
