"""Ten processes share one store: one refresh, whoever is killed."""

import asyncio
import os
import random

import pytest
from msgspec import Struct

from sage200_async.auth.stores import Tokens, store_at
from sage200_async.sandbox import Behaviour, Sandbox

ROUNDS = 8 if os.environ.get("HYPOTHESIS_PROFILE", "dev") == "dev" else 100
# One Python looks hard, the others look: noxfile.py says which.
COUNT = 10
DELAY = 0.03
LOST = "its reply was never stored: a process was cut off"


class Tally(Struct):
    """What became of the rounds."""

    rounds: int = 0
    kills: int = 0
    refreshes: int = 0
    windows: int = 0
    """Kills between the server's rotation and the store."""


class Trial:
    """Ten workers, a store and a server that knows every token it gave."""

    def __init__(self, lab, sandbox, place):
        self.lab = lab
        self.sandbox = sandbox
        self.settings = sandbox.settings
        self.place = place
        self.store = store_at(place)
        self.tally = Tally()
        self.chance = random.Random(200)
        self.spare = None

    async def sign_in(self):
        token = self.sandbox.settings.refresh_token
        await self.store.save(Tokens("", token))

    def start(self):
        return asyncio.create_task(
            self.lab.Worker.start(self.settings, token_store=self.place)
        )

    async def calm(self, workers):
        """Let all read with a dead token: one refresh, and all succeed."""
        self.begin(workers)
        answers = await asyncio.gather(*(each.answer() for each in workers))
        assert answers == ["ok"] * COUNT
        assert self.refreshed() == 1

    async def cruel(self, workers):
        """The same, but one is killed; a replacement takes its place."""
        self.begin(workers)
        waiting = [asyncio.create_task(each.answer()) for each in workers]
        victim = await self.kill_one(workers)
        answers = await asyncio.gather(*waiting)
        survived = [
            said
            for said, each in zip(answers, workers, strict=True)
            if each is not victim
        ]
        await self.judge(survived, int(victim.asked.is_set()))
        await victim.end()
        workers[workers.index(victim)] = await self.spare
        self.spare = self.start()

    def begin(self, workers):
        self.sandbox.expire_tokens()
        self.sandbox.token_requests.clear()
        self.tally.rounds += 1
        for each in workers:
            each.go()

    async def kill_one(self, workers):
        """Kill anyone at any moment, or the one that refreshes at any moment."""
        victim = self.chance.choice(workers)
        if self.chance.random() < 0.5:
            asking = {asyncio.create_task(each.asked.wait()): each for each in workers}
            done, others = await asyncio.wait(asking, return_when="FIRST_COMPLETED")
            victim = asking[done.pop()]
            for task in others:
                task.cancel()
        await asyncio.sleep(self.chance.random() * 2 * DELAY)
        victim.kill()
        self.tally.kills += 1
        return victim

    def refreshed(self):
        """Count the refreshes that the server granted in this round."""
        granted = sum(each.status == 200 for each in self.sandbox.token_requests)
        self.tally.refreshes += granted
        return granted

    async def judge(self, answers, killed_refreshers):
        """Hold the round against the server's memory, not against our word."""
        stored = await self.store.load()
        granted = self.refreshed()
        overlap = self.sandbox.behaviour.reuse_seconds > 0
        lost = self.sandbox.token_status(stored.refresh_token) == "used"
        self.tally.windows += lost or granted > 1
        if lost and not overlap:
            assert killed_refreshers
            assert [said for said in answers if LOST not in said] == []
            assert {said.split(":")[0] for said in answers} == {"TokenRefused"}
            await self.sign_in()
            return
        assert answers == ["ok"] * (COUNT - 1)
        assert 1 <= granted <= 1 + killed_refreshers
        assert self.sandbox.token_status(stored.refresh_token) == "unused"


async def rounds(lab, place, capsys):
    behaviour = Behaviour(token_delay=DELAY)
    async with (
        asyncio.timeout(900),
        Sandbox(records={}, behaviour=behaviour) as sandbox,
    ):
        trial = Trial(lab, sandbox, place)
        await trial.sign_in()
        async with lab.crew(COUNT, trial.settings, token_store=place) as workers:
            trial.spare = trial.start()
            try:
                for number in range(ROUNDS):
                    sandbox.behaviour.reuse_seconds = 5.0 * (number % 4 == 3)
                    await (trial.cruel if number % 2 else trial.calm)(workers)
            finally:
                trial.spare.cancel()
                await asyncio.wait([trial.spare])
                if not trial.spare.cancelled() and not trial.spare.exception():
                    await trial.spare.result().end()
    with capsys.disabled():
        print(f"\n{place.partition(':')[0]}: {trial.tally}")
    assert (trial.tally.rounds, trial.tally.kills) == (ROUNDS, ROUNDS // 2)


def test_ten_processes_share_a_file(lab, tmp_path, capsys):
    """Again and again, half with a kill: one refresh for all, and no token lost."""
    place = (tmp_path / "tokens.json").as_uri()
    asyncio.run(rounds(lab, place, capsys))


def test_ten_processes_share_a_redis(lab, redis_url, capsys):
    """The same with Redis, where the lock is a lease."""
    asyncio.run(rounds(lab, f"{redis_url}?name=hundred", capsys))


@pytest.mark.parametrize("overlap", [0.0, 30.0])
@pytest.mark.parametrize("kind", ["file", "redis"])
def test_killed_between_the_reply_and_the_store(lab, request, tmp_path, kind, overlap):
    """A reply lost by a kill is named as such; with an overlap the next gets in."""
    place = (tmp_path / "tokens.json").as_uri()
    if kind == "redis":
        place = request.getfixturevalue("redis_url") + f"?name=killed{overlap:.0f}"

    async def main():
        async with asyncio.timeout(60), Sandbox(records={}) as sandbox:
            sandbox.behaviour.reuse_seconds = overlap
            settings, store = sandbox.settings, store_at(place)
            await store.save(Tokens("", settings.refresh_token))
            async with lab.crew(1, settings, token_store=place, stalled=True) as [one]:
                one.go()
                listening = asyncio.create_task(one.answer())
                await one.answered.wait()
                one.kill()
                assert await listening == ""
            marked = await store.load()
            assert marked.refresh_token == settings.refresh_token
            assert marked.refresh_started_at is not None
            assert sandbox.token_status(settings.refresh_token) == "used"
            async with lab.crew(1, settings, token_store=place) as [other]:
                other.go()
                return await other.answer(), await store.load(), sandbox.token_requests

    said, stored, asked = asyncio.run(main())
    if overlap:
        assert said == "ok"
        assert stored.refresh_started_at is None
    else:
        assert said.startswith("TokenRefused: ")
        assert LOST in said
        assert "a person has to sign in again ('sage200 login')" in said
        assert "UTC" in said
    assert [each.status for each in asked] == [200, 200 if overlap else 403]
