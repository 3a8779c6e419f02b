"""One refresh for all: ahead of time, in any order, and never lost."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.errors import ConnectError, TokenUnavailable
from sage200_async.wire.messages import Response

LIFE = 28_800.0


class Recorder(MemoryStore):
    """A store that takes its time, and writes down what it has saved."""

    def __init__(self, log, meanwhile):
        super().__init__()
        self._log = log
        self._meanwhile = meanwhile

    async def load(self):
        await self._meanwhile(1)
        found = await super().load()
        await self._meanwhile(1)
        return found

    async def save(self, tokens):
        await self._meanwhile(1)
        await super().save(tokens)
        await self._meanwhile(1)
        self._log.append(("saved", tokens.access_token))


class Brittle(MemoryStore):
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
    """Give tokens that were issued now."""
    now = clock.now()
    return Tokens("hush-access-0", "hush-refresh-0", now + life, now)


def test_stored_before_used(lab):
    """New tokens are in the store before any request carries them."""
    service = lab.Service(lab.Clock())
    auth, _ = service.auth(Recorder(service.log, lab.turns))
    service.expire()

    async def main():
        await asyncio.gather(*(auth.send(lab.ask()) for _ in range(10)))

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
def test_one_refresh_for_each_generation(lab, waves, schedule):
    """However requests, replies and the store interleave: one refresh an expiry."""
    steps = iter(schedule)

    async def meanwhile(_):
        await lab.turns(next(steps, 0))

    async def wave(service, auth, count, before):
        async def one(number):
            if number == before:
                service.expire()
            await meanwhile(number)
            return await auth.send(lab.ask())

        return await asyncio.gather(*map(one, range(count)))

    async def main():
        service = lab.Service(lab.Clock(), meanwhile)
        store = Recorder(service.log, meanwhile)
        auth, _ = service.auth(store)
        expiries = 0
        for count, before in waves:
            replies = await wave(service, auth, count, before)
            assert {each.status for each in replies} == {200}
            expiries += before < count
            assert len(service.asked) <= expiries
        assert len(set(service.asked)) == len(service.asked)
        if waves:
            stored = await MemoryStore.load(store)
            assert stored.refresh_token == service.refresh
        for name in {name for what, name in service.log if what == "used"}:
            saved = service.log.index(("saved", name))
            assert service.log.index(("used", name)) > saved

    asyncio.run(main())


def test_a_slow_store_is_read_once(lab):
    """Tasks that start together read and seed the store once, not over each other."""
    service = lab.Service(lab.Clock())
    auth, _ = service.auth(Recorder(service.log, lab.turns))

    async def main():
        await asyncio.gather(*(auth.send(lab.ask()) for _ in range(10)))

    asyncio.run(main())
    assert service.log.count(("saved", "hush-access-0")) == 1


def test_a_caller_is_cancelled_during_the_refresh(lab):
    """A caller who is cancelled meanwhile does not lose the rotated token."""

    async def main():
        asked, answer = asyncio.Event(), asyncio.Event()

        async def held(_):
            if service.asked:
                asked.set()
                await answer.wait()

        service, store = lab.Service(lab.Clock(), held), MemoryStore()
        service.expire()
        auth, keeper = service.auth(store)
        task = asyncio.create_task(auth.send(lab.ask()))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        answer.set()
        await keeper.drain()
        stored = await store.load()
        assert stored.refresh_token == service.refresh == "hush-refresh-1"
        assert (await auth.send(lab.ask())).status == 200
        assert service.asked == ["hush-refresh-0"]

    asyncio.run(main())


def test_settling_with_nothing_under_way(lab):
    """Closing waits for no refresh where there is none."""
    _, keeper = lab.Service(lab.Clock()).auth()
    asyncio.run(keeper.drain())


def test_settling_after_a_failure(lab):
    """Closing while a refresh fails raises nothing."""

    async def main():
        service = lab.Service(lab.Clock())
        service.expire()
        service.token_reply = lambda: Response(503)
        auth, keeper = service.auth()
        task = asyncio.create_task(auth.send(lab.ask()))
        while not service.asked:
            await asyncio.sleep(0)
        await keeper.drain()
        with pytest.raises(TokenUnavailable):
            await task

    asyncio.run(main())


def test_the_store_fails(lab):
    """Tokens that could not be saved are saved by the next call, not asked again."""

    async def main():
        service, store = lab.Service(lab.Clock()), Brittle()
        auth, _ = service.auth(store)
        await auth.send(lab.ask())
        service.expire()
        store.times = 2
        for _ in range(2):
            with pytest.raises(OSError, match="no space left"):
                await auth.send(lab.ask())
            assert "hush-access-1" not in service.bearers
        assert (await auth.send(lab.ask())).status == 200
        assert (await store.load()).refresh_token == service.refresh
        assert service.asked == ["hush-refresh-0"]

    asyncio.run(main())


def test_the_store_fails_while_seeding(lab):
    """A store that cannot be seeded fails the call; the next one seeds it."""

    async def main():
        service, store = lab.Service(lab.Clock()), Brittle(1)
        auth, _ = service.auth(store)
        with pytest.raises(OSError, match="no space left"):
            await auth.send(lab.ask())
        assert (await auth.send(lab.ask())).status == 200
        assert (await store.load()).refresh_token == "hush-refresh-0"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("life", "left", "renewed"),
    [
        (LIFE, 301, False),
        (LIFE, 300, True),
        (LIFE, 0, True),
        (LIFE, -1, True),
        (60.0, 7, False),
        (60.0, 6, True),
    ],
)
def test_ahead_of_the_end(lab, life, left, renewed):
    """Tokens are renewed 300 s before their end, or a tenth of a shorter life."""
    service, store = lab.Service(lab.Clock()), MemoryStore()
    asyncio.run(store.save(fresh(service.clock, life)))
    auth, _ = service.auth(store)
    asyncio.run(service.clock.sleep(life - left))
    asyncio.run(auth.send(lab.ask()))
    assert service.bearers == [f"hush-access-{int(renewed)}"]


def test_many_meet_the_end_together(lab):
    """Fifty tasks that find the end near share one refresh, with no 401."""
    service, store = lab.Service(lab.Clock()), MemoryStore()
    asyncio.run(store.save(fresh(service.clock)))
    auth, _ = service.auth(store)
    asyncio.run(service.clock.sleep(LIFE - 100))

    async def main():
        await asyncio.gather(*(auth.send(lab.ask()) for _ in range(50)))

    asyncio.run(main())
    assert service.bearers == ["hush-access-1"] * 50
    assert service.asked == ["hush-refresh-0"]


def down():
    """Answer as an endpoint that cannot be reached."""
    raise ConnectError("refused")


@pytest.mark.parametrize("answer", [lambda: Response(503), lambda: Response(403), down])
def test_ahead_of_time_fails(lab, answer, caplog):
    """While the token still holds, a refresh that fails costs nobody anything."""
    service, store = lab.Service(lab.Clock()), MemoryStore()
    asyncio.run(store.save(fresh(service.clock)))
    auth, _ = service.auth(store)
    service.token_reply = answer
    asyncio.run(service.clock.sleep(LIFE - 100))
    assert asyncio.run(auth.send(lab.ask())).status == 200
    assert service.bearers == ["hush-access-0"]
    assert "refreshing ahead of time failed" in caplog.text
    asyncio.run(service.clock.sleep(100))
    with pytest.raises(TokenUnavailable):
        asyncio.run(auth.send(lab.ask()))


def test_another_process_refreshed(lab):
    """Newer tokens in the store are taken from there, without a refresh."""

    async def main():
        service, store = lab.Service(lab.Clock()), MemoryStore()
        auth, _ = service.auth(store)
        await auth.send(lab.ask())
        service.access = "hush-access-5"
        service.refresh = "hush-refresh-5"
        end = service.clock.now() + LIFE
        await store.save(Tokens("hush-access-5", "hush-refresh-5", end))
        assert (await auth.send(lab.ask())).status == 200
        assert service.asked == []
        await service.clock.sleep(LIFE)
        assert (await auth.send(lab.ask())).status == 200
        assert service.asked == ["hush-refresh-5"]

    asyncio.run(main())


def test_another_process_refreshed_long_ago(lab):
    """Tokens from the store that have ended too are the ones to refresh with."""

    async def main():
        service, store = lab.Service(lab.Clock()), MemoryStore()
        auth, _ = service.auth(store)
        await auth.send(lab.ask())
        service.expire()
        service.refresh = "hush-refresh-5"
        await store.save(Tokens("hush-access-5", "hush-refresh-5", 1.0))
        assert (await auth.send(lab.ask())).status == 200
        assert service.asked == ["hush-refresh-5"]
        assert "hush-access-5" not in service.bearers

    asyncio.run(main())
