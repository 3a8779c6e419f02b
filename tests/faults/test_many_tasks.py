"""Twenty tasks and a failing server: how many requests it gets over time."""

import asyncio
import heapq

from sage200_async.sandbox import Fault, Sandbox

TASKS = 20
DOWN = [Fault(status=503)] * 10_000


class SteppedClock:
    """Time moves on to the next wake-up once all tasks sleep."""

    def __init__(self):
        self.time = 1_000.0
        self._sleepers = []
        self._count = 0

    def now(self):
        return 1_700_000_000.0 + self.time

    def monotonic(self):
        return self.time

    async def sleep(self, seconds):
        wake_up = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.time + seconds, self._count, wake_up))
        await wake_up

    async def run(self, helpers, seconds):
        """Let *seconds* pass."""
        end = self.time + seconds
        while True:
            await helpers.until(lambda: len(self._sleepers) == TASKS)
            if self._sleepers[0][0] > end:
                self.time = end
                return
            self.time = self._sleepers[0][0]
            while self._sleepers and self._sleepers[0][0] <= self.time:
                heapq.heappop(self._sleepers)[2].set_result(None)


def test_a_server_that_fails_and_recovers(helpers, row, database):
    """The shared budget limits requests to a failing server, and is lifted afterwards."""

    async def main():
        clock = SteppedClock()
        async with Sandbox(database=database) as sandbox:

            async def work(client):
                while True:
                    assert await client.customers.select("id").first()
                    await clock.sleep(1.0)

            async def count(seconds):
                sandbox.requests.clear()
                await clock.run(helpers, seconds)
                return len(sandbox.requests)

            limits = {"max_attempts": 10_000, "max_retry_seconds": 1e6}
            async with helpers.connected(sandbox, clock, **limits) as client:
                tasks = [asyncio.create_task(work(client)) for _ in range(TASKS)]
                healthy = await count(5.5)
                sandbox.faults = DOWN
                failing = await count(15)
                down = await count(60)
                sandbox.faults = ()
                recovering = await count(60)
                recovered = await count(5)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                return healthy, failing, down, recovering, recovered

    healthy, failing, down, recovering, recovered = asyncio.run(main())
    row("20 tasks, 5 s before", "complete", healthy)
    row("20 tasks, 503 for 15 s", "waiting", failing)
    row("20 tasks, 503 for 60 s more", "waiting", down)
    row("20 tasks, 60 s after", "complete", recovering)
    row("20 tasks, 5 s more", "complete", recovered)
    assert healthy == TASKS * 6
    assert failing <= TASKS + 10 + 15 + 1
    assert 30 <= down <= 60 + 1  # one a second
    assert recovering > 5 * down
    assert recovered == TASKS * 5
