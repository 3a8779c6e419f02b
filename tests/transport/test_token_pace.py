"""A token endpoint that fails: asked in its own time, and in nobody's way."""

import asyncio
from email.utils import formatdate

import pytest

from sage200_async.auth.refresh_pace import pause_after
from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.errors import TokenRefused, TokenStoreError, TokenUnavailable
from sage200_async.transport.memory import reply
from sage200_async.transport.retry import Retry
from sage200_async.transport.retry_policy import RetryPolicy
from sage200_async.wire.messages import Response

LIFE = 28_800.0


class Endpoint:
    """A token endpoint that fails, and when it was asked."""

    def __init__(self, service, response):
        self.service = service
        self.response = response
        self.times = []
        service.token_response = self

    def __call__(self):
        self.times.append(self.service.clock.now())
        return self.response() if callable(self.response) else self.response


def expiring(helpers, left, response, store=None):
    """Return a service whose token is good for *left* more seconds, and its parts."""
    service = helpers.Service(helpers.Clock())
    store = MemoryStore() if store is None else store
    now = service.clock.now()
    tokens = Tokens("hush-access-0", "hush-refresh-0", now + left, now + left - LIFE)
    asyncio.run(MemoryStore.save(store, tokens))
    auth, manager = service.auth(store)
    return service, Endpoint(service, response), auth, manager


def limited(seconds):
    """Return a response that asks for *seconds* without requests."""
    return Response(429, {"retry-after": str(seconds)})


async def every(helpers, clock, auth, step, seconds):
    """Send a request each *step* seconds; return the errors."""
    errors = []
    for _ in range(round(seconds / step)):
        try:
            await auth.send(helpers.ask())
        except TokenUnavailable as error:
            errors.append(error)
        for _ in range(20):
            await asyncio.sleep(0)
        await clock.sleep(step)
    return errors


def test_retry_after_ahead_of_the_expiry(helpers):
    """A hundred requests with a working token ask a busy endpoint once a minute."""
    service, endpoint, auth, _ = expiring(helpers, 240, limited(60))
    assert asyncio.run(every(helpers, service.clock, auth, 1, 100)) == []
    start = service.clock.now() - 100
    assert endpoint.times == [start, start + 60]
    assert service.bearers == ["hush-access-0"] * 100


def test_retry_after_as_a_date(helpers):
    """The date in Retry-After is obeyed like seconds."""
    service, endpoint, auth, _ = expiring(helpers, 240, lambda: limited(when))
    when = formatdate(service.clock.now() + 90, usegmt=True)
    assert asyncio.run(every(helpers, service.clock, auth, 1, 95)) == []
    assert [time - endpoint.times[0] for time in endpoint.times] == [0, 90]


def test_a_hanging_endpoint_is_in_nobodys_way(helpers):
    """While the endpoint hangs, requests go out at once with the token that works."""
    service, _, auth, _ = expiring(helpers, 240, Response(503))

    async def stuck(_):
        service.asked.append("hush-refresh-0")
        await asyncio.Event().wait()

    async def main():
        service._token = stuck
        for _ in range(100):
            assert (await auth.send(helpers.ask())).status == 200
        assert len(service.asked) == 1

    asyncio.run(main())


def test_the_store_of_a_working_token_is_not_asked_each_time(helpers):
    """A store that fails ahead of time is tried again every ten seconds."""

    class Broken(MemoryStore):
        locked = 0

        def lock(self):
            self.locked += 1
            raise TokenStoreError("no space left on device")

    store = Broken()
    service, _, auth, _ = expiring(helpers, 240, Response(503), store)
    assert asyncio.run(every(helpers, service.clock, auth, 1, 30)) == []
    assert store.locked == 3


def test_the_pauses_grow(helpers):
    """With an expired token and a failing endpoint, the pauses double up to a minute."""
    service, endpoint, auth, _ = expiring(helpers, -1, Response(503))
    errors = asyncio.run(every(helpers, service.clock, auth, 0.25, 600))
    gaps = [b - a for a, b in zip(endpoint.times, endpoint.times[1:], strict=False)]
    for failures, gap in enumerate(gaps, start=1):
        longest = min(60, 2 ** (failures - 1))
        assert longest / 2 <= gap <= longest + 0.25
    assert len(errors) == 2_400
    assert all(error.retry_after > 0 for error in errors)
    assert "asked again in" in str(errors[1])
    assert "status 503" in str(errors[1])


def test_it_heals_by_itself(helpers):
    """Once the endpoint works, so do requests, after no more than its pause."""
    service, endpoint, auth, _ = expiring(helpers, -1, Response(503))
    asyncio.run(every(helpers, service.clock, auth, 1, 100))
    service.token_response = None
    errors = asyncio.run(every(helpers, service.clock, auth, 1, 61))
    assert len(errors) <= 60
    assert asyncio.run(auth.send(helpers.ask())).status == 200
    service.token_response = endpoint
    asyncio.run(service.clock.sleep(LIFE))
    with pytest.raises(TokenUnavailable) as caught:
        asyncio.run(auth.send(helpers.ask()))
    assert caught.value.retry_after <= 1


