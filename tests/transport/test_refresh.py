"""One refresh for all requests: ahead of time, in any order, and never lost."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.errors import ConnectError, TokenUnavailable
from sage200_async.wire.messages import Response

LIFE = 28_800.0


class Recorder(MemoryStore):
    """A slow store that records what it has saved."""

    def __init__(self, log, meanwhile):
        super().__init__()
        self._log = log
        self._meanwhile = meanwhile

    async def load(self):
        await self._meanwhile(1)
        tokens = await super().load()
        await self._meanwhile(1)
        return tokens

    async def save(self, tokens):
        await self._meanwhile(1)
        await super().save(tokens)
        await self._meanwhile(1)
        self._log.append(("saved", tokens.access_token))


class FullDisk(MemoryStore):
    """A store whose disk is full, the next *times* times."""

    def __init__(self, times=0):
        super().__init__()
        self.times = times

    async def save(self, tokens):
        if self.times:
            self.times -= 1
            raise OSError("no space left on device")
        await super().save(tokens)


def fresh(clock, life=LIFE):
    """Return tokens that were issued now."""
    now = clock.now()
    return Tokens("hush-access-0", "hush-refresh-0", now + life, now)


def test_stored_before_used(helpers):
    """New tokens are in the store before any request carries them."""
    service = helpers.Service(helpers.Clock())
    auth, _ = service.auth(Recorder(service.log, helpers.turns))
    service.expire()

    async def main():
        await asyncio.gather(*(auth.send(helpers.ask()) for _ in range(10)))

    asyncio.run(main())
    seeded, *_ = service.log
    assert seeded == ("saved", "hush-access-0")
    saved = service.log.index(("saved", "hush-access-1"))
    assert service.log.index(("used", "hush-access-1")) > saved
    assert service.log.count(("used", "hush-access-1")) == 10


@given(
    waves=st.lists(st.tuples(st.integers(1, 6), st.integers(0, 5)), max_size=4),
    schedule=st.lists(st.integers(0, 20), max_size=60),
)
def test_one_refresh_for_each_generation(helpers, waves, schedule):
    """However requests, responses and the store interleave, an expiry costs one refresh."""
    steps = iter(schedule)

    async def meanwhile(_):
        await helpers.turns(next(steps, 0))

    async def wave(service, auth, count, before):
        async def one(number):
            if number == before:
                service.expire()
            await meanwhile(number)
            return await auth.send(helpers.ask())

        return await asyncio.gather(*map(one, range(count)))

    async def main():
        service = helpers.Service(helpers.Clock(), meanwhile)
        store = Recorder(service.log, meanwhile)
        auth, _ = service.auth(store)
        expiries = 0
        for count, before in waves:
            responses = await wave(service, auth, count, before)
            assert {response.status for response in responses} == {200}
            expiries += before < count
            assert len(service.asked) <= expiries
        assert len(set(service.asked)) == len(service.asked)
        if waves:
            stored = await MemoryStore.load(store)
            assert stored.refresh_token == service.refresh
        for name in {name for action, name in service.log if action == "used"}:
            saved = service.log.index(("saved", name))
            assert service.log.index(("used", name)) > saved

    asyncio.run(main())


def test_a_slow_store_is_read_once(helpers):
    """Tasks that start together read and seed the store once."""
    service = helpers.Service(helpers.Clock())
    auth, _ = service.auth(Recorder(service.log, helpers.turns))

    async def main():
        await asyncio.gather(*(auth.send(helpers.ask()) for _ in range(10)))

    asyncio.run(main())
    assert service.log.count(("saved", "hush-access-0")) == 1


def test_a_caller_is_cancelled_during_the_refresh(helpers):
    """Cancelling a caller during a refresh does not lose the rotated token."""

    async def main():
        asked, respond = asyncio.Event(), asyncio.Event()

        async def wait(_):
            if service.asked:
                asked.set()
                await respond.wait()

        service, store = helpers.Service(helpers.Clock(), wait), MemoryStore()
        service.expire()
        auth, manager = service.auth(store)
        task = asyncio.create_task(auth.send(helpers.ask()))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        respond.set()
        await manager.drain()
        stored = await store.load()
        assert stored.refresh_token == service.refresh == "hush-refresh-1"
        assert (await auth.send(helpers.ask())).status == 200
        assert service.asked == ["hush-refresh-0"]

    asyncio.run(main())


def test_drain_without_a_refresh(helpers):
    """Draining returns at once if no refresh is in progress."""
    _, manager = helpers.Service(helpers.Clock()).auth()
    asyncio.run(manager.drain())


def test_drain_during_a_failing_refresh(helpers):
    """Draining while a refresh fails raises nothing."""

    async def main():
        service = helpers.Service(helpers.Clock())
        service.expire()
        service.token_response = lambda: Response(503)
        auth, manager = service.auth()
        task = asyncio.create_task(auth.send(helpers.ask()))
        while not service.asked:
            await asyncio.sleep(0)
        await manager.drain()
        with pytest.raises(TokenUnavailable):
            await task

    asyncio.run(main())


def test_the_store_fails(helpers):
    """Tokens that could not be saved are saved by the next call, without a request."""

    async def main():
        service, store = helpers.Service(helpers.Clock()), FullDisk()
        auth, _ = service.auth(store)
        await auth.send(helpers.ask())
        service.expire()
        store.times = 2
        for _ in range(2):
            with pytest.raises(OSError, match="no space left"):
                await auth.send(helpers.ask())
            assert "hush-access-1" not in service.bearers
        assert (await auth.send(helpers.ask())).status == 200
        assert (await store.load()).refresh_token == service.refresh
        assert service.asked == ["hush-refresh-0"]

    asyncio.run(main())


def test_the_store_fails_while_seeding(helpers):
    """A store that cannot be seeded fails the call; the next one seeds it."""

    async def main():
        service, store = helpers.Service(helpers.Clock()), FullDisk(1)
        auth, _ = service.auth(store)
        with pytest.raises(OSError, match="no space left"):
            await auth.send(helpers.ask())
        assert (await auth.send(helpers.ask())).status == 200
        assert (await store.load()).refresh_token == "hush-refresh-0"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("life", "left", "refreshed"),
    [
        (LIFE, 301, False),
        (LIFE, 300, True),
        (LIFE, 0, True),
        (LIFE, -1, True),
        (60.0, 7, False),
        (60.0, 6, True),
    ],
)
def test_ahead_of_the_expiry(helpers, life, left, refreshed):
    """Tokens are refreshed 300 s before they expire, or a tenth of a shorter life.

    A request waits for that only once they have expired.
    """
    service, store = helpers.Service(helpers.Clock()), MemoryStore()
    asyncio.run(store.save(fresh(service.clock, life)))
    auth, manager = service.auth(store)
    asyncio.run(service.clock.sleep(life - left))

    async def main():
        await auth.send(helpers.ask())
        await manager.drain()
        await auth.send(helpers.ask())

    asyncio.run(main())
    first = refreshed and left <= 0
    names = [f"hush-access-{int(first)}", f"hush-access-{int(refreshed)}"]
    assert service.bearers == names
    assert len(service.asked) == int(refreshed)


def test_many_tasks_near_the_expiry(helpers):
    """Fifty tasks near the expiry cost one refresh, and none of them waits for it."""
    service, store = helpers.Service(helpers.Clock()), MemoryStore()
    asyncio.run(store.save(fresh(service.clock)))
    auth, manager = service.auth(store)
    asyncio.run(service.clock.sleep(LIFE - 100))

    async def main():
        await asyncio.gather(*(auth.send(helpers.ask()) for _ in range(50)))
        await manager.drain()
        await asyncio.gather(*(auth.send(helpers.ask()) for _ in range(50)))

    asyncio.run(main())
    assert service.bearers == ["hush-access-0"] * 50 + ["hush-access-1"] * 50
    assert service.asked == ["hush-refresh-0"]


def unreachable():
    """Raise as an endpoint that cannot be reached."""
    raise ConnectError("refused")


@pytest.mark.parametrize(
    "response", [lambda: Response(503), lambda: Response(403), unreachable]
)
def test_ahead_of_time_fails(helpers, response, caplog):
    """While the token still works, a refresh that fails raises nothing."""
    service, store = helpers.Service(helpers.Clock()), MemoryStore()
    asyncio.run(store.save(fresh(service.clock)))
    auth, manager = service.auth(store)
    service.token_response = response
    asyncio.run(service.clock.sleep(LIFE - 100))

    async def main():
        assert (await auth.send(helpers.ask())).status == 200
        await manager.drain()

    asyncio.run(main())
    assert service.bearers == ["hush-access-0"]
    assert "refreshing ahead of time failed" in caplog.text
    asyncio.run(service.clock.sleep(100))
    with pytest.raises(TokenUnavailable):
        asyncio.run(auth.send(helpers.ask()))


def test_another_process_refreshed(helpers):
    """Newer tokens in the store are used without a refresh."""

    async def main():
        service, store = helpers.Service(helpers.Clock()), MemoryStore()
        auth, _ = service.auth(store)
        await auth.send(helpers.ask())
        service.access = "hush-access-5"
        service.refresh = "hush-refresh-5"
        end = service.clock.now() + LIFE
        await store.save(Tokens("hush-access-5", "hush-refresh-5", end))
        assert (await auth.send(helpers.ask())).status == 200
        assert service.asked == []
        await service.clock.sleep(LIFE)
        assert (await auth.send(helpers.ask())).status == 200
        assert service.asked == ["hush-refresh-5"]

    asyncio.run(main())


def test_another_process_refreshed_long_ago(helpers):
    """If the newer tokens in the store have expired too, they are refreshed."""

    async def main():
        service, store = helpers.Service(helpers.Clock()), MemoryStore()
        auth, _ = service.auth(store)
        await auth.send(helpers.ask())
        service.expire()
        service.refresh = "hush-refresh-5"
        await store.save(Tokens("hush-access-5", "hush-refresh-5", 1.0))
        assert (await auth.send(helpers.ask())).status == 200
        assert service.asked == ["hush-refresh-5"]
        assert "hush-access-5" not in service.bearers

    asyncio.run(main())
