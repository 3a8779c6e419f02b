"""How long to wait: what the server says, what it does not say, clocks that jump."""

import asyncio
from email.utils import formatdate

import pytest

from sage200_async import errors
from sage200_async.sandbox import Fault, Sandbox

DAY = 86_400


def busy(after=None, **headers):
    """Make a reply that says to come again later."""
    told = {} if after is None else {"Retry-After": after}
    return Fault(status=429, headers={**told, **headers})


def test_as_long_as_the_server_says(meet, lab):
    """``Retry-After`` in seconds is obeyed to the second, each time."""
    script = [None, busy("7"), busy("0"), busy("90"), None, busy("3")]
    reading = meet("429, in so many seconds", script)
    assert reading.complete
    assert reading.slept == [7.0, 0.0, 90.0, 3.0]
    assert len(reading.seen) == lab.fine + 4


def test_until_the_server_says(meet, lab):
    """``Retry-After`` as a date is obeyed to the second."""
    clock = lab.Clock()
    when = formatdate(int(clock.now()) + 20, usegmt=True)
    reading = meet("429, until a date", [None, busy(when)], clock)
    assert reading.complete
    assert reading.slept == [20.0]


@pytest.mark.parametrize("wrong", [-DAY, DAY], ids=["behind", "prefetch"])
def test_a_clock_that_is_a_day_off(meet, lab, wrong):
    """A date is counted from the server's own: here it may be another day."""
    clock = lab.Clock()
    there = int(clock.now()) + wrong
    when = formatdate(there + 20, usegmt=True)
    date = formatdate(there, usegmt=True)
    reading = meet("429, a clock a day off", [None, busy(when, Date=date)], clock)
    assert reading.complete
    assert reading.slept == [20.0]


@pytest.mark.parametrize("after", ["soon", "", "-5", "1.5", "NaN", "9" * 20 + "x"])
def test_nonsense(meet, lab, after):
    """What cannot be read is nothing said: the wait is ours, and short."""
    reading = meet(f"429, Retry-After: {after}", [None, busy(after)])
    assert reading.complete
    assert len(reading.seen) == lab.fine + 1
    [slept] = reading.slept
    assert 0 <= slept <= 0.5


@pytest.mark.parametrize("after", ["3600", "9" * 400])
def test_too_long(meet, after):
    """Told to come again much later, it is the caller who decides."""
    reading = meet("429, in an hour", [None, busy(after)])
    assert type(reading.error) is errors.RateLimited
    assert reading.error.retry_after >= 3600
    assert len(reading.seen) == 2
    assert reading.slept == []


def test_told_to_wait_for_ever(meet):
    """Each wait may be obeyed, but not past the time for all of them."""
    reading = meet("429, two minutes each", [None, *[busy("120")] * 50])
    assert type(reading.error) is errors.RateLimited
    assert sum(reading.slept) <= 300
    assert len(reading.seen) == 1 + 3


@pytest.mark.parametrize("jump", [-DAY, DAY], ids=["back", "on"])
def test_the_wall_clock_jumps(lab, row, jump, database):
    """A wall clock that jumps a day, before and amid the waits, loses nothing."""

    async def main():
        clock = lab.Clock()

        async def leap():
            clock.wall += jump

        async with Sandbox(database=database) as sandbox:
            keys = sandbox.store.keys("customers")
            async with lab.connected(sandbox, clock) as client:
                clock.wall += jump
                clock.on_sleep = leap
                sandbox.faults = [None, Fault(status=503), busy("5"), None, busy()]
                reading = await lab.read(client, keys)
                clock.on_sleep = None
                reading.seen = list(sandbox.requests)
                # The old token still works there, or a new one is asked for.
                sandbox.expire_tokens()
                assert await client.customers.first()
            return reading, len(sandbox.token_requests)

    reading, refreshes = asyncio.run(main())
    row(f"the clock jumps by {jump // DAY} days", reading.outcome, len(reading.seen))
    assert reading.complete
    assert len(reading.seen) == lab.fine + 3 + 1  # a 503 halves the page
    assert refreshes <= 6
