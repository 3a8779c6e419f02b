"""The limit on requests in flight."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.errors import NotFound, ServerError
from sage200_async.events import Events
from sage200_async.transport.memory import reply
from sage200_async.transport.throttle import Throttle


class WaitingTransport:
    """A transport that responds when `go_on` is set, and counts its requests."""

    def __init__(self):
        self.in_flight = 0
        self.peak = 0
        self.paths = []
        self.go_on = asyncio.Event()
        self.fails = False

    async def send(self, request):
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        self.paths.append(request.path)
        try:
            await self.go_on.wait()
        finally:
            self.in_flight -= 1
        if self.fails:
            raise ServerError("down")
        return reply([])


@given(
    limit=st.integers(1, 5),
    count=st.integers(0, 12),
    cancelled=st.sets(st.integers(0, 11)),
    fails=st.booleans(),
)
def test_never_more_than_the_limit(helpers, limit, count, cancelled, fails):
    """Whether requests wait, fail or are cancelled, the limit holds and slots return."""

    async def main():
        inner = WaitingTransport()
        inner.fails = fails
        throttle = Throttle(inner, limit)
        tasks = [
            asyncio.create_task(throttle.send(helpers.ask(str(number))))
            for number in range(count)
        ]
        await helpers.turns(3)
        assert throttle.in_flight == inner.in_flight == min(limit, count)
        for number in cancelled & set(range(count)):
            tasks[number].cancel()
        await helpers.turns(3)
        remaining = count - len(cancelled & set(range(count)))
        assert throttle.in_flight == inner.in_flight == min(limit, remaining)
        inner.go_on.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [type(result) for result in results]
        assert errors.count(asyncio.CancelledError) == count - remaining
        assert throttle.in_flight == inner.in_flight == 0
        assert inner.peak <= limit
        # All slots are free again, or half of them if the server failed.
        inner.go_on.clear()
        again = [
            asyncio.create_task(throttle.send(helpers.ask())) for _ in range(limit)
        ]
        await helpers.turns(3)
        if fails and remaining:
            assert 1 <= throttle.in_flight <= max(1, limit // 2)
        else:
            assert throttle.in_flight == limit
        inner.go_on.set()
        await asyncio.gather(*again, return_exceptions=True)

    asyncio.run(main())


def test_in_order(helpers):
    """The request that has waited longest is sent first."""

    async def main():
        inner = WaitingTransport()
        throttle = Throttle(inner, 1)
        tasks = [
            asyncio.create_task(throttle.send(helpers.ask(str(number))))
            for number in range(8)
        ]
        await helpers.turns(2)
        inner.go_on.set()
        await asyncio.gather(*tasks)
        assert inner.paths == [str(number) for number in range(8)]

    asyncio.run(main())


def test_an_error_frees_the_slot(helpers):
    """A request that fails frees its slot for the next one."""

    async def main():
        inner = WaitingTransport()
        inner.fails = True
        inner.go_on.set()
        throttle = Throttle(inner, 1)
        for _ in range(3):
            with pytest.raises(ServerError):
                await throttle.send(helpers.ask())
        assert throttle.in_flight == 0

    asyncio.run(main())


class FailingTransport(WaitingTransport):
    """A transport that responds at once, and fails if `fails` is set."""

    async def send(self, request):
        await asyncio.sleep(0)
        if self.fails:
            raise ServerError("down")
        return reply([])


async def send_at_once(throttle, helpers, count):
    """Send *count* requests at once."""
    calls = (throttle.send(helpers.ask()) for _ in range(count))
    await asyncio.gather(*calls, return_exceptions=True)


def test_the_limit_follows_the_server(helpers):
    """The limit falls to one while the server fails, and recovers with the server."""

    async def main():
        inner, events, limits = FailingTransport(), Events(), [8]
        events.subscribe(lambda event: limits.append(event.new))
        throttle = Throttle(inner, 8, events)
        inner.fails = True
        await send_at_once(throttle, helpers, 8)
        assert limits == [8, 4]  # they failed together: one halving
        await send_at_once(throttle, helpers, 8)
        assert limits[-1] == 1
        inner.fails = False
        await send_at_once(throttle, helpers, 60)
        assert limits[-1] == 8
        assert limits[limits.index(1) :] == sorted(limits[limits.index(1) :])

    asyncio.run(main())


def test_each_host_has_its_own_limit(helpers):
    """A server that fails does not lower the limit of another one."""

    async def main():
        inner, events, emitted = FailingTransport(), Events(), []
        events.subscribe(emitted.append)
        throttle = Throttle(inner, 4, events)
        inner.fails = True
        for _ in range(3):
            with pytest.raises(ServerError):
                await throttle.send(helpers.ask(base_url="https://one.test/"))
        inner.fails = False
        waiting = WaitingTransport()
        throttle._inner = waiting
        tasks = [
            asyncio.create_task(
                throttle.send(helpers.ask(base_url=f"https://{host}.test"))
            )
            for host in ["one", "two"] * 4
        ]
        await helpers.turns(3)
        assert (throttle.in_flight, waiting.in_flight) == (1 + 4, 5)
        waiting.go_on.set()
        await asyncio.gather(*tasks)
        assert {event.host for event in emitted} == {"one.test"}

    asyncio.run(main())


def test_a_refusal_does_not_lower_the_limit(helpers):
    """A 404 is no sign of an overloaded server: the limit stays."""

    async def main():
        class Refusing:
            async def send(self, request):
                raise NotFound("no")

        events, emitted = Events(), []
        events.subscribe(emitted.append)
        await send_at_once(Throttle(Refusing(), 4, events), helpers, 20)
        assert emitted == []

    asyncio.run(main())
