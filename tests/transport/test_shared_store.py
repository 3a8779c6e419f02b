"""A refresh with a shared store: locked, recorded before it starts, and explained."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest

from sage200_async.auth import token_endpoint
from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.auth.token_endpoint import token_refresher
from sage200_async.auth.token_manager import TokenManager
from sage200_async.errors import (
    ConnectError,
    ServerError,
    SettingsError,
    TokenRefused,
    TokenStoreError,
    TokenUnavailable,
    Unauthorized,
)
from sage200_async.events import Events, SignInExpiring, TokenRefreshed
from sage200_async.settings import Settings
from sage200_async.transport.auth import Auth, Bearer
from sage200_async.wire.messages import Response

DAY = 86_400.0
LIFE = 28_800.0


class RecordingStore(MemoryStore):
    """A store that records what is done to it, and may refuse to save."""

    def __init__(self, refuses=lambda tokens: False):
        super().__init__()
        self.log = []
        self.refuses = refuses

    @asynccontextmanager
    async def lock(self):
        async with super().lock():
            self.log.append("locked")
            try:
                yield
            finally:
                self.log.append("unlocked")

    async def load(self):
        self.log.append("loaded")
        return await super().load()

    async def save(self, tokens):
        if self.refuses(tokens):
            raise TokenStoreError("no space left on device")
        self.log.append("started" if tokens.refresh_started_at else "saved")
        await super().save(tokens)


def store_with(tokens, store=None):
    """Return a store that holds *tokens*."""
    store = RecordingStore() if store is None else store
    asyncio.run(MemoryStore.save(store, tokens))
    return store


def with_events(helpers, service, store):
    """Return a policy, and the list of its events."""
    events, emitted = Events(), []
    events.subscribe(emitted.append)
    refresher = token_refresher(helpers.settings, service, service.clock)
    manager = TokenManager(store, Tokens(), refresher, service.clock, events=events)
    return Auth(Bearer(service, manager), manager, service.clock), emitted


def test_the_order_of_a_refresh(helpers):
    """A refresh locks, loads, records its start, asks, saves and unlocks, in this order."""
    service = helpers.Service(helpers.Clock())
    store = store_with(Tokens("", "hush-refresh-0"))
    service.log = store.log
    auth, _ = service.auth(store)
    asyncio.run(auth.send(helpers.ask()))
    assert store.log == [
        "loaded",
        "locked",
        "loaded",
        "started",
        "saved",
        "unlocked",
        ("used", "hush-access-1"),
    ]
    assert asyncio.run(store.load()).refresh_started_at is None


def test_a_store_that_cannot_be_written(helpers):
    """A store that cannot be written is noticed before the refresh token is used."""
    service = helpers.Service(helpers.Clock())
    store = store_with(
        Tokens("", "hush-refresh-0"), RecordingStore(lambda tokens: True)
    )
    auth, _ = service.auth(store)
    with pytest.raises(TokenStoreError, match="no space left"):
        asyncio.run(auth.send(helpers.ask()))
    assert service.asked == []
    store.refuses = lambda tokens: False
    assert asyncio.run(auth.send(helpers.ask())).status == 200


def test_new_tokens_that_cannot_be_stored_are_kept(helpers, caplog):
    """Tokens that cannot be stored stay in memory, are logged, and saved by `drain`."""

    async def main():
        service = helpers.Service(helpers.Clock())
        store = RecordingStore(lambda tokens: tokens.access_token == "hush-access-1")
        await MemoryStore.save(store, Tokens("", "hush-refresh-0"))
        auth, manager = service.auth(store)
        for _ in range(2):
            with pytest.raises(TokenStoreError):
                await auth.send(helpers.ask())
        await manager.drain()
        assert (await store.load()).refresh_token == "hush-refresh-0"
        store.refuses = lambda tokens: False
        await manager.drain()
        assert (await store.load()).refresh_token == service.refresh
        assert service.asked == ["hush-refresh-0"]
        assert service.bearers == []

    asyncio.run(main())
    assert "kept in memory" in caplog.text
    assert "hush" not in caplog.text


def test_a_store_that_fails_at_first(helpers):
    """New tokens that the store refuses at first are stored under the same lock."""
    refusals = iter([True, True, True, False])
    service = helpers.Service(helpers.Clock())
    store = store_with(
        Tokens("", "hush-refresh-0"),
        RecordingStore(lambda tokens: not tokens.refresh_started_at and next(refusals)),
    )
    auth, _ = service.auth(store)
    assert asyncio.run(auth.send(helpers.ask())).status == 200
    assert store.log == ["loaded", "locked", "loaded", "started", "saved", "unlocked"]
    assert service.clock.slept == [0.2, 1.0, 3.0]
    assert service.asked == ["hush-refresh-0"]


def test_unsaved_tokens_yield_to_a_new_sign_in(helpers):
    """Unsaved tokens do not overwrite those of a person who has since signed in."""

    async def main():
        service = helpers.Service(helpers.Clock())
        store = RecordingStore(lambda tokens: tokens.access_token == "hush-access-1")
        await MemoryStore.save(store, Tokens("", "hush-refresh-0"))
        auth, _ = service.auth(store)
        with pytest.raises(TokenStoreError):
            await auth.send(helpers.ask())
        store.refuses = lambda tokens: False
        end = service.clock.now() + LIFE
        service.access = "hush-new"
        await MemoryStore.save(store, Tokens("hush-new", "hush-newer", end))
        assert (await auth.send(helpers.ask())).status == 200
        assert (await store.load()).refresh_token == "hush-newer"

    asyncio.run(main())


def test_only_one_seeds(helpers):
    """An empty store is read again under the lock before it is seeded."""

    class SeededMeanwhile(RecordingStore):
        async def load(self):
            tokens = await super().load()
            if self.log.count("loaded") == 1:
                end = 1_700_000_000.0 + LIFE
                await MemoryStore.save(self, Tokens("hush-access-0", "newer", end))
            return tokens

    service, store = helpers.Service(helpers.Clock()), SeededMeanwhile()
    auth, _ = service.auth(store, Tokens("", "an old seed"))
    assert asyncio.run(auth.send(helpers.ask())).status == 200
    assert store.log == ["loaded", "locked", "loaded", "unlocked"]
    assert asyncio.run(store.load()).refresh_token == "newer"


def test_no_tokens_are_no_seed(helpers):
    """Settings without tokens leave an empty store empty; a later sign-in is used."""

    async def main():
        service, store = helpers.Service(helpers.Clock()), RecordingStore()
        auth, _ = service.auth(store, Tokens())
        with pytest.raises(TokenRefused, match="Not signed in"):
            await auth.send(helpers.ask())
        assert await store.load() is None
        await store.save(Tokens("hush-access-0", "hush-refresh-0", 2e9))
        assert (await auth.send(helpers.ask())).status == 200

    asyncio.run(main())


def test_a_caller_is_cancelled_while_seeding(helpers):
    """Cancelling a caller does not interrupt the seeding of the store."""

    async def main():
        inside, go_on = asyncio.Event(), asyncio.Event()

        class SlowStore(RecordingStore):
            async def save(self, tokens):
                inside.set()
                await go_on.wait()
                await super().save(tokens)

        service, store = helpers.Service(helpers.Clock()), SlowStore()
        auth, manager = service.auth(store)
        task = asyncio.create_task(auth.send(helpers.ask()))
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert store.log[-1] == "loaded"
        go_on.set()
        await manager.drain()
        assert store.log[-2:] == ["saved", "unlocked"]

    asyncio.run(main())


def test_a_refresh_as_another_ends(helpers):
    """A caller that asks for newer tokens just as a refresh ends gets newer ones."""

    async def main():
        service, store = helpers.Service(helpers.Clock()), RecordingStore()
        auth, manager = service.auth(store)
        await auth.send(helpers.ask())

        async def late():
            while "_refresh" not in manager._tasks.running:
                await asyncio.sleep(0)
            while not manager._tasks.running["_refresh"].done():
                await asyncio.sleep(0)
            service.expire()
            return await manager.refresh((await manager.current()).generation)

        service.expire()
        _, version = await asyncio.gather(manager.refresh(0), late())
        assert version.tokens.access_token == service.access == "hush-access-2"

    asyncio.run(main())


def test_a_lost_reply_is_explained(helpers):
    """After an interrupted refresh, the refusal explains it, and how to go on."""
    service = helpers.Service(helpers.Clock())
    service.refresh = "another"
    started = Tokens("", "hush-refresh-0", refresh_started_at=1_699_999_999.0)
    store = store_with(started)
    auth, _ = service.auth(store, Tokens())
    with pytest.raises(TokenRefused) as caught:
        asyncio.run(auth.send(helpers.ask()))
    message = str(caught.value)
    assert "(invalid_grant: Unknown or used.)" in message
    assert "A refresh was started at 2023-11-14 22:13:19 UTC" in message
    assert "the process was killed in between" in message
    assert "sign in again with `sage200 login`" in message
    assert "hush" not in message
    assert caught.value.reason == "invalid_grant"
    assert asyncio.run(store.load()) == started


@pytest.mark.parametrize("error", [{"error": "invalid_client"}, {}])
def test_a_refusal_without_a_lost_response(helpers, error):
    """Without an interrupted refresh, or for another reason, none is mentioned."""
    from sage200_async.transport.memory import reply

    service = helpers.Service(helpers.Clock())
    service.refresh = "another"
    started_at = 1.0 if error else None
    if error:
        service.token_response = lambda: reply(error, 401)
    store = store_with(Tokens("", "hush-refresh-0", refresh_started_at=started_at))
    auth, _ = service.auth(store, Tokens())
    for _ in range(2):
        with pytest.raises(TokenRefused, match="refused to refresh") as caught:
            asyncio.run(auth.send(helpers.ask()))
        assert "never stored" not in str(caught.value)
    assert asyncio.run(store.load()).refresh_started_at == started_at


def test_the_settings_only_seed(helpers):
    """A refusal explains that the token in the settings was not the one tried."""
    service = helpers.Service(helpers.Clock())
    service.refresh = "another"
    store = store_with(Tokens("", "hush-refresh-0"))
    auth, _ = service.auth(store, Tokens("", "hush-newer"))
    with pytest.raises(TokenRefused, match="used only if the store is empty"):
        asyncio.run(auth.send(helpers.ask()))
    same, _ = service.auth(store, Tokens("", "hush-refresh-0"))
    with pytest.raises(TokenRefused) as caught:
        asyncio.run(same.send(helpers.ask()))
    assert "only if" not in str(caught.value)


def unreachable():
    raise ConnectError("refused")


@pytest.mark.parametrize(
    ("response", "recorded"),
    [
        (unreachable, False),
        (lambda: Response(503), True),
        (lambda: Response(200), True),
    ],
)
def test_a_refresh_stays_recorded_if_it_may_have_rotated(helpers, response, recorded):
    """`refresh_started_at` is removed if the request was certainly never sent."""
    service = helpers.Service(helpers.Clock())
    store = store_with(Tokens("", "hush-refresh-0"))
    service.token_response = response
    auth, _ = service.auth(store)
    started_at = service.clock.now()
    with pytest.raises(TokenUnavailable):
        asyncio.run(auth.send(helpers.ask()))
    asyncio.run(service.clock.sleep(60))
    with pytest.raises(TokenUnavailable):
        asyncio.run(auth.send(helpers.ask()))
    assert asyncio.run(store.load()).refresh_started_at == (
        started_at if recorded else None
    )
    service.token_response = None
    asyncio.run(service.clock.sleep(60))
    assert asyncio.run(auth.send(helpers.ask())).status == 200
    assert asyncio.run(store.load()).refresh_started_at is None


def test_an_expired_access_token_without_a_refresh_token(helpers):
    """Without a refresh token, an expired access token is sent: the server decides."""
    service = helpers.Service(helpers.Clock())
    expired = Tokens("hush-access-0", "", service.clock.now() - 1)
    auth, _ = service.auth(store_with(expired))
    assert asyncio.run(auth.send(helpers.ask())).status == 200
    assert service.asked == []


def test_no_client_id(helpers):
    """Without a client id nothing is sent, and the store is unchanged."""
    service = helpers.Service(helpers.Clock())
    tokens = Tokens("", "hush-refresh-0")
    store = store_with(tokens)
    settings = Settings(refresh_token="hush-refresh-0")
    refresher = token_refresher(settings, service, service.clock)
    manager = TokenManager(store, Tokens(), refresher, service.clock)
    with pytest.raises(SettingsError, match=r"set SAGE200_CLIENT_ID .* Sage issued"):
        asyncio.run(manager.current())
    assert service.asked == []
    assert asyncio.run(store.load()) == tokens


def test_an_error_status_without_a_response(helpers):
    """An error status without its response is no refusal."""

    def lost():
        raise ServerError("gone")

    service = helpers.Service(helpers.Clock())
    service.token_response = lost
    auth, _ = service.auth(store_with(Tokens("", "hush-refresh-0")))
    with pytest.raises(TokenUnavailable, match="No response from the token endpoint"):
        asyncio.run(auth.send(helpers.ask()))


def test_the_endpoint_has_its_own_time(helpers, monkeypatch):
    """A token endpoint that does not respond in time is unavailable."""
    monkeypatch.setattr(token_endpoint, "TOKEN_WAIT", 0.01)

    async def main():
        async def stuck(_):
            await asyncio.Event().wait()

        service = helpers.Service(helpers.Clock(), stuck)
        auth, _ = service.auth(await saved(MemoryStore(), Tokens("", "hush-refresh-0")))
        with pytest.raises(TokenUnavailable, match=r"No response .* within 0\.01 s"):
            await auth.send(helpers.ask())

    async def saved(store, tokens):
        await store.save(tokens)
        return store

    asyncio.run(main())


def test_tokens_of_another_process_that_have_expired(helpers):
    """Expired tokens of another process cost one more refresh, and no error."""

    async def main():
        service, store = helpers.Service(helpers.Clock()), RecordingStore()
        auth, _ = service.auth(store)
        await auth.send(helpers.ask())
        now = service.clock.now()
        service.expire()
        service.refresh = "hush-refresh-5"
        expired = Tokens("hush-dead", "hush-refresh-5", now + LIFE, now - 61)
        await MemoryStore.save(store, expired)
        assert (await auth.send(helpers.ask())).status == 200
        assert service.bearers[-3:] == ["hush-access-0", "hush-dead", "hush-access-1"]
        assert service.asked == ["hush-refresh-5"]

    asyncio.run(main())


def test_tokens_of_another_process_that_are_new(helpers):
    """A 401 for tokens that another process has just refreshed starts no refresh."""

    async def main():
        service, store = helpers.Service(helpers.Clock()), RecordingStore()
        auth, _ = service.auth(store)
        await auth.send(helpers.ask())
        now = service.clock.now()
        service.forbids = True
        newer = Tokens("hush-newer", "hush-refresh-5", now + LIFE, now - 59)
        await MemoryStore.save(store, newer)
        with pytest.raises(Unauthorized, match="check site"):
            await auth.send(helpers.ask())
        assert service.asked == []

    asyncio.run(main())


def test_the_sign_in_is_carried_over(helpers):
    """A refresh changes neither the time of the sign-in nor its expiry."""
    service = helpers.Service(helpers.Clock())
    ends = service.clock.now() + 90 * DAY
    old = Tokens("", "hush-refresh-0", authorized_at=5.0, refresh_token_expires_at=ends)
    store = store_with(old)
    auth, emitted = with_events(helpers, service, store)
    asyncio.run(auth.send(helpers.ask()))
    stored = asyncio.run(store.load())
    assert (stored.access_token, stored.authorized_at) == ("hush-access-1", 5.0)
    assert stored.refresh_token_expires_at == ends
    end = service.clock.now() + LIFE
    assert emitted == [TokenRefreshed(seconds=0.0, expires_at=end)]


@pytest.mark.parametrize(
    ("left", "expected"), [(10.001, []), (10.0, [10.0]), (0.5, [0.5]), (-1.0, [-1.0])]
)
def test_the_expiry_of_the_sign_in(helpers, caplog, left, expected):
    """Within ten days before a person has to sign in again, a warning is logged."""
    service = helpers.Service(helpers.Clock())
    ends = service.clock.now() + left * DAY
    tokens = Tokens("hush-access-0", "hush-refresh-0", refresh_token_expires_at=ends)
    store = store_with(tokens)
    auth, emitted = with_events(helpers, service, store)
    with caplog.at_level(logging.WARNING):
        asyncio.run(auth.send(helpers.ask()))
    assert [event.days_left for event in emitted] == pytest.approx(expected)
    assert ("sage200 login" in caplog.text) == bool(expected)
    assert "hush" not in caplog.text


def test_the_warning_comes_once_a_day(helpers):
    """However many requests there are, the warning comes once a day."""
    service = helpers.Service(helpers.Clock())
    ends = service.clock.now() + 9 * DAY
    tokens = Tokens("hush-access-0", "hush-refresh-0", refresh_token_expires_at=ends)
    auth, emitted = with_events(helpers, service, store_with(tokens))
    for _ in range(48):
        asyncio.run(auth.send(helpers.ask()))
        asyncio.run(service.clock.sleep(DAY / 24))
    assert [event.days_left for event in emitted] == pytest.approx([9.0, 8.0])
    assert {event.ends_at for event in emitted} == {ends}
    assert {type(event) for event in emitted} == {SignInExpiring}
