"""A call whose time is over: whether its request may have reached the server."""

import asyncio

import aiohttp
import pytest
from msgspec.structs import replace

from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.errors import ConnectError, RequestTimeout
from sage200_async.transport.auth import Auth, Bearer
from sage200_async.transport.base import Call, Clock
from sage200_async.transport.http import HttpTransport
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.transport.retry import Retry
from sage200_async.transport.retry_policy import RetryPolicy
from sage200_async.transport.throttle import Throttle
from sage200_async.wire.messages import Response

POLICY = RetryPolicy(call_seconds=0.05, first_wait=60, longest_wait=60)
LIFE = 28_800.0


async def hang(*_, **__):
    """Wait until cancelled."""
    await asyncio.Event().wait()


def too_late(helpers, transport, method="POST", policy=POLICY):
    """Send a write whose time runs out; return the error."""
    retry = Retry(transport, policy, Clock(), jitter=lambda: 1.0)
    request = helpers.ask(method=method, body=b"{}", idempotent=method != "POST")

    async def main():
        with pytest.raises(RequestTimeout) as caught:
            await retry.send(request)
        return caught.value

    return asyncio.run(main())


def never_left(error):
    """Whether *error* says that the write was certainly not done."""
    notes = getattr(error, "__notes__", [])
    return error.never_sent and not error.outcome_unknown and notes == []


@pytest.mark.parametrize("expired", [True, False])
def test_during_a_refresh(helpers, expired):
    """A write that waits for a refresh, before or after a 401, was never sent."""
    service = helpers.Service(helpers.Clock())
    service._token = hang
    service.expire()
    seed = Tokens("" if expired else "hush-access-0", "hush-refresh-0")
    auth, _ = service.auth(seed=seed)
    error = too_late(helpers, auth)
    assert never_left(error)
    assert "POST customers: not sent within 0.05 s (total_timeout)" in str(error)
    assert len(service.bearers) == int(not expired)


def test_in_the_queue(helpers):
    """A write that waits for its turn was never sent."""

    class Slow:
        send = staticmethod(hang)

    async def main():
        throttle = Throttle(Slow(), 1)
        first = asyncio.create_task(throttle.send(helpers.ask()))
        await asyncio.sleep(0)
        retry = Retry(throttle, POLICY, Clock())
        with pytest.raises(RequestTimeout) as caught:
            await retry.send(helpers.ask(method="POST", idempotent=False))
        first.cancel()
        await asyncio.wait([first])
        return caught.value

    assert never_left(asyncio.run(main()))


def test_while_connecting(helpers, monkeypatch):
    """A write for which there is no connection yet was never sent."""
    monkeypatch.setattr(aiohttp.TCPConnector, "connect", hang)

    async def main():
        http = HttpTransport(helpers.settings, Clock())
        await http.open()
        try:
            with pytest.raises(RequestTimeout) as caught:
                request = helpers.ask(method="POST", idempotent=False)
                await Retry(http, POLICY, Clock()).send(request)
        finally:
            await http.close()
        return caught.value

    assert never_left(asyncio.run(main()))


def test_once_it_was_sent(helpers):
    """A write that was sent over a connection may have been done."""

    async def main():
        async with helpers.RawServer(lambda *_: (b"", "stall")) as server:
            settings = replace(helpers.settings, base_url=server.url)
            http = HttpTransport(settings, Clock())
            await http.open()
            try:
                with pytest.raises(RequestTimeout) as caught:
                    fields = {"base_url": server.url, "idempotent": False}
                    request = helpers.ask(method="POST", body=b"{}", **fields)
                    policy = RetryPolicy(call_seconds=0.5)
                    await Retry(http, policy, Clock()).send(request)
            finally:
                await http.close()
            assert len(server.bodies) == 1
            return caught.value

    error = asyncio.run(main())
    assert error.outcome_unknown
    assert not error.never_sent
    assert "no response within" in str(error)


def refuse_connection(_):
    """Raise as a server that is down."""
    raise ConnectError("refused")


def test_between_two_attempts(helpers):
    """A write whose first attempt was never sent, is not sent while it waits again."""
    assert never_left(too_late(helpers, MemoryTransport(refuse_connection)))


def test_after_an_attempt_that_may_have_been_done(helpers):
    """What an earlier attempt may have done, a wait does not undo."""
    broken = MemoryTransport(lambda _: Response(503))
    error = too_late(helpers, broken, "PUT")
    assert error.outcome_unknown
    assert error.never_sent  # the second attempt
    assert "no response within" in str(error)


def test_a_refresh_in_the_background_says_nothing_about_a_request(helpers):
    """A write that is on its way is not held back by the refresh that it started."""

    class Both:
        async def send(self, request):
            if request.base_url == helpers.settings.token_url:
                Call.current().held = True
                asked.append(request)
            await hang()

    asked = []
    service, store = helpers.Service(helpers.Clock()), MemoryStore()
    now = service.clock.now()
    tokens = Tokens("hush-access-0", "hush-refresh-0", now + 100, now - LIFE)
    asyncio.run(store.save(tokens))
    service.send = Both().send
    _, manager = service.auth(store)
    error = too_late(helpers, Auth(Bearer(Both(), manager), manager, Clock()))
    assert len(asked) == 1
    assert error.outcome_unknown


def test_a_call_that_is_in_time(helpers):
    """Nothing of a call is left once it is over."""
    memory = MemoryTransport(lambda _: reply([]))

    async def main():
        await Retry(memory, POLICY, Clock()).send(helpers.ask())
        return Call.current() is Call.current()

    assert not asyncio.run(main())
