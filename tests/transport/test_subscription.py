"""Subscription keys: sent where set, the second when the first is refused."""

import asyncio

import pytest

from sage200_async.errors import Unauthorized
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.transport.subscription import Subscription
from sage200_async.wire.messages import Request, Response

REFUSAL = {
    "statusCode": 401,
    "message": "Access denied due to invalid subscription key.",
}
HEADER = "ocp-apim-subscription-key"


def gateway(*good: str) -> MemoryTransport:
    """Answer those who carry a good key."""

    def answer(request: Request) -> Response:
        known = request.headers.get(HEADER) in good
        return reply([]) if known else reply(REFUSAL, 401)

    return MemoryTransport(answer)


def keys_sent(*keys: str, memory: MemoryTransport, times: int = 1) -> list[str | None]:
    async def main() -> None:
        subscription = Subscription(memory, *keys)
        for _ in range(times):
            await subscription.send(Request(method="GET", path="customers"))

    asyncio.run(main())
    return [request.headers.get(HEADER) for request in memory.requests]


def test_none_is_sent_where_none_is_set():
    """Without keys no header is sent."""
    memory = MemoryTransport(lambda _: reply([]))
    assert keys_sent("", "", memory=memory) == [None]


def test_the_first_is_sent():
    """The first key is sent while the gateway takes it."""
    assert keys_sent("one", "two", memory=gateway("one")) == ["one"]


def test_the_second_is_sent_when_the_first_is_refused():
    """A refused key is left for the other one, for all requests to come."""
    sent = keys_sent("one", "two", memory=gateway("two"), times=3)
    assert sent == ["one", "two", "two", "two"]


def test_both_refused():
    """When both are refused the error is the gateway's, and shows no key."""
    memory = gateway()
    with pytest.raises(Unauthorized, match="invalid subscription key") as caught:
        keys_sent("hush-1", "hush-2", memory=memory)
    assert len(memory.requests) == 2
    assert "hush" not in repr(caught.value.request.headers)


def test_another_401_is_no_matter_of_keys():
    """An empty 401 is about the token or the company: the key stays."""
    memory = MemoryTransport(lambda _: Response(401))
    with pytest.raises(Unauthorized):
        keys_sent("one", "two", memory=memory)
    assert len(memory.requests) == 1
