"""Faults that haproxy makes: its pages, its limits, its ways of hanging up."""

import asyncio

import pytest

from sage200_async import errors
from sage200_async.events import ConcurrencyChanged
from sage200_async.sandbox import Behaviour, Fault

SECOND = "if { sc_http_req_cnt(0) eq 2 }"
# The page that the fault is on.


def test_nothing_is_wrong(lab, row, haproxy):
    """A proxy that does nothing wrong changes nothing."""
    reading = haproxy.read()
    row("haproxy, no fault", reading.outcome, len(reading.seen))
    assert reading.complete
    assert len(reading.seen) == lab.fine


def test_no_server(row, haproxy):
    """Its page for want of a server is a `ServerError`, and names a gateway."""
    reading = haproxy.read(options="disabled")
    row("haproxy, no server", reading.outcome, len(reading.seen))
    assert type(reading.error) is errors.ServerError
    assert reading.error.status == 503
    assert "from a gateway" in str(reading.error)
    assert reading.error.attempts == 6  # five, after one for more
    assert reading.seen == []


def test_the_server_is_down_for_a_while(lab, row, haproxy):
    """A server that comes back behind the proxy is read on from."""

    async def body(client, sandbox, _):
        keys = sandbox.store.keys("customers")
        pages = client.customers.select("id").page_size(lab.page).pages()
        ids = [each.id for each in (await anext(pages)).records]
        await sandbox.__aexit__(None, None, None)

        async def come_back():
            if len(haproxy.clock.slept) == 3:
                await sandbox.__aenter__()

        haproxy.clock.on_sleep = come_back
        async for page in pages:
            ids += [each.id for each in page.records]
        return ids == keys, len(sandbox.requests)

    complete, later = haproxy.run(body)
    row("haproxy, server down for a while", "complete", 1 + later)
    assert complete
    assert later <= lab.fine  # one more than was left, as the pages were halved


def test_the_server_is_too_slow(lab, row, haproxy):
    """Its page for a server that takes too long draws a smaller page."""
    stall = Fault(cut=0, then="stall")
    reading = haproxy.read([None, stall], server="300ms")
    row("haproxy, timeout server", reading.outcome, len(reading.seen))
    assert reading.complete
    assert len(reading.seen) == lab.fine + 1 + 1


def test_the_server_stops_amid_a_body(lab, row, haproxy):
    """Where the proxy gives up amid a body, the page is asked for again."""
    stall = Fault(cut=0.5, then="stall")
    reading = haproxy.read([None, stall], server="300ms")
    row("haproxy, timeout server amid a body", reading.outcome, len(reading.seen))
    assert reading.complete
    assert len(reading.seen) <= lab.fine + 2


def test_denied(lab, row, haproxy):
    """Its 429 is obeyed to the second, and does not reach the server."""
    rule = f"http-request deny deny_status 429 hdr Retry-After 7 {SECOND}"
    reading = haproxy.read(rules=rule)
    row("haproxy, deny 429", reading.outcome, len(reading.seen))
    assert reading.complete
    assert reading.slept == [7.0]
    assert len(reading.seen) == lab.fine


@pytest.mark.parametrize("rule", ["reject", "silent-drop"])
def test_hung_up(lab, row, haproxy, rule):
    """A connection that it closes or forgets is made anew."""
    reading = haproxy.read(
        rules=f"http-request {rule} {SECOND}", settings={"read_timeout": 0.5}
    )
    row(f"haproxy, {rule}", reading.outcome, len(reading.seen))
    assert reading.complete
    assert len(reading.slept) == 1
    assert len(reading.seen) <= lab.fine + 1


LASTING = {
    "return status 200 content-type text/html string <h1>Maintenance</h1>": (
        errors.DecodeError,
        "Maintenance",
    ),
    "redirect location http://127.0.0.1:9/sign-in": (errors.StatusError, "base_url"),
    "deny deny_status 403": (errors.Forbidden, "from a gateway"),
}


@pytest.mark.parametrize("rule", LASTING)
def test_another_page_instead(row, haproxy, rule):
    """A page of its own, a redirect or a refusal ends the reading, and is named."""
    kind, told = LASTING[rule]
    reading = haproxy.read(rules=f"http-request {rule} {SECOND}")
    row(f"haproxy, {rule[:30]}", reading.outcome, len(reading.seen))
    assert type(reading.error) is kind
    assert told in str(reading.error)
    assert len(reading.seen) == 1


def test_killed_amid_a_page(lab, row, haproxy):
    """A proxy that is killed while a page is on its way, and started again."""

    async def body(client, sandbox, proxy):
        async def kill(_):
            if len(sandbox.requests) == 2:
                await proxy.__aexit__()

        async def start():
            if len(haproxy.clock.slept) == 2:
                await proxy.__aenter__()

        sandbox.before, haproxy.clock.on_sleep = kill, start
        reading = await lab.read(client, sandbox.store.keys("customers"))
        reading.seen = list(sandbox.requests)
        return reading

    reading = haproxy.run(body)
    row("haproxy, killed and started again", reading.outcome, len(reading.seen))
    assert reading.complete
    assert len(reading.seen) == lab.fine + 1


def test_idle_connections_are_closed(lab, row, haproxy):
    """Connections that it closes between pages cost no request."""

    async def body(client, sandbox, _):
        ids = []
        async for page in client.customers.select("id").page_size(lab.page).pages():
            ids += [each.id for each in page.records]
            await asyncio.sleep(0.1)
        return ids == sandbox.store.keys("customers"), len(sandbox.requests)

    complete, requests = haproxy.run(body, idle="20ms")
    row("haproxy, idle connections closed", "complete", requests)
    assert complete
    assert requests == lab.fine
    assert haproxy.clock.slept == []


def test_a_queue_that_is_too_long(row, haproxy):
    """Where it lets one through at a time, fewer are sent at once, until all are."""
    limits = []

    async def body(client, sandbox, _):
        client.subscribe(limits.append)
        asked = (client.customers.select("id").first() for _ in range(10))
        return await asyncio.gather(*asked), len(sandbox.requests)

    brought, requests = haproxy.run(
        body,
        Behaviour(delay=0.05),
        {"max_attempts": 100, "max_retry_seconds": 1e6},
        options="maxconn 1",
        queue="60ms",
    )
    row("haproxy, maxconn 1, 10 tasks", "complete", requests)
    assert None not in brought
    assert requests == 10  # those that queued in vain never got through
    assert min(each.new for each in limits if isinstance(each, ConcurrencyChanged)) <= 5
