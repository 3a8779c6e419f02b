"""A refresh among others: under the store's lock, marked, and explained."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest

from sage200_async.auth import token_endpoint as module
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
from sage200_async.transport.auth import Auth
from sage200_async.wire.messages import Response

DAY = 86_400.0
LIFE = 28_800.0


class Watched(MemoryStore):
    """A store that writes down what is done to it, and may refuse to save."""

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
        self.log.append("marked" if tokens.refresh_started_at else "saved")
        await super().save(tokens)


def keep(store, tokens):
    asyncio.run(MemoryStore.save(store, tokens))
    return store


def listened(lab, service, store):
    """Give a policy whose events are written down."""
    events, heard = Events(), []
    events.subscribe(heard.append)
    ask = token_refresher(lab.settings, service, service.clock)
    keeper = TokenManager(store, Tokens(), ask, service.clock, events=events)
    return Auth(service, keeper), heard


def test_the_order_of_a_refresh(lab):
    """Lock, look, mark, ask, save, unlock: in this order, and nothing else."""
    service = lab.Service(lab.Clock())
    store = keep(Watched(), Tokens("", "hush-refresh-0"))
    service.log = store.log
    auth, _ = service.auth(store)
    asyncio.run(auth.send(lab.ask()))
    assert store.log == [
        "loaded",
        "locked",
        "loaded",
        "marked",
        "saved",
        "unlocked",
        ("used", "hush-access-1"),
    ]
    assert asyncio.run(store.load()).refresh_started_at is None


def test_a_store_that_cannot_be_written_costs_no_token(lab):
    """A store that refuses is found out before the refresh token is spent."""
    service = lab.Service(lab.Clock())
    store = keep(Watched(lambda tokens: True), Tokens("", "hush-refresh-0"))
    auth, _ = service.auth(store)
    with pytest.raises(TokenStoreError, match="no space left"):
        asyncio.run(auth.send(lab.ask()))
    assert service.asked == []
    store.refuses = lambda tokens: False
    assert asyncio.run(auth.send(lab.ask())).status == 200


def test_new_tokens_that_cannot_be_stored_are_kept(lab, caplog):
    """What the endpoint brought is kept in memory, said aloud, and saved at closing."""

    async def main():
        service = lab.Service(lab.Clock())
        store = Watched(lambda tokens: tokens.access_token == "hush-access-1")
        await MemoryStore.save(store, Tokens("", "hush-refresh-0"))
        auth, keeper = service.auth(store)
        for _ in range(2):
            with pytest.raises(TokenStoreError):
                await auth.send(lab.ask())
        await keeper.drain()
        assert (await store.load()).refresh_token == "hush-refresh-0"
        store.refuses = lambda tokens: False
        await keeper.drain()
        assert (await store.load()).refresh_token == service.refresh
        assert service.asked == ["hush-refresh-0"]
        assert service.bearers == []

    asyncio.run(main())
    assert "kept in memory" in caplog.text
    assert "hush" not in caplog.text


def test_a_store_that_fails_for_a_moment(lab):
    """New tokens that the store refuses at first are stored under the same lock."""
    refusals = iter([True, True, True, False])
    service = lab.Service(lab.Clock())
    store = keep(
        Watched(lambda tokens: not tokens.refresh_started_at and next(refusals)),
        Tokens("", "hush-refresh-0"),
    )
    auth, _ = service.auth(store)
    assert asyncio.run(auth.send(lab.ask())).status == 200
    assert store.log == ["loaded", "locked", "loaded", "marked", "saved", "unlocked"]
    assert service.clock.slept == [0.2, 1.0, 3.0]
    assert service.asked == ["hush-refresh-0"]


def test_unsaved_tokens_yield_to_a_new_sign_in(lab):
    """Tokens that were not saved do not cover those of a person who signed in since."""

    async def main():
        service = lab.Service(lab.Clock())
        store = Watched(lambda tokens: tokens.access_token == "hush-access-1")
        await MemoryStore.save(store, Tokens("", "hush-refresh-0"))
        auth, _ = service.auth(store)
        with pytest.raises(TokenStoreError):
            await auth.send(lab.ask())
        store.refuses = lambda tokens: False
        end = service.clock.now() + LIFE
        service.access = "hush-new"
        await MemoryStore.save(store, Tokens("hush-new", "hush-newer", end))
        assert (await auth.send(lab.ask())).status == 200
        assert (await store.load()).refresh_token == "hush-newer"

    asyncio.run(main())


def test_only_one_seeds(lab):
    """Who finds the store empty looks again under the lock, before seeding it."""

    class Late(Watched):
        async def load(self):
            found = await super().load()
            if self.log.count("loaded") == 1:
                end = 1_700_000_000.0 + LIFE
                await MemoryStore.save(self, Tokens("hush-access-0", "newer", end))
            return found

    service, store = lab.Service(lab.Clock()), Late()
    auth, _ = service.auth(store, Tokens("", "an old seed"))
    assert asyncio.run(auth.send(lab.ask())).status == 200
    assert store.log == ["loaded", "locked", "loaded", "unlocked"]
    assert asyncio.run(store.load()).refresh_token == "newer"


def test_no_tokens_are_no_seed(lab):
    """Settings without tokens leave an empty store empty, for who signs in later."""

    async def main():
        service, store = lab.Service(lab.Clock()), Watched()
        auth, _ = service.auth(store, Tokens())
        with pytest.raises(TokenRefused, match="no refresh token: sign in"):
            await auth.send(lab.ask())
        assert await store.load() is None
        await store.save(Tokens("hush-access-0", "hush-refresh-0", 2e9))
        assert (await auth.send(lab.ask())).status == 200

    asyncio.run(main())


def test_a_caller_is_cancelled_while_seeding(lab):
    """A caller who is cancelled meanwhile does not cut the seeding off."""

    async def main():
        inside, go_on = asyncio.Event(), asyncio.Event()

        class Slow(Watched):
            async def save(self, tokens):
                inside.set()
                await go_on.wait()
                await super().save(tokens)

        service, store = lab.Service(lab.Clock()), Slow()
        auth, keeper = service.auth(store)
        task = asyncio.create_task(auth.send(lab.ask()))
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert store.log[-1] == "loaded"
        go_on.set()
        await keeper.drain()
        assert store.log[-2:] == ["saved", "unlocked"]

    asyncio.run(main())


def test_a_refresh_as_another_ends(lab):
    """Who asks for newer tokens in the moment that a refresh ends gets newer ones."""

    async def main():
        service, store = lab.Service(lab.Clock()), Watched()
        auth, keeper = service.auth(store)
        await auth.send(lab.ask())

        async def late():
            while "_refresh" not in keeper._tasks:
                await asyncio.sleep(0)
            while not keeper._tasks["_refresh"].done():
                await asyncio.sleep(0)
            service.expire()
            return await keeper.renew((await keeper.current()).generation)

        service.expire()
        _, stamp = await asyncio.gather(keeper.renew(0), late())
        assert stamp.tokens.access_token == service.access == "hush-access-2"

    asyncio.run(main())


def test_a_lost_reply_is_explained(lab):
    """A refused token that was begun with before names the time, and what to do."""
    service = lab.Service(lab.Clock())
    service.refresh = "another"
    marked = Tokens("", "hush-refresh-0", refresh_started_at=1_699_999_999.0)
    store = keep(Watched(), marked)
    auth, _ = service.auth(store, Tokens())
    with pytest.raises(TokenRefused) as caught:
        asyncio.run(auth.send(lab.ask()))
    said = str(caught.value)
    assert "invalid_grant: Unknown or used." in said
    assert "A refresh was begun at 2023-11-14 22:13:19 UTC" in said
    assert "cut off between the reply and the store" in said
    assert "a person has to sign in again ('sage200 login')" in said
    assert "hush" not in said
    assert caught.value.reason == "invalid_grant"
    assert asyncio.run(store.load()) == marked


@pytest.mark.parametrize("brought", [{"error": "invalid_client"}, {}])
def test_what_is_no_lost_reply(lab, brought):
    """Without a mark, or for another reason, no lost reply is spoken of."""
    from sage200_async.transport.memory import reply

    service = lab.Service(lab.Clock())
    service.refresh = "another"
    spent = 1.0 if brought else None
    if brought:
        service.token_reply = lambda: reply(brought, 401)
    store = keep(Watched(), Tokens("", "hush-refresh-0", refresh_started_at=spent))
    auth, _ = service.auth(store, Tokens())
    for _ in range(2):
        with pytest.raises(TokenRefused, match="refused to refresh") as caught:
            asyncio.run(auth.send(lab.ask()))
        assert "never stored" not in str(caught.value)
    assert asyncio.run(store.load()).refresh_started_at == spent


def test_the_settings_only_seed(lab):
    """A refusal says that the settings' token was not the one that was tried."""
    service = lab.Service(lab.Clock())
    service.refresh = "another"
    store = keep(Watched(), Tokens("", "hush-refresh-0"))
    auth, _ = service.auth(store, Tokens("", "hush-newer"))
    with pytest.raises(TokenRefused, match="only seed an empty store"):
        asyncio.run(auth.send(lab.ask()))
    same, _ = service.auth(store, Tokens("", "hush-refresh-0"))
    with pytest.raises(TokenRefused) as caught:
        asyncio.run(same.send(lab.ask()))
    assert "only seed" not in str(caught.value)


