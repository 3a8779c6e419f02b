"""One or hundreds of 401s: all tasks share a refresh, and refreshes do not cascade."""

import asyncio

import pytest

from sage200_async import errors
from sage200_async.sandbox import Behaviour, Fault, Sandbox
from sage200_async.transport.base import Clock

TASKS = 50
UNAUTHORIZED = Fault(status=401)


async def fifty_requests(client):
    """Send fifty requests at once; return the results and errors."""
    requests = (client.customers.select("id").first() for _ in range(TASKS))
    return await asyncio.gather(*requests, return_exceptions=True)


SCRIPTS = {
    "401, expired tokens": (None, 0),
    "401, for the first ten": ([UNAUTHORIZED] * 10, 0),
    "401, for the first fifty": ([UNAUTHORIZED] * 50, 0),
    "401, for the first seventy": ([UNAUTHORIZED] * 70, 50),
    "401, every second one": ([UNAUTHORIZED, None] * 200, 50),
    "401, every third one": ([UNAUTHORIZED, None, None] * 200, 50),
    "401, always": ([UNAUTHORIZED] * 500, 50),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_fifty_tasks(helpers, row, database, name):
    """Fifty tasks send at most two requests each, and two refreshes in total."""
    script, may_fail = SCRIPTS[name]

    async def main():
        async with Sandbox(database=database) as sandbox:
            clock = helpers.Clock()
            async with helpers.connected(sandbox, clock) as client:
                sandbox.token_requests.clear()
                if script is None:
                    sandbox.expire_tokens()
                sandbox.faults = script or ()
                results = await fifty_requests(client)
                requests, refreshes = len(sandbox.requests), len(sandbox.token_requests)
                sandbox.faults = ()
                clock.time += 61
                assert None not in await fifty_requests(client)
                return results, requests, refreshes

    results, requests, refreshes = asyncio.run(main())
    failed = [error for error in results if isinstance(error, BaseException)]
    row(f"{name}, 50 tasks", f"{len(failed)} Unauthorized", requests)
    assert all(type(error) is errors.Unauthorized for error in failed)
    assert len(failed) <= may_fail
    assert TASKS <= requests <= 2 * TASKS
    assert refreshes <= 2


def test_a_401_during_a_read(read_with_faults, helpers):
    """A page that gets a 401 is requested again with a new token, without a wait."""
    result = read_with_faults("401, 1x", [None, UNAUTHORIZED])
    assert result.complete
    assert len(result.requests) == helpers.fault_free_requests + 1
    assert result.slept == []


def test_every_second_request_gets_401(read_with_faults, helpers):
    """A read continues if each page comes at its second attempt."""
    result = read_with_faults("401, before each page", [UNAUTHORIZED, None] * 50)
    assert result.outcome in {"complete", "Unauthorized"}
    assert len(result.requests) <= 2 * helpers.fault_free_requests


def test_a_permanent_401(read_with_faults):
    """A 401 that a new token does not cure is an `Unauthorized` about the company."""
    result = read_with_faults("401, always", [None, *[UNAUTHORIZED] * 50])
    assert type(result.error) is errors.Unauthorized
    assert "company" in str(result.error)
    assert len(result.requests) == 1 + 2


def test_pages_that_hold_all_connections(helpers, database):
    """A refresh does not wait for the pool: the token endpoint has a connection."""

    async def main():
        async with (
            Sandbox(database=database) as sandbox,
            helpers.connected(sandbox, max_connections=2) as client,
        ):
            sandbox.faults = [Fault(delay=1.0)] * 2
            rows = client.customers.select("id")
            pages = [asyncio.create_task(rows.first()) for _ in range(2)]
            await helpers.until(lambda: sandbox.in_flight == 2)
            version = await client._token_manager.refresh(1)
            assert version.generation == 2
            assert not any(page.done() for page in pages)
            await asyncio.gather(*pages)

    asyncio.run(main())


@pytest.mark.parametrize("seconds", [1, 2])
def test_tokens_that_live_shorter_than_the_queue(helpers, database, row, seconds):
    """Twenty tasks share two connections and tokens of a second or two, and none fails.

    The server looks at a token only after its delay: two may be too late, each time.
    """

    async def task(client):
        return [await client.customers.select("id").first() for _ in range(2)]

    async def main():
        behaviour = Behaviour(token_seconds=seconds, delay=seconds / 10)
        async with (
            Sandbox(database=database, behaviour=behaviour) as sandbox,
            helpers.connected(sandbox, Clock(), max_connections=2) as client,
        ):
            tasks = (task(client) for _ in range(20))
            rows = await asyncio.gather(*tasks, return_exceptions=True)
            statuses = [request.status for request in sandbox.requests]
            return rows, statuses, len(sandbox.token_requests)

    rows, statuses, refreshes = asyncio.run(main())
    row(f"tokens of {seconds} s, 20 tasks", "complete", len(statuses))
    assert [error for error in rows if isinstance(error, BaseException)] == []
    assert statuses.count(401) <= 2 * refreshes
    assert refreshes <= 6
