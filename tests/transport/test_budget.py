"""Retries that all tasks of a client share."""

import asyncio
import itertools

from hypothesis import given
from hypothesis import strategies as st

from sage200_async.errors import ServerError
from sage200_async.transport.budget import RetryBudget
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.transport.retry import Retry, RetryPolicy

BURST = 10


class Queue:
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
        woken = asyncio.get_running_loop().create_future()
        self.waiting.append((self.time + seconds, next(self.order), woken))
        await woken

    async def run(self, until):
        """Let time pass."""
        while True:
            for _ in range(20):
                await asyncio.sleep(0)
            due = [each for each in self.waiting if each[0] <= until]
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
def test_the_budget_is_kept(lab, rate, steps):
    """However retries and successes mix, no more is spent than was there and came."""
    clock = lab.Clock()
    clock.time = 0.0
    budget = RetryBudget(rate, clock)
    spent, earned = 0, 0
    for pause, wants in steps:
        clock.time += pause
        if wants:
            if budget.wait() == 0.0:
                budget.take()
                spent += 1
        else:
            budget.earn()
            earned += 1
        assert spent <= BURST + rate * clock.time + earned * 0.1 + 1e-6


@given(st.integers(1, 40), st.floats(0.1, 10))
def test_those_that_wait_come_one_after_the_other(lab, count, rate):
    """Of a crowd that fails at once, ten go at once, the rest in single file."""
    budget = RetryBudget(rate, lab.Clock())
    waits = []
    for _ in range(count):
        waits.append(budget.wait())
        budget.take()
    expected = [0.0] * BURST + [number / rate for number in range(1, count)]
    for got, wanted in zip(waits, expected, strict=False):
        assert abs(got - wanted) < 1e-6 * max(1, wanted)


def test_twenty_tasks_and_a_server_that_dies(lab):
    """A dead server is asked by all twenty once, then as the budget says; then freely."""
    clock = Queue()
    times = []
    state = {"down": False}

    def answer(_):
        times.append(clock.time)
        if state["down"]:
            raise ServerError("down")
        return reply([])

    async def main():
        policy = RetryPolicy(max_attempts=100, max_seconds=1e6, longest_wait=4.0)
        retry = Retry(
            MemoryTransport(answer),
            policy,
            clock,
            budget=RetryBudget(1.0, clock),
            chance=lambda: 0.5,
        )

        async def worker():
            while True:
                await retry.send(lab.ask())
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
        return len([each for each in times if start < each <= end])

    print("requests in 30 s:", {"down": count(40.5, 70.5), "well": count(100.5, 130.5)})
    assert count(0, 10.5) == 20 * 10  # and twenty at 0
    assert count(10.5, 40.5) <= 20 + BURST + 30 + 1
    assert 25 <= count(40.5, 70.5) <= 31  # one a second
    assert count(100.5, 130.5) == 20 * 30