def never():
    raise ConnectError("refused")


@pytest.mark.parametrize(
    ("answer", "marked"),
    [(never, False), (lambda: Response(503), True), (lambda: Response(200), True)],
)
def test_the_mark_stays_where_the_token_may_be_spent(lab, answer, marked):
    """A request that never left takes its mark back; one without a reply does not."""
    service = lab.Service(lab.Clock())
    store = keep(Watched(), Tokens("", "hush-refresh-0"))
    service.token_reply = answer
    auth, _ = service.auth(store)
    began = service.clock.now()
    with pytest.raises(TokenUnavailable):
        asyncio.run(auth.send(lab.ask()))
    asyncio.run(service.clock.sleep(60))
    with pytest.raises(TokenUnavailable):
        asyncio.run(auth.send(lab.ask()))
    assert asyncio.run(store.load()).refresh_started_at == (began if marked else None)
    service.token_reply = None
    assert asyncio.run(auth.send(lab.ask())).status == 200
    assert asyncio.run(store.load()).refresh_started_at is None


def test_an_access_token_alone_is_sent_to_its_end_and_beyond(lab):
    """Without a refresh token an access token is sent as it is: the server decides."""
    service = lab.Service(lab.Clock())
    ended = Tokens("hush-access-0", "", service.clock.now() - 1)
    auth, _ = service.auth(keep(Watched(), ended))
    assert asyncio.run(auth.send(lab.ask())).status == 200
    assert service.asked == []


