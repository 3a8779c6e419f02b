"""An interrupted read continues at its position."""

import asyncio
import pickle

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from sage200_async import Sage200Client
from sage200_async.errors import (
    DecodeError,
    PagingError,
    QueryError,
    RequestTimeout,
    Sage200Error,
)
from sage200_async.events import PageRead, PageSizeChanged, ReadFinished, ReadStarted
from sage200_async.sandbox import Behaviour, Sandbox
from sage200_async.transport import Clock

ROWS = 700


class Instant(Clock):
    """A clock on which sleeping takes no time."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def failing_at(number: int):
    """Return a hook that answers one request, counted from 1, with 404."""
    count = 0

    async def hook(_: web.Request) -> web.StreamResponse | None:
        nonlocal count
        count += 1
        return web.Response(status=404) if count == number else None

    return hook


async def read_in_parts(sandbox, queries, by_pages):
    """Read until an error and resume from its plan, until the end."""
    read: list[int] = []
    plan = None
    for number, query in enumerate(queries):
        sandbox.request_hook = failing_at(2) if number < len(queries) - 1 else None
        stream = query.resume(plan) if plan else query
        try:
            if by_pages:
                async for page in stream.pages():
                    read += [record.id for record in page.records]
            else:
                async for record in stream:
                    read.append(record.id)
        except Sage200Error as error:
            plan = pickle.loads(pickle.dumps(error.plan))
        else:
            break
    return read


@given(
    sizes=st.lists(st.sampled_from([100, 150, 333, 700]), min_size=2, max_size=5),
    top=st.none() | st.integers(1, 900),
    ordered=st.booleans(),
    by_pages=st.booleans(),
)
def test_a_read_can_be_resumed_again_and_again(
    shared_sandbox, sizes, top, ordered, by_pages
):
    """With any page sizes, a resumed read returns the same records as an uninterrupted one."""
    sandbox, client, run = shared_sandbox

    async def body() -> None:
        query = client.customers.order_by("name") if ordered else client.customers
        query = query if top is None else query.top(top)
        sandbox.request_hook = None
        whole = [customer.id async for customer in query]
        parts = await read_in_parts(
            sandbox, [query.page_size(size) for size in [*sizes, 700]], by_pages
        )
        assert parts == whole

    run(body())


@pytest.fixture(scope="module")
def shared_sandbox():
    """Yield a sandbox and a client that all examples share."""
    with asyncio.Runner() as runner:
        sandbox = Sandbox(records={"customers": ROWS})
        runner.run(sandbox.__aenter__())
        client = Sage200Client(sandbox.settings)
        runner.run(client.__aenter__())
        yield sandbox, client, runner.run
        runner.run(client.close())
        runner.run(sandbox.__aexit__(None, None, None))


def rows(first: int, last: int, bad: int = 0) -> bytes:
    """Return a page of wide records, one of which may not decode."""
    records = (
        b'{"id":%d,"name":%b,"balance":%b}'
        % (number, b'"%b"' % (b"x" * 2000), b'"x"' if number == bad else b"1.5")
        for number in range(first, last + 1)
    )
    return b"[" + b",".join(records) + b"]"


def test_an_error_inside_a_page_has_the_exact_position(on_sandbox) -> None:
    """The plan of an error in the middle of a page is exact to the record."""

    async def spoiled(request: web.Request) -> web.StreamResponse:
        highest = "desc" in request.query["$orderby"]
        page = b'[{"id":600}]' if highest else rows(1, 600, bad=400)
        return web.Response(body=page, content_type="application/json")

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        sandbox.request_hook = spoiled
        read = []
        with pytest.raises(DecodeError) as caught:
            async for customer in client.customers:
                read.append(customer.id)
        plan = caught.value.plan
        assert plan is not None
        assert read == list(range(1, 400))
        assert (plan.after_key, plan.records, plan.pages) == (399, 399, 0)
        with pytest.raises(DecodeError) as again:
            await anext(client.customers.pages())
        assert again.value.plan is not None
        assert (again.value.plan.after_key, again.value.plan.records) == (None, 0)

    on_sandbox(body, records={"customers": 1})


def test_every_error_of_a_stream_carries_its_plan(on_sandbox) -> None:
    """A refused page, a revoked token, a wrong order: each error has the position."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        query = client.customers.page_size(100)
        pages = query.pages()
        await anext(pages)
        sandbox.behaviour = Behaviour(out_of_order=True)
        with pytest.raises(PagingError) as caught:
            await anext(pages)
        assert caught.value.plan is not None
        assert caught.value.plan.records == 100
        sandbox.behaviour = Behaviour()
        resumed = [customer async for customer in query.resume(caught.value.plan)]
        assert len(resumed) == ROWS - 100
        sandbox.expire_tokens()
        sandbox.revoke()
        with pytest.raises(Sage200Error) as refused:
            await anext(query.resume(caught.value.plan).records())
        assert refused.value.plan == caught.value.plan

    on_sandbox(body, records={"customers": ROWS})


