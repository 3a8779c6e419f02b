"""The limit on requests in flight."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.errors import NotFound, ServerError
from sage200_async.events import Events
from sage200_async.transport.memory import reply
from sage200_async.transport.throttle import Throttle


class Busy:
    """A transport that answers when told to, and counts who is inside."""

    def __init__(self):
        self.inside = 0
        self.most = 0
        self.served = []
        self.go_on = asyncio.Event()
        self.fails = False

    async def send(self, request):
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.served.append(request.path)
        try:
            await self.go_on.wait()
        finally:
            self.inside -= 1
        if self.fails:
            raise ServerError("down")
        return reply([])


@given(
    limit=st.integers(1, 5),
    count=st.integers(0, 12),
    leaving=st.sets(st.integers(0, 11)),
    fails=st.booleans(),
)
def test_never_more_than_the_limit(lab, limit, count, leaving, fails):
    """Whoever waits, leaves or fails: the limit holds, and all places come back."""

    async def main():
        inner = Busy()
        inner.fails = fails
        throttle = Throttle(inner, limit)
        tasks = [
            asyncio.create_task(throttle.send(lab.ask(str(number))))
            for number in range(count)
        ]
        await lab.turns(3)
        assert throttle.in_flight == inner.inside == min(limit, count)
        for number in leaving & set(range(count)):
            tasks[number].cancel()
        await lab.turns(3)
        staying = count - len(leaving & set(range(count)))
        assert throttle.in_flight == inner.inside == min(limit, staying)
        inner.go_on.set()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert len([each for each in ends if type(each) is asyncio.CancelledError]) == (
            count - staying
        )
        assert throttle.in_flight == inner.inside == 0
        assert inner.most <= limit
        # All places are there again, or half of them where the server failed.
        inner.go_on.clear()
        again = [asyncio.create_task(throttle.send(lab.ask())) for _ in range(limit)]
        await lab.turns(3)
        if fails and staying:
            assert 1 <= throttle.in_flight <= max(1, limit // 2)
        else:
            assert throttle.in_flight == limit
        inner.go_on.set()
        await asyncio.gather(*again, return_exceptions=True)

    asyncio.run(main())


def test_in_order(lab):
    """Who waits longest is served first."""

    async def main():
        inner = Busy()
        throttle = Throttle(inner, 1)
        tasks = [
            asyncio.create_task(throttle.send(lab.ask(str(number))))
            for number in range(8)
        ]
        await lab.turns(2)
        inner.go_on.set()
        await asyncio.gather(*tasks)
        assert inner.served == [str(number) for number in range(8)]

    asyncio.run(main())


def test_an_error_frees_the_place(lab):
    """A request that fails gives its place to the next one."""

    async def main():
        inner = Busy()
        inner.fails = True
        inner.go_on.set()
        throttle = Throttle(inner, 1)
        for _ in range(3):
            with pytest.raises(ServerError):
                await throttle.send(lab.ask())
        assert throttle.in_flight == 0

    asyncio.run(main())


class Sick(Busy):
    """A transport that fails when it is told to, and answers at once."""

    async def send(self, request):
        await asyncio.sleep(0)
        if self.fails:
            raise ServerError("down")
        return reply([])


async def crowd(throttle, lab, count):
    """Send *count* requests at once."""
    sent = (throttle.send(lab.ask()) for _ in range(count))
    await asyncio.gather(*sent, return_exceptions=True)


def test_the_limit_follows_the_server(lab):
    """The limit falls to one while the server fails, and is back once it is well."""

    async def main():
        inner, events, limits = Sick(), Events(), [8]
        events.subscribe(lambda event: limits.append(event.new))
        throttle = Throttle(inner, 8, events)
        inner.fails = True
        await crowd(throttle, lab, 8)
        assert limits == [8, 4]  # they failed together: one halving
        await crowd(throttle, lab, 8)
        assert limits[-1] == 1
        inner.fails = False
        await crowd(throttle, lab, 60)
        assert limits[-1] == 8
        assert limits[limits.index(1) :] == sorted(limits[limits.index(1) :])

    asyncio.run(main())


def test_each_host_has_its_own_limit(lab):
    """A server that fails takes no place from another one."""

    async def main():
        inner, events, told = Sick(), Events(), []
        events.subscribe(told.append)
        throttle = Throttle(inner, 4, events)
        inner.fails = True
        for _ in range(3):
            with pytest.raises(ServerError):
                await throttle.send(lab.ask(base_url="https://one.test/"))
        inner.fails = False
        busy = Busy()
        throttle._inner = busy
        tasks = [
            asyncio.create_task(throttle.send(lab.ask(base_url=f"https://{host}.test")))
            for host in ["one", "two"] * 4
        ]
        await lab.turns(3)
        assert (throttle.in_flight, busy.inside) == (1 + 4, 5)
        busy.go_on.set()
        await asyncio.gather(*tasks)
        assert {each.host for each in told} == {"one.test"}

    asyncio.run(main())


def test_what_the_server_refuses_is_no_reason_to_ask_less(lab):
    """A 404 or a 400 says that the server is well."""

    async def main():
        class Refusing:
            async def send(self, request):
                raise NotFound("no")

        events, told = Events(), []
        events.subscribe(told.append)
        await crowd(Throttle(Refusing(), 4, events), lab, 20)
        assert told == []

    asyncio.run(main())
