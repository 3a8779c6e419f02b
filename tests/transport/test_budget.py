"""The retry budget that all tasks of a client share."""

import asyncio
import itertools

from hypothesis import given
from hypothesis import strategies as st

from sage200_async.errors import ServerError
from sage200_async.transport.budget import RetryBudget
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.transport.retry import Retry
from sage200_async.transport.retry_policy import RetryPolicy

BURST = 10


class QueueClock:
    """A clock whose sleepers wake in order of their time, as on a real loop."""

    def __init__(self):
        self.time = 0.0
        self.order = itertools.count()
        self.waiting = []

    def now(self):
        return self.time

    def monotonic(self):
        return self.time

    async def sleep(self, seconds):
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((self.time + seconds, next(self.order), future))
        await future

    async def run(self, until):
        """Let time pass until *until*."""
        while True:
            for _ in range(20):
                await asyncio.sleep(0)
            due = [entry for entry in self.waiting if entry[0] <= until]
            if not due:
                break
            first = min(due)
            self.waiting.remove(first)
            self.time = first[0]
            first[2].set_result(None)
        self.time = until


@given(
    rate=st.floats(0.1, 10),
    steps=st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=60),
)
def test_the_budget_is_kept(helpers, rate, steps):
    """Retries never exceed the capacity, the refill and the successes together."""
    clock = helpers.Clock()
    clock.time = 0.0
    budget = RetryBudget(rate, clock)
    taken, earned = 0, 0
    for pause, retries in steps:
        clock.time += pause
        if retries:
            if budget.wait() == 0.0:
                budget.take()
                taken += 1
        else:
            budget.earn()
            earned += 1
        assert taken <= BURST + rate * clock.time + earned * 0.1 + 1e-6


@given(st.integers(1, 40), st.floats(0.1, 10))
def test_retries_that_wait_are_evenly_spaced(helpers, count, rate):
    """Of many retries at once, ten are sent at once and the rest at the rate."""
    budget = RetryBudget(rate, helpers.Clock())
    waits = []
    for _ in range(count):
        waits.append(budget.wait())
        budget.take()
    expected = [0.0] * BURST + [number / rate for number in range(1, count)]
    for wait, seconds in zip(waits, expected, strict=False):
        assert abs(wait - seconds) < 1e-6 * max(1, seconds)


def test_twenty_tasks_and_a_server_that_goes_down(helpers):
    """While the server is down, twenty tasks together retry at the budget's rate."""
    clock = QueueClock()
    times = []
    state = {"down": False}

    def handler(_):
        times.append(clock.time)
        if state["down"]:
            raise ServerError("down")
        return reply([])

    async def main():
        policy = RetryPolicy(max_attempts=100, max_seconds=1e6, longest_wait=4.0)
        retry = Retry(
            MemoryTransport(handler),
            policy,
            clock,
            budget=RetryBudget(1.0, clock),
            jitter=lambda: 0.5,
        )

        async def worker():
            while True:
                await retry.send(helpers.ask())
                await clock.sleep(1.0)

        tasks = [asyncio.create_task(worker()) for _ in range(20)]
        await clock.run(until=10.5)
        state["down"] = True
        await clock.run(until=40.5)
        await clock.run(until=70.5)
        state["down"] = False
        await clock.run(until=130.5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())

    def count(start, end):
        return len([time for time in times if start < time <= end])

    print("requests in 30 s:", {"down": count(40.5, 70.5), "up": count(100.5, 130.5)})
    assert count(0, 10.5) == 20 * 10  # and twenty at 0
    assert count(10.5, 40.5) <= 20 + BURST + 30 + 1
    assert 25 <= count(40.5, 70.5) <= 31  # one a second
    assert count(100.5, 130.5) == 20 * 30