def test_a_plan_of_another_query_is_refused(on_sandbox) -> None:
    """A plan of another query is an error before any request."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        page = await anext(client.customers.page_size(5).pages())
        before = len(sandbox.requests)
        for other in (
            client.customers.filter(on_hold=True),
            client.customers.select("id"),
            client.customers.top(9),
            client.suppliers,
        ):
            with pytest.raises(QueryError, match="belongs to another query"):
                other.resume(page.plan)
        assert len(sandbox.requests) == before

    on_sandbox(body, records={"customers": 20})


def test_a_read_past_its_deadline_can_be_resumed(on_sandbox) -> None:
    """A read past its deadline is a `RequestTimeout` with a plan to resume from."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        query = client.customers.page_size(100).timeout(0.3)
        read = []
        with pytest.raises(RequestTimeout, match=r"within 0\.3 s") as caught:
            async for page in query.pages():
                read += [record.id for record in page.records]
                if page.plan.pages == 2:
                    sandbox.behaviour = Behaviour(delay=30.0)
        assert caught.value.phase == "reading"
        assert caught.value.plan is not None
        assert caught.value.plan.records == len(read) == 200
        sandbox.behaviour = Behaviour()
        rest = query.timeout(None).resume(caught.value.plan)
        read += [customer.id async for customer in rest]
        assert read == sandbox.store.keys("customers")

    on_sandbox(body, records={"customers": ROWS})


def test_heavy_pages_are_made_smaller(on_sandbox) -> None:
    """If large pages bring a 504, smaller ones are read, and events report that."""
    events: list[object] = []

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        async def gateway(request: web.Request) -> web.StreamResponse | None:
            return (
                web.Response(status=504) if int(request.query["$top"]) > 600 else None
            )

        sandbox.request_hook = gateway
        client.subscribe(events.append)
        read = [customer.id async for customer in client.customers.select("id")]
        assert read == sandbox.store.keys("customers")
        tops = [
            int(request.query["$top"])
            for request in sandbox.requests
            if "desc" not in request.query["$orderby"]
        ]
        assert tops[:7] == [5000, 2500, 1250, 625, 312, 390, 487]
        assert len([top for top in tops if top > 600]) == 4

    on_sandbox(body, records={"customers": 6000}, clock=Instant)
    sizes = [(e.old, e.new) for e in events if isinstance(e, PageSizeChanged)]
    assert sizes[:3] == [(5000, 312), (312, 390), (390, 487)]
    pages = [event for event in events if isinstance(event, PageRead)]
    [started] = [event for event in events if isinstance(event, ReadStarted)]
    [ended] = [event for event in events if isinstance(event, ReadFinished)]
    assert started.strategy == "key"
    assert (ended.records, ended.pages, ended.error) == (6000, len(pages), "")
    assert sum(page.records for page in pages) == 6000
