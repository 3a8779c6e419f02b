"""Faults by haproxy: its error pages, its limits, its closed connections."""

import asyncio

import pytest

from sage200_async import errors
from sage200_async.events import ConcurrencyChanged
from sage200_async.sandbox import Behaviour, Fault

SECOND = "if { sc_http_req_cnt(0) eq 2 }"
# The request that has the fault.


def test_no_fault(helpers, row, haproxy):
    """A proxy without faults changes nothing."""
    result = haproxy.read()
    row("haproxy, no fault", result.outcome, len(result.requests))
    assert result.complete
    assert len(result.requests) == helpers.fault_free_requests


def test_no_server(row, haproxy):
    """The error page for a missing server is a `ServerError` that names a gateway."""
    result = haproxy.read(options="disabled")
    row("haproxy, no server", result.outcome, len(result.requests))
    assert type(result.error) is errors.ServerError
    assert result.error.status == 503
    assert "from a gateway" in str(result.error)
    assert result.error.attempts == 6  # five, after the one that halves the page
    assert result.requests == []


def test_the_server_is_down_for_a_while(helpers, row, haproxy):
    """If the server behind the proxy comes back, the read continues."""

    async def body(client, sandbox, _):
        keys = sandbox.store.keys("customers")
        pages = client.customers.select("id").page_size(helpers.page).pages()
        ids = [customer.id for customer in (await anext(pages)).records]
        await sandbox.__aexit__(None, None, None)

        async def come_back():
            if len(haproxy.clock.slept) == 3:
                await sandbox.__aenter__()

        haproxy.clock.on_sleep = come_back
        async for page in pages:
            ids += [customer.id for customer in page.records]
        return ids == keys, len(sandbox.requests)

    complete, later = haproxy.run(body)
    row("haproxy, server down for a while", "complete", 1 + later)
    assert complete
    assert (
        later <= helpers.fault_free_requests
    )  # one more than remained: the pages were halved


def test_the_server_is_too_slow(helpers, row, haproxy):
    """The error page for a slow server makes the client ask for a smaller page."""
    stall = Fault(cut=0, then="stall")
    result = haproxy.read([None, stall], server="300ms")
    row("haproxy, timeout server", result.outcome, len(result.requests))
    assert result.complete
    assert len(result.requests) == helpers.fault_free_requests + 1 + 1


def test_the_server_stalls_in_a_body(helpers, row, haproxy):
    """If the proxy gives up within a body, the page is requested again."""
    stall = Fault(cut=0.5, then="stall")
    result = haproxy.read([None, stall], server="300ms")
    row("haproxy, timeout server in a body", result.outcome, len(result.requests))
    assert result.complete
    assert len(result.requests) <= helpers.fault_free_requests + 2


def test_denied(helpers, row, haproxy):
    """A 429 of the proxy is obeyed to the second, and does not reach the server."""
    rule = f"http-request deny deny_status 429 hdr Retry-After 7 {SECOND}"
    result = haproxy.read(rules=rule)
    row("haproxy, deny 429", result.outcome, len(result.requests))
    assert result.complete
    assert result.slept == [7.0]
    assert len(result.requests) == helpers.fault_free_requests


@pytest.mark.parametrize("rule", ["reject", "silent-drop"])
def test_closed_connection(helpers, row, haproxy, rule):
    """A connection that the proxy closes or drops is replaced."""
    result = haproxy.read(
        rules=f"http-request {rule} {SECOND}", settings={"read_timeout": 0.5}
    )
    row(f"haproxy, {rule}", result.outcome, len(result.requests))
    assert result.complete
    assert len(result.slept) == 1
    assert len(result.requests) <= helpers.fault_free_requests + 1


NOT_RETRYABLE = {
    "return status 200 content-type text/html string <h1>Maintenance</h1>": (
        errors.DecodeError,
        "Maintenance",
    ),
    "redirect location http://127.0.0.1:9/sign-in": (errors.StatusError, "base_url"),
    "deny deny_status 403": (errors.Forbidden, "from a gateway"),
}


@pytest.mark.parametrize("rule", NOT_RETRYABLE)
def test_another_page_instead(row, haproxy, rule):
    """A page of the proxy, a redirect or a refusal ends the read with its own error."""
    kind, text = NOT_RETRYABLE[rule]
    result = haproxy.read(rules=f"http-request {rule} {SECOND}")
    row(f"haproxy, {rule[:30]}", result.outcome, len(result.requests))
    assert type(result.error) is kind
    assert text in str(result.error)
    assert len(result.requests) == 1


def test_killed_during_a_page(helpers, row, haproxy):
    """If the proxy is killed during a page and started again, the read is complete."""

    async def body(client, sandbox, proxy):
        async def kill(_):
            if len(sandbox.requests) == 2:
                await proxy.__aexit__()

        async def start():
            if len(haproxy.clock.slept) == 2:
                await proxy.__aenter__()

        sandbox.request_hook, haproxy.clock.on_sleep = kill, start
        result = await helpers.read(client, sandbox.store.keys("customers"))
        result.requests = list(sandbox.requests)
        return result

    result = haproxy.run(body)
    row("haproxy, killed and started again", result.outcome, len(result.requests))
    assert result.complete
    assert len(result.requests) == helpers.fault_free_requests + 1


def test_idle_connections_are_closed(helpers, row, haproxy):
    """Connections that the proxy closes between pages cost no extra request."""

    async def body(client, sandbox, _):
        ids = []
        async for page in client.customers.select("id").page_size(helpers.page).pages():
            ids += [customer.id for customer in page.records]
            await asyncio.sleep(0.1)
        return ids == sandbox.store.keys("customers"), len(sandbox.requests)

    complete, requests = haproxy.run(body, idle="20ms")
    row("haproxy, idle connections closed", "complete", requests)
    assert complete
    assert requests == helpers.fault_free_requests
    assert haproxy.clock.slept == []


def test_a_queue_that_is_too_long(row, haproxy):
    """With one request at a time, the client lowers its concurrency until all succeed."""
    events = []

    async def body(client, sandbox, _):
        client.subscribe(events.append)
        requests = (client.customers.select("id").first() for _ in range(10))
        return await asyncio.gather(*requests), len(sandbox.requests)

    customers, requests = haproxy.run(
        body,
        Behaviour(delay=0.05),
        {"max_attempts": 100, "max_retry_seconds": 1e6},
        options="maxconn 1",
        queue="60ms",
    )
    row("haproxy, maxconn 1, 10 tasks", "complete", requests)
    assert None not in customers
    assert requests == 10  # those that timed out in the queue never reached the server
    changes = [event for event in events if isinstance(event, ConcurrencyChanged)]
    assert min(event.new for event in changes) <= 5
