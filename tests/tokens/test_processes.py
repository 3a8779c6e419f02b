"""Ten processes share one store: one refresh, whichever of them is killed."""

import asyncio
import os
import random

import pytest
from msgspec import Struct

from sage200_async.auth.stores import Tokens, store_at
from sage200_async.sandbox import Behaviour, Sandbox

ROUNDS = 100 if os.environ.get("HYPOTHESIS_PROFILE") in {"ci", "long"} else 8
# noxfile.py runs the thorough profile with one Python.
COUNT = 10
DELAY = 0.03
LOST = "its response was never stored: the process was killed in between"


class Counts(Struct):
    """Counts over all rounds."""

    rounds: int = 0
    kills: int = 0
    refreshes: int = 0
    lost: int = 0
    """Kills between the server's rotation and the store."""


class Trial:
    """Ten workers, a store, and a server that knows every token it has issued."""

    def __init__(self, helpers, sandbox, url):
        self.helpers = helpers
        self.sandbox = sandbox
        self.settings = sandbox.settings
        self.url = url
        self.store = store_at(url)
        self.counts = Counts()
        self.random = random.Random(200)
        self.spare = None

    async def sign_in(self):
        token = self.sandbox.settings.refresh_token
        await self.store.save(Tokens("", token))

    def start(self):
        return asyncio.create_task(
            self.helpers.Worker.start(self.settings, token_store=self.url)
        )

    async def without_a_kill(self, workers):
        """Let all read with an expired token: one refresh, and all succeed."""
        self.start_round(workers)
        results = await asyncio.gather(*(worker.result() for worker in workers))
        assert results == ["ok"] * COUNT
        assert self.refreshed() == 1

    async def with_a_kill(self, workers):
        """Do the same, but kill one worker and replace it."""
        self.start_round(workers)
        waiting = [asyncio.create_task(worker.result()) for worker in workers]
        victim = await self.kill_one(workers)
        results = await asyncio.gather(*waiting)
        survivors = [
            result
            for result, worker in zip(results, workers, strict=True)
            if worker is not victim
        ]
        await self.check(survivors, int(victim.asking.is_set()))
        await victim.end()
        workers[workers.index(victim)] = await self.spare
        self.spare = self.start()

    def start_round(self, workers):
        self.sandbox.expire_tokens()
        self.sandbox.token_requests.clear()
        self.counts.rounds += 1
        for worker in workers:
            worker.read()

    async def kill_one(self, workers):
        """Kill any worker, or the one that refreshes, after a random delay."""
        victim = self.random.choice(workers)
        if self.random.random() < 0.5:
            asking = {
                asyncio.create_task(worker.asking.wait()): worker for worker in workers
            }
            done, pending = await asyncio.wait(asking, return_when="FIRST_COMPLETED")
            victim = asking[done.pop()]
            for task in pending:
                task.cancel()
        await asyncio.sleep(self.random.random() * 2 * DELAY)
        victim.kill()
        self.counts.kills += 1
        return victim

    def refreshed(self):
        """Return the number of refreshes that the server granted in this round."""
        granted = sum(request.status == 200 for request in self.sandbox.token_requests)
        self.counts.refreshes += granted
        return granted

    async def check(self, results, killed_refreshers):
        """Compare the round with what the server has recorded."""
        stored = await self.store.load()
        granted = self.refreshed()
        overlap = self.sandbox.behaviour.reuse_seconds > 0
        lost = self.sandbox.token_status(stored.refresh_token) == "used"
        self.counts.lost += lost or granted > 1
        if lost and not overlap:
            assert killed_refreshers
            assert [result for result in results if LOST not in result] == []
            assert {result.split(":")[0] for result in results} == {"TokenRefused"}
            await self.sign_in()
            return
        assert results == ["ok"] * (COUNT - 1)
        assert 1 <= granted <= 1 + killed_refreshers
        assert self.sandbox.token_status(stored.refresh_token) == "unused"


async def run_rounds(helpers, url, capsys):
    behaviour = Behaviour(token_delay=DELAY)
    async with (
        asyncio.timeout(900),
        Sandbox(records={}, behaviour=behaviour) as sandbox,
    ):
        trial = Trial(helpers, sandbox, url)
        await trial.sign_in()
        async with helpers.start_workers(
            COUNT, trial.settings, token_store=url
        ) as workers:
            trial.spare = trial.start()
            try:
                for number in range(ROUNDS):
                    sandbox.behaviour.reuse_seconds = 5.0 * (number % 4 == 3)
                    await (trial.with_a_kill if number % 2 else trial.without_a_kill)(
                        workers
                    )
            finally:
                trial.spare.cancel()
                await asyncio.wait([trial.spare])
                if not trial.spare.cancelled() and not trial.spare.exception():
                    await trial.spare.result().end()
    with capsys.disabled():
        print(f"\n{url.partition(':')[0]}: {trial.counts}")
    assert (trial.counts.rounds, trial.counts.kills) == (ROUNDS, ROUNDS // 2)


def test_ten_processes_share_a_file(helpers, tmp_path, capsys):
    """In many rounds, half with a kill, there is one refresh and no token is lost."""
    url = (tmp_path / "tokens.json").as_uri()
    asyncio.run(run_rounds(helpers, url, capsys))


def test_ten_processes_share_a_redis(helpers, redis_url, capsys):
    """The same holds for Redis, where the lock is a lease."""
    asyncio.run(run_rounds(helpers, f"{redis_url}?name=hundred", capsys))


@pytest.mark.parametrize("overlap", [0.0, 30.0])
@pytest.mark.parametrize("kind", ["file", "redis"])
def test_killed_between_the_response_and_the_store(
    helpers, request, tmp_path, kind, overlap
):
    """A lost response is explained; if the server allows reuse, the next one succeeds."""
    url = (tmp_path / "tokens.json").as_uri()
    if kind == "redis":
        url = request.getfixturevalue("redis_url") + f"?name=killed{overlap:.0f}"

    async def main():
        async with asyncio.timeout(60), Sandbox(records={}) as sandbox:
            sandbox.behaviour.reuse_seconds = overlap
            settings, store = sandbox.settings, store_at(url)
            await store.save(Tokens("", settings.refresh_token))
            async with helpers.start_workers(
                1, settings, token_store=url, stalled=True
            ) as [one]:
                one.read()
                result = asyncio.create_task(one.result())
                await one.answered.wait()
                one.kill()
                assert await result == ""
            stored = await store.load()
            assert stored.refresh_token == settings.refresh_token
            assert stored.refresh_started_at is not None
            assert sandbox.token_status(settings.refresh_token) == "used"
            async with helpers.start_workers(1, settings, token_store=url) as [other]:
                other.read()
                return await other.result(), await store.load(), sandbox.token_requests

    result, stored, requests = asyncio.run(main())
    if overlap:
        assert result == "ok"
        assert stored.refresh_started_at is None
    else:
        assert result.startswith("TokenRefused: ")
        assert LOST in result
        assert "sign in again with `sage200 login`" in result
        assert "UTC" in result
    assert [request.status for request in requests] == [200, 200 if overlap else 403]