def test_fifty_tasks_wait_for_one_failing_refresh(helpers):
    """Fifty tasks with an expired token ask a failing endpoint once."""
    service, endpoint, auth, _ = expiring(helpers, -1, limited(30))

    async def main():
        calls = (auth.send(helpers.ask()) for _ in range(50))
        return await asyncio.gather(*calls, return_exceptions=True)

    for _ in range(2):
        errors = asyncio.run(main())
        assert {type(error) for error in errors} == {TokenUnavailable}
        assert {error.retry_after for error in errors} == {30}
    assert len(endpoint.times) == 1
    assert service.bearers == []


def test_processes_keep_the_pause_together(helpers):
    """A pause is stored: another process that shares the tokens does not ask, either."""
    store = MemoryStore()
    service, endpoint, auth, _ = expiring(helpers, -1, limited(60), store)
    other, _ = service.auth(store)
    for policy in (auth, other):
        with pytest.raises(TokenUnavailable) as caught:
            asyncio.run(policy.send(helpers.ask()))
        assert caught.value.retry_after == 60
    assert len(endpoint.times) == 1
    assert "Another process could not refresh the token" in str(caught.value)
    service.token_response = None
    asyncio.run(service.clock.sleep(60))
    assert asyncio.run(other.send(helpers.ask())).status == 200
    assert asyncio.run(auth.send(helpers.ask())).status == 200
    stored = asyncio.run(store.load())
    assert (stored.refresh_failures, stored.refresh_not_before) == (0, None)


def test_tokens_of_a_new_sign_in_are_used_in_a_pause(helpers):
    """Other tokens in the store end a pause, with or without an access token."""
    store = MemoryStore()
    service, _, auth, _ = expiring(helpers, -1, limited(600), store)
    with pytest.raises(TokenUnavailable):
        asyncio.run(auth.send(helpers.ask()))
    service.token_response, service.refresh = None, "hush-newer"
    asyncio.run(store.save(Tokens("", "hush-newer")))
    assert asyncio.run(auth.send(helpers.ask())).status == 200


def test_a_pause_that_cannot_be_stored_is_kept(helpers):
    """If the store refuses the pause, this process keeps it all the same."""

    class NoPauses(MemoryStore):
        async def save(self, tokens):
            if tokens.refresh_not_before is not None:
                raise TokenStoreError("no space left on device")
            await super().save(tokens)

    _, endpoint, auth, _ = expiring(helpers, -1, limited(60), NoPauses())
    for _ in range(5):
        with pytest.raises(TokenUnavailable, match="status 429"):
            asyncio.run(auth.send(helpers.ask()))
    assert len(endpoint.times) == 1


def test_a_pause_of_a_wrong_clock_is_ignored(helpers):
    """A stored pause that ends in days was stored with a wrong clock."""
    store = MemoryStore()
    service, _, auth, _ = expiring(helpers, -1, limited(60), store)
    service.token_response = None
    later = service.clock.now() + 86_400
    asyncio.run(store.save(Tokens("", "hush-refresh-0", refresh_not_before=later)))
    assert asyncio.run(auth.send(helpers.ask())).status == 200


def test_a_retry_waits_for_the_token_endpoint(helpers):
    """A request waits as long as the token endpoint said, then succeeds."""
    service, endpoint, auth, _ = expiring(helpers, -1, limited(60))
    retry = Retry(auth, RetryPolicy(), service.clock)

    async def main():
        task = asyncio.create_task(retry.send(helpers.ask(method="POST")))
        while not service.clock.slept:
            await asyncio.sleep(0)
        service.token_response = None
        return await task

    assert asyncio.run(main()).status == 200
    assert service.clock.slept == [60]
    assert len(endpoint.times) == 1


def test_a_refusal_ahead_of_time(helpers, caplog):
    """A refusal while the token still works is logged, and raised once it is needed."""
    refusal = reply({"error": "invalid_grant"}, 403)
    service, endpoint, auth, _ = expiring(helpers, 100, refusal)
    assert asyncio.run(every(helpers, service.clock, auth, 1, 100)) == []
    assert service.bearers == ["hush-access-0"] * 100
    assert "sign in again" in caplog.text
    with pytest.raises(TokenRefused):
        asyncio.run(auth.send(helpers.ask()))
    assert len(endpoint.times) == 1


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_pauses_are_bounded(jitter):
    """However often it fails, and whatever it asks for, a pause has an end."""
    for failures in (1, 2, 10, 100, 100_000):
        assert 0.5 <= pause_after(failures, None, jitter) <= 60
        assert pause_after(failures, 1e300, jitter) == 3_600
        assert pause_after(failures, float("inf"), jitter) == 3_600


def test_waiting_for_a_token_uses_up_no_retries(helpers):
    """Fifty tasks wait for the token endpoint alone, not for each other's retries."""
    service, endpoint, auth, _ = expiring(helpers, -1, limited(30))
    retry = Retry(auth, RetryPolicy(), service.clock)
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        await wake_up.wait()

    async def main():
        service.clock.sleep = sleep
        tasks = [asyncio.create_task(retry.send(helpers.ask())) for _ in range(50)]
        while len(slept) < 50:
            await asyncio.sleep(0)
        service.clock.time += 30
        service.token_response = None
        wake_up.set()
        return await asyncio.gather(*tasks)

    wake_up = asyncio.Event()
    assert {response.status for response in asyncio.run(main())} == {200}
    assert slept == [30] * 50
    assert len(endpoint.times) == 1
    assert len(service.asked) == 2
