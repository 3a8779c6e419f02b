"""Subscription keys: sent if set; the second if the first is refused."""

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


def gateway(*keys: str) -> MemoryTransport:
    """Return a transport that accepts only these keys."""

    def handler(request: Request) -> Response:
        accepted = request.headers.get(HEADER) in keys
        return reply([]) if accepted else reply(REFUSAL, 401)

    return MemoryTransport(handler)


def keys_sent(*keys: str, memory: MemoryTransport, times: int = 1) -> list[str | None]:
    async def main() -> None:
        subscription = Subscription(memory, *keys)
        for _ in range(times):
            await subscription.send(Request(method="GET", path="customers"))

    asyncio.run(main())
    return [request.headers.get(HEADER) for request in memory.requests]


def test_without_keys():
    """Without keys no header is sent."""
    memory = MemoryTransport(lambda _: reply([]))
    assert keys_sent("", "", memory=memory) == [None]


def test_the_first_is_sent():
    """The first key is sent as long as the gateway accepts it."""
    assert keys_sent("one", "two", memory=gateway("one")) == ["one"]


def test_the_second_is_sent_when_the_first_is_refused():
    """After a refusal, the other key is sent with all further requests."""
    keys = keys_sent("one", "two", memory=gateway("two"), times=3)
    assert keys == ["one", "two", "two", "two"]


def test_both_refused():
    """If both are refused, the error is the gateway's, and shows no key."""
    memory = gateway()
    with pytest.raises(Unauthorized, match="invalid subscription key") as caught:
        keys_sent("hush-1", "hush-2", memory=memory)
    assert len(memory.requests) == 2
    assert "hush" not in repr(caught.value.request.headers)


def test_a_401_for_another_reason():
    """An empty 401 is about the token or the company: the key is not changed."""
    memory = MemoryTransport(lambda _: Response(401))
    with pytest.raises(Unauthorized):
        keys_sent("one", "two", memory=memory)
    assert len(memory.requests) == 1