def test_no_client_id(lab):
    """Without a client id nothing is asked, and no mark is left in the store."""
    service = lab.Service(lab.Clock())
    held = Tokens("", "hush-refresh-0")
    store = keep(Watched(), held)
    settings = Settings(refresh_token="hush-refresh-0")
    ask = token_refresher(settings, service, service.clock)
    keeper = TokenManager(store, Tokens(), ask, service.clock)
    with pytest.raises(SettingsError, match="client_id is missing"):
        asyncio.run(keeper.current())
    assert service.asked == []
    assert asyncio.run(store.load()) == held


def test_an_error_status_without_its_reply(lab):
    """An error status whose reply is not at hand is no answer, and no refusal."""

    def lost():
        raise ServerError("gone")

    service = lab.Service(lab.Clock())
    service.token_reply = lost
    auth, _ = service.auth(keep(Watched(), Tokens("", "hush-refresh-0")))
    with pytest.raises(TokenUnavailable, match="gave no reply"):
        asyncio.run(auth.send(lab.ask()))


def test_the_endpoint_has_its_own_time(lab, monkeypatch):
    """An endpoint that does not answer in its time is unavailable."""
    monkeypatch.setattr(module, "TOKEN_WAIT", 0.01)

    async def main():
        async def stuck(_):
            await asyncio.Event().wait()

        service = lab.Service(lab.Clock(), stuck)
        auth, _ = service.auth(keep_in(MemoryStore(), Tokens("", "hush-refresh-0")))
        with pytest.raises(TokenUnavailable, match=r"no reply within 0\.01 s"):
            await auth.send(lab.ask())

    def keep_in(store, tokens):
        store._tokens = tokens
        return store

    asyncio.run(main())


