"""401, one or hundreds: each refresh serves everyone, and none leads to the next."""

import asyncio

import pytest

from sage200_async import errors
from sage200_async.sandbox import Fault, Sandbox

TASKS = 50
NO = Fault(status=401)


async def fifty(client):
    """Ask fifty times at once; give what each brought."""
    asked = (client.customers.select("id").first() for _ in range(TASKS))
    return await asyncio.gather(*asked, return_exceptions=True)


STORMS = {
    "401, each token at once": (None, 0),
    "401, for the first ten": ([NO] * 10, 0),
    "401, for the first fifty": ([NO] * 50, 0),
    "401, for the first seventy": ([NO] * 70, 50),
    "401, every second one": ([NO, None] * 200, 50),
    "401, every third one": ([NO, None, None] * 200, 50),
    "401, always": ([NO] * 500, 50),
}


@pytest.mark.parametrize("name", STORMS)
def test_storms(lab, row, database, name):
    """Fifty tasks cost two requests each at most, and two refreshes among them."""
    script, may_fail = STORMS[name]

    async def main():
        async with Sandbox(database=database) as sandbox:
            clock = lab.Clock()
            async with lab.connected(sandbox, clock) as client:
                sandbox.token_requests.clear()
                if script is None:
                    sandbox.expire_tokens()
                sandbox.faults = script or ()
                brought = await fifty(client)
                requests, refreshes = len(sandbox.requests), len(sandbox.token_requests)
                sandbox.faults = ()
                clock.time += 61
                assert None not in await fifty(client)
                return brought, requests, refreshes

    brought, requests, refreshes = asyncio.run(main())
    failed = [each for each in brought if isinstance(each, BaseException)]
    row(f"{name}, 50 tasks", f"{len(failed)} Unauthorized", requests)
    assert all(type(each) is errors.Unauthorized for each in failed)
    assert len(failed) <= may_fail
    assert TASKS <= requests <= 2 * TASKS
    assert refreshes <= 2


def test_a_401_amid_a_reading(meet, lab):
    """A page that draws 401 is asked for again with a new token, without a wait."""
    reading = meet("401, 1x", [None, NO])
    assert reading.complete
    assert len(reading.seen) == lab.fine + 1
    assert reading.slept == []


def test_every_second_request_draws_401(meet, lab):
    """A reading goes on if each page comes at its second try."""
    reading = meet("401, before each page", [NO, None] * 50)
    assert reading.outcome in {"complete", "Unauthorized"}
    assert len(reading.seen) <= 2 * lab.fine


def test_a_401_that_stays(meet):
    """A 401 that a new token does not cure is no matter of the token."""
    reading = meet("401, always", [None, *[NO] * 50])
    assert type(reading.error) is errors.Unauthorized
    assert "company" in str(reading.error)
    assert len(reading.seen) == 1 + 2
