"""The page reader: smaller pages, and one request for each page that is sent."""

import asyncio
from types import SimpleNamespace

import pytest

from sage200_async.errors import RequestTimeout, ServerError
from sage200_async.events import Events
from sage200_async.odata.options import QueryOptions
from sage200_async.paging import page_reader
from sage200_async.paging.page_forms import RecordForm
from sage200_async.paging.page_reader import PageReader
from sage200_async.paging.planner import start
from sage200_async.paging.read_telemetry import ReadTelemetry
from sage200_async.settings import CompanyContext
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.transport.retry import Retry
from sage200_async.transport.retry_policy import RetryPolicy
from sage200_async.wire.messages import Response

COMPANY = CompanyContext("http://sage.test/", "site", "1", trust_short_pages=True)


def reader_of(helpers, handler, page_size):
    """Return a page reader over retries, its plan, and the requests that it sends."""
    memory = MemoryTransport(handler)
    retry = Retry(memory, RetryPolicy(max_attempts=3), helpers.Clock())
    events = Events()
    client = SimpleNamespace(transport=retry, events=events, quarantine=None)
    options = QueryOptions(page_size=page_size)
    plan, _ = start("things", options, "id", max_query_bytes=2000)
    telemetry = ReadTelemetry(events, plan)
    reader = PageReader(client, COMPANY, plan, dict, telemetry=telemetry)
    return reader, plan, memory.requests


def requested(request):
    """Return the number of records that a request asks for."""
    return int(request.query.rpartition("$top=")[2])


async def read(reader, plan):
    """Read one page; return its keys, and the plan after it."""
    keys = []
    page = await reader.fetch_with_end(plan)
    async for some, moved in reader.slices(page, RecordForm(dict)):
        keys += [record["id"] for record in some.rows]
        plan = moved
    return keys, plan


def test_a_page_that_is_too_large_is_halved(helpers):
    """A gateway that gives up is asked for half, and the plan knows the new size."""

    def handler(request):
        if requested(request) > 250:
            return Response(504)
        return reply([{"id": key} for key in range(1, 200)])

    reader, plan, requests = reader_of(helpers, handler, 1000)
    keys, after = asyncio.run(read(reader, plan))
    assert [requested(request) for request in requests] == [1000, 500, 250]
    assert keys == list(range(1, 200))
    assert (after.page_size.current, after.records, after.done) == (250, 199, True)


def test_at_the_floor_the_attempts_count(helpers):
    """Halving ends at 100 records; from there on the attempts are limited."""
    reader, plan, requests = reader_of(helpers, lambda _: Response(504), 400)
    with pytest.raises(ServerError) as caught:
        asyncio.run(read(reader, plan))
    assert [requested(request) for request in requests] == [400, 200, 100, 100, 100]
    assert caught.value.attempts == 5
    assert "(sent 5 times)" in str(caught.value)
    assert caught.value.plan.page_size.current == 100


def test_no_request_is_built_that_is_not_sent(helpers, monkeypatch):
    """As many requests and query strings are built as are sent."""
    built = []
    for name in ("company_request", "query_for"):
        inner = getattr(page_reader, name)
        monkeypatch.setattr(
            page_reader,
            name,
            lambda *args, inner=inner, name=name, **more: (
                built.append(name),
                inner(*args, **more),
            )[1],
        )
    rows = [{"id": key} for key in range(1, 10)]
    reader, plan, requests = reader_of(helpers, lambda _: reply(rows), 1000)
    asyncio.run(read(reader, plan))
    assert sorted(built) == ["company_request", "query_for"]
    assert len(requests) == 1


def test_the_time_limit_of_a_call_holds_for_all_sizes_of_a_page(helpers):
    """A page that is halved has no more time than one that is not."""

    class Slow:
        def __init__(self):
            self.requests = []

        async def send(self, request):
            self.requests.append(request)
            await asyncio.sleep(0.4)
            raise RequestTimeout("slow", phase="read")

    slow, events = Slow(), Events()
    policy = RetryPolicy(call_seconds=1.0)
    client = SimpleNamespace(
        transport=Retry(slow, policy, helpers.Clock()), events=events, quarantine=None
    )
    plan, _ = start("things", QueryOptions(), "id", max_query_bytes=2000)
    telemetry = ReadTelemetry(events, plan)
    reader = PageReader(client, COMPANY, plan, dict, telemetry=telemetry)
    with pytest.raises(RequestTimeout, match="within 1 s"):
        asyncio.run(read(reader, plan))
    assert len(slow.requests) == 3  # of the six sizes that there are