def test_tokens_of_another_process_that_have_died(lab):
    """Dead tokens of another process cost one more refresh, not a wrong `Unauthorized`."""

    async def main():
        service, store = lab.Service(lab.Clock()), Watched()
        auth, _ = service.auth(store)
        await auth.send(lab.ask())
        now = service.clock.now()
        service.expire()
        service.refresh = "hush-refresh-5"
        died = Tokens("hush-dead", "hush-refresh-5", now + LIFE, now - 61)
        await MemoryStore.save(store, died)
        assert (await auth.send(lab.ask())).status == 200
        assert service.bearers[-3:] == ["hush-access-0", "hush-dead", "hush-access-1"]
        assert service.asked == ["hush-refresh-5"]

    asyncio.run(main())


def test_tokens_of_another_process_that_are_new(lab):
    """A 401 with tokens that are new is not the tokens': nothing is refreshed."""

    async def main():
        service, store = lab.Service(lab.Clock()), Watched()
        auth, _ = service.auth(store)
        await auth.send(lab.ask())
        now = service.clock.now()
        service.forbids = True
        newer = Tokens("hush-newer", "hush-refresh-5", now + LIFE, now - 59)
        await MemoryStore.save(store, newer)
        with pytest.raises(Unauthorized, match="check site"):
            await auth.send(lab.ask())
        assert service.asked == []

    asyncio.run(main())


def test_the_sign_in_is_carried_over(lab):
    """Refreshing moves neither the time of consent nor the end of the sign-in."""
    service = lab.Service(lab.Clock())
    ends = service.clock.now() + 90 * DAY
    old = Tokens("", "hush-refresh-0", authorized_at=5.0, refresh_token_expires_at=ends)
    store = keep(Watched(), old)
    auth, heard = listened(lab, service, store)
    asyncio.run(auth.send(lab.ask()))
    stored = asyncio.run(store.load())
    assert (stored.access_token, stored.authorized_at) == ("hush-access-1", 5.0)
    assert stored.refresh_token_expires_at == ends
    end = service.clock.now() + LIFE
    assert heard == [TokenRefreshed(seconds=0.0, expires_at=end)]


@pytest.mark.parametrize(
    ("left", "told"), [(10.001, []), (10.0, [10.0]), (0.5, [0.5]), (-1.0, [-1.0])]
)
def test_the_end_of_the_sign_in(lab, caplog, left, told):
    """From ten days before a person has to sign in again, that is said."""
    service = lab.Service(lab.Clock())
    ends = service.clock.now() + left * DAY
    store = keep(
        Watched(),
        Tokens("hush-access-0", "hush-refresh-0", refresh_token_expires_at=ends),
    )
    auth, heard = listened(lab, service, store)
    with caplog.at_level(logging.WARNING):
        asyncio.run(auth.send(lab.ask()))
    assert [each.days_left for each in heard] == pytest.approx(told)
    assert ("sage200 login" in caplog.text) == bool(told)
    assert "hush" not in caplog.text


def test_the_end_is_told_once_a_day(lab):
    """However many requests there are, the end is told once a day."""
    service = lab.Service(lab.Clock())
    ends = service.clock.now() + 9 * DAY
    held = Tokens("hush-access-0", "hush-refresh-0", refresh_token_expires_at=ends)
    auth, heard = listened(lab, service, keep(Watched(), held))
    for _ in range(48):
        asyncio.run(auth.send(lab.ask()))
        asyncio.run(service.clock.sleep(DAY / 24))
    assert [each.days_left for each in heard] == pytest.approx([9.0, 8.0])
    assert {each.ends_at for each in heard} == {ends}
    assert {type(each) for each in heard} == {SignInExpiring}
