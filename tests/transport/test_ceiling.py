"""No more requests in any minute than the ceiling allows, no matter who sends them."""

import asyncio

import pytest
from msgspec.structs import replace

from sage200_async.errors import SettingsError
from sage200_async.events import Events
from sage200_async.settings import Settings
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.transport.pool import Pool

LIMIT = 10


def fits(times, limit=LIMIT):
    """Whether any 60 seconds have *limit* of these times at most."""
    pairs = zip(times, times[limit:], strict=False)
    return all(later - earlier >= 60 for earlier, later in pairs)


class Recorder(MemoryTransport):
    """Notes when each request is sent."""

    def __init__(self, clock, handler=lambda request: reply([])):
        super().__init__(handler, clock)
        self.times = []

    async def send(self, request):
        self.times.append(self._clock.monotonic())
        return await super().send(request)


@pytest.fixture
def pool_of(helpers, monkeypatch):
    """Return a function that makes a pool whose requests go to a recorder."""

    def make(recorder, **changes):
        settings = replace(
            helpers.settings, access_token="hush-a", refresh_token="", **changes
        )
        pool = Pool(settings, recorder._clock, Events())
        monkeypatch.setattr(pool._http, "send", recorder.send)
        monkeypatch.setattr(pool._http, "require_open", lambda: None)
        return pool, settings

    return make


@pytest.fixture
def limited(pool_of):
    """Return a function that makes a transport with a ceiling before a recorder."""

    def make(recorder, limit=LIMIT):
        pool, settings = pool_of(recorder, max_requests_per_minute=limit)
        return pool.transport(pool.token_manager(settings))

    return make


def test_fifty_tasks_keep_to_the_ceiling(helpers, limited):
    """They send ten at once, then ten each minute, in the order in which they came."""
    clock = helpers.Clock()
    recorder = Recorder(clock)
    ceiling = limited(recorder)

    async def main():
        requests = [helpers.ask(path=f"customers/{n}") for n in range(50)]
        await asyncio.gather(*map(ceiling.send, requests))
        return requests

    sent = asyncio.run(main())
    paths = [request.path for request in recorder.requests]
    assert paths == [request.path for request in sent]
    assert fits(recorder.times)
    assert recorder.times[-1] - recorder.times[0] == 240


def test_a_task_that_gives_up_takes_no_turn(helpers, limited):
    """Waiting in vain holds up nobody."""
    clock = helpers.Clock()
    recorder = Recorder(clock)
    ceiling = limited(recorder, 1)

    async def main():
        await ceiling.send(helpers.ask())
        never = asyncio.Event()
        sleep, clock.sleep = clock.sleep, lambda _: never.wait()
        waiting = [asyncio.create_task(ceiling.send(helpers.ask())) for _ in range(20)]
        await helpers.turns(5)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        clock.sleep = sleep
        await ceiling.send(helpers.ask())

    asyncio.run(main())
    assert [time - recorder.times[0] for time in recorder.times] == [0, 60]


def test_a_slow_minute_saves_up_nothing(helpers, limited):
    """After an hour without requests, ten may follow each other, and no more."""
    clock = helpers.Clock()
    recorder = Recorder(clock)
    ceiling = limited(recorder)

    async def main():
        await ceiling.send(helpers.ask())
        await clock.sleep(3_600)
        await asyncio.gather(*(ceiling.send(helpers.ask()) for _ in range(25)))

    asyncio.run(main())
    assert fits(recorder.times)


def test_retries_and_other_people_take_turns_too(helpers, pool_of):
    """Whatever a client sends counts, and so does what its copies send."""
    clock = helpers.Clock()
    answers = iter([reply([], 429), reply([], 503)] + [reply([])] * 50)
    recorder = Recorder(clock, lambda request: next(answers))
    pool, settings = pool_of(recorder, max_requests_per_minute=LIMIT)

    async def main():
        stacks = [pool.transport(pool.token_manager(settings)) for _ in range(5)]
        calls = (stacks[n % 5].send(helpers.ask()) for n in range(30))
        await asyncio.gather(*calls)

    asyncio.run(main())
    assert len(recorder.times) == 32
    assert fits(recorder.times)


def test_without_a_ceiling_nothing_waits(helpers, pool_of):
    """That is the default."""
    recorder = Recorder(helpers.Clock())
    pool, settings = pool_of(recorder)

    async def main():
        transport = pool.transport(pool.token_manager(settings))
        await asyncio.gather(*(transport.send(helpers.ask()) for _ in range(200)))

    asyncio.run(main())
    assert recorder._clock.slept == []


@pytest.mark.parametrize("number", [0, -1, 1.5, "many", True])
def test_a_malformed_ceiling_is_refused(number):
    """It is a whole number, 1 or more, or None."""
    with pytest.raises(SettingsError, match="max_requests_per_minute: expected"):
        Settings(max_requests_per_minute=number)
