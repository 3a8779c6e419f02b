"""Twenty tasks and a server that dies: how often it is asked, as time goes by."""

import asyncio
import heapq

from sage200_async.sandbox import Fault, Sandbox

TASKS = 20
DOWN = [Fault(status=503)] * 10_000


class Turns:
    """Time that moves on to the next sleeper once all tasks sleep."""

    def __init__(self):
        self.time = 1_000.0
        self._sleepers = []
        self._count = 0

    def now(self):
        return 1_700_000_000.0 + self.time

    def monotonic(self):
        return self.time

    async def sleep(self, seconds):
        awake = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.time + seconds, self._count, awake))
        await awake

    async def run(self, lab, seconds):
        """Let so many seconds go by."""
        end = self.time + seconds
        while True:
            await lab.until(lambda: len(self._sleepers) == TASKS)
            if self._sleepers[0][0] > end:
                self.time = end
                return
            self.time = self._sleepers[0][0]
            while self._sleepers and self._sleepers[0][0] <= self.time:
                heapq.heappop(self._sleepers)[2].set_result(None)


def test_a_server_that_dies_and_comes_back(lab, row, database):
    """It is asked as often as the shared budget says, and freely again afterwards."""

    async def main():
        clock = Turns()
        async with Sandbox(database=database) as sandbox:

            async def work(client):
                while True:
                    assert await client.customers.select("id").first()
                    await clock.sleep(1.0)

            async def count(seconds):
                sandbox.requests.clear()
                await clock.run(lab, seconds)
                return len(sandbox.requests)

            patient = {"max_attempts": 10_000, "max_retry_seconds": 1e6}
            async with lab.connected(sandbox, clock, **patient) as client:
                tasks = [asyncio.create_task(work(client)) for _ in range(TASKS)]
                well = await count(5.5)
                sandbox.faults = DOWN
                dying = await count(15)
                dead = await count(60)
                sandbox.faults = ()
                recovering = await count(60)
                again = await count(5)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                return well, dying, dead, recovering, again

    well, dying, dead, recovering, again = asyncio.run(main())
    row("20 tasks, 5 s before", "complete", well)
    row("20 tasks, 503 for 15 s", "waiting", dying)
    row("20 tasks, 503 for 60 s more", "waiting", dead)
    row("20 tasks, 60 s after", "complete", recovering)
    row("20 tasks, 5 s more", "complete", again)
    assert well == TASKS * 6
    assert dying <= TASKS + 10 + 15 + 1
    assert 30 <= dead <= 60 + 1  # one a second
    assert recovering > 5 * dead
    assert again == TASKS * 5
