"""The limit on requests in flight."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.errors import ServerError
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
