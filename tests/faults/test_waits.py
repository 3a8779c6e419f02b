"""How long to wait: with Retry-After, without it, and with clocks that jump."""

import asyncio
from email.utils import formatdate

import pytest

from sage200_async import errors
from sage200_async.sandbox import Fault, Sandbox

DAY = 86_400


def busy(after=None, **headers):
    """Return a fault with status 429 and perhaps ``Retry-After``."""
    retry_after = {} if after is None else {"Retry-After": after}
    return Fault(status=429, headers={**retry_after, **headers})


def test_retry_after_in_seconds(read_with_faults, helpers):
    """``Retry-After`` in seconds is obeyed exactly, each time."""
    script = [None, busy("7"), busy("0"), busy("90"), None, busy("3")]
    result = read_with_faults("429, in so many seconds", script)
    assert result.complete
    assert result.slept == [7.0, 0.0, 90.0, 3.0]
    assert len(result.requests) == helpers.fault_free_requests + 4


def test_retry_after_as_a_date(read_with_faults, helpers):
    """``Retry-After`` as a date is obeyed to the second."""
    clock = helpers.Clock()
    when = formatdate(int(clock.now()) + 20, usegmt=True)
    result = read_with_faults("429, until a date", [None, busy(when)], clock)
    assert result.complete
    assert result.slept == [20.0]


@pytest.mark.parametrize("error", [-DAY, DAY], ids=["behind", "ahead"])
def test_a_clock_that_is_a_day_wrong(read_with_faults, helpers, error):
    """A date is compared with the server's own clock, not with ours."""
    clock = helpers.Clock()
    server_time = int(clock.now()) + error
    when = formatdate(server_time + 20, usegmt=True)
    date = formatdate(server_time, usegmt=True)
    result = read_with_faults(
        "429, a clock a day wrong", [None, busy(when, Date=date)], clock
    )
    assert result.complete
    assert result.slept == [20.0]


@pytest.mark.parametrize("after", ["soon", "", "-5", "1.5", "NaN", "9" * 20 + "x"])
def test_an_invalid_retry_after(read_with_faults, helpers, after):
    """An invalid ``Retry-After`` is ignored: the usual short wait applies."""
    result = read_with_faults(f"429, Retry-After: {after}", [None, busy(after)])
    assert result.complete
    assert len(result.requests) == helpers.fault_free_requests + 1
    [slept] = result.slept
    assert 0 <= slept <= 0.5


@pytest.mark.parametrize("after", ["3600", "9" * 400])
def test_a_retry_after_that_is_too_long(read_with_faults, after):
    """A ``Retry-After`` above the maximum is left to the caller."""
    result = read_with_faults("429, in an hour", [None, busy(after)])
    assert type(result.error) is errors.RateLimited
    assert result.error.retry_after >= 3600
    assert len(result.requests) == 2
    assert result.slept == []


def test_repeated_long_waits(read_with_faults):
    """Each wait is obeyed, up to the maximum for all of them."""
    result = read_with_faults("429, two minutes each", [None, *[busy("120")] * 50])
    assert type(result.error) is errors.RateLimited
    assert sum(result.slept) <= 300
    assert len(result.requests) == 1 + 3


@pytest.mark.parametrize("jump", [-DAY, DAY], ids=["back", "on"])
def test_the_wall_clock_jumps(helpers, row, jump, database):
    """If the wall clock jumps by a day, before and during waits, nothing is lost."""

    async def main():
        clock = helpers.Clock()

        async def change_clock():
            clock.wall += jump

        async with Sandbox(database=database) as sandbox:
            keys = sandbox.store.keys("customers")
            async with helpers.connected(sandbox, clock) as client:
                clock.wall += jump
                clock.on_sleep = change_clock
                sandbox.faults = [None, Fault(status=503), busy("5"), None, busy()]
                result = await helpers.read(client, keys)
                clock.on_sleep = None
                result.requests = list(sandbox.requests)
                # The old token still works, or is refreshed.
                sandbox.expire_tokens()
                assert await client.customers.first()
            return result, len(sandbox.token_requests)

    result, refreshes = asyncio.run(main())
    row(f"clock jumps by {jump // DAY} days", result.outcome, len(result.requests))
    assert result.complete
    assert (
        len(result.requests) == helpers.fault_free_requests + 3 + 1
    )  # a 503 halves the page
    assert refreshes <= 6
