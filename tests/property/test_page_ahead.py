"""A single worker asks for the next page while it decodes the one before."""

import asyncio
import json
from urllib.parse import parse_qs

import pytest
from busy_table import Busy, things
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.errors import ServerError
from sage200_async.paging.parallel.page_ahead import last_key
from sage200_async.wire.messages import ChunkedBody, Response

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
def test_the_error_of_a_page_ahead_comes_after_the_records_before_it(number):
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
