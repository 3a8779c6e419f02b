"""An access token for other processes: it works, lasts, hides, and dies by name."""

import asyncio
import copy
import logging
import pickle

import pytest

from sage200_async import AccessToken, Sage200Client, Settings
from sage200_async.auth.access_token import AccessTokenStore, access_token
from sage200_async.auth.stores import Tokens
from sage200_async.errors import (
    TokenExpired,
    TokenRefused,
    TokenStoreError,
    TokenUnavailable,
    Unauthorized,
)
from sage200_async.sandbox import Behaviour, Sandbox
from sage200_async.transport import Clock
from sage200_async.wire.messages import Response

LIFE = 28_800.0


class Later(Clock):
    """A clock that can be put forward."""

    seconds = 0.0

    def now(self):
        return super().now() + self.seconds


def held(helpers, seconds_left, *, refresh_token="hush-refresh-0"):
    """Return a service, and a manager of tokens that expire in *seconds_left*."""
    service = helpers.Service(helpers.Clock())
    now = service.clock.now()
    issued_at = now + seconds_left - LIFE
    seed = Tokens("hush-access-0", refresh_token, now + seconds_left, issued_at)
    return service, service.auth(seed=seed)[1]


def test_a_token_that_lasts_is_handed_out_as_it_is(helpers):
    """Nothing is asked, and it says when it expires."""
    service, manager = held(helpers, 5000)
    token = asyncio.run(access_token(manager))
    now = service.clock.now()
    assert token == AccessToken("hush-access-0", now + 5000, now + 5000 - LIFE)
    assert service.asked == []


@pytest.mark.parametrize("seconds_left", [200, 0, -5])
def test_a_token_near_its_end_is_refreshed_first(helpers, seconds_left):
    """The new one is handed out, and all who ask at once share one refresh."""
    service, manager = held(helpers, seconds_left)

    async def main():
        return await asyncio.gather(*(access_token(manager) for _ in range(5)))

    tokens = asyncio.run(main())
    assert {token.token for token in tokens} == {"hush-access-1"}
    assert tokens[0].expires_at == service.clock.now() + LIFE
    assert service.asked == ["hush-refresh-0"]


def test_a_token_that_works_is_handed_out_where_none_can_be_had(helpers, caplog):
    """While the token endpoint is down, what works is better than nothing."""
    service, manager = held(helpers, 200)
    service.token_response = lambda: Response(503)
    with caplog.at_level(logging.WARNING):
        token = asyncio.run(access_token(manager))
    assert token.token == "hush-access-0"
    assert "expires soon" in caplog.text
    service, manager = held(helpers, -1)
    service.token_response = lambda: Response(503)
    with pytest.raises(TokenUnavailable):
        asyncio.run(access_token(manager))


def test_who_cannot_refresh_hands_out_what_works_and_no_more(helpers):
    """Without a refresh token, a token is handed out until it has expired."""
    service, manager = held(helpers, 100, refresh_token="")
    assert asyncio.run(access_token(manager)).token == "hush-access-0"
    service.clock.time += 200
    with pytest.raises(TokenRefused, match="no refresh token"):
        asyncio.run(access_token(manager))
    assert service.asked == []


def test_it_hides(helpers):
    """No text of the token, its store or the settings with it shows the token."""
    _, manager = held(helpers, 5000)
    token = asyncio.run(access_token(manager))
    settings = token.settings_for(Settings(client_id="ours"))
    errors = []
    for attempt in (token.store.clear, lambda: token.store.save(Tokens("x"))):
        with pytest.raises(TokenStoreError) as caught:
            asyncio.run(attempt())
        errors.append(caught.value)
    with pytest.raises(TokenExpired) as caught:
        token.store.lock()
    texts = map(repr, (token, token.store, settings, token.__rich_repr__(), *errors))
    assert "hush" not in " ".join(texts)
    assert "hush" not in str(caught.value)


def test_settings_for_a_worker_have_no_other_secret():
    """Refresh token, client secret and store stay; pickled, the settings are the same."""
    whole = Settings(
        client_id="ours",
        client_secret="hush-client",
        refresh_token="hush-refresh",
        access_token="hush-old",
        token_store="redis://:hush-password@host/0",
        site="s",
        company=7,
        page_size=50,
    )
    token = AccessToken("hush-access", 1_900_000_000.0)
    settings = token.settings_for(whole)
    pickled = pickle.dumps(settings)
    assert pickle.loads(pickled) == settings
    assert b"hush-access" in pickled
    assert pickled.count(b"hush") == 1
    unchanged = (
        settings.client_id,
        settings.site,
        settings.company,
        settings.page_size,
    )
    assert unchanged == ("ours", "s", "7", 50)
    assert copy.copy(settings.token_store) == token.store
    assert hash(token.store) == hash(AccessTokenStore(token))
    assert token.store != AccessTokenStore(AccessToken("hush-other"))


def test_how_long_it_lives():
    """The seconds that are left are never negative, and None where nobody knows."""
    assert AccessToken("t").seconds_left is None
    assert AccessToken("t", 5.0).seconds_left == 0
    assert AccessToken("t", 4e9).seconds_left > 0


def test_a_worker_reads_until_its_token_dies():
    """A worker reads with it, refreshes nothing, and then gets an error that says so."""

    async def main():
        async with (
            Sandbox(records={"customers": 9}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            token = await client.access_token()
            settings = pickle.loads(pickle.dumps(token.settings_for(client.settings)))
            requests = len(sandbox.token_requests)
            clock = Later()
            async with Sage200Client(settings, clock=clock) as worker:
                assert await worker.customers.count() == 9
                assert await worker.access_token() == token
                other = client.with_tokens(token.store)
                assert await other.customers.count() == 9
                sandbox.expire_tokens()
                with pytest.raises(Unauthorized, match="has expired, or the site"):
                    await worker.customers.first()  # by the clock it should work
                clock.seconds = 3 * LIFE
                with pytest.raises(TokenExpired, match="hand it a new one") as caught:
                    await worker.customers.first()
                assert caught.value.expires_at == token.expires_at
                assert not caught.value.retryable
                with pytest.raises(TokenExpired):
                    await worker.access_token()
                assert len(sandbox.token_requests) == requests
                assert await client.customers.first()  # this one can refresh

    asyncio.run(main())


def test_a_short_life():
    """A token of a minute is handed out with its minute, and dies after it."""

    async def main():
        async with (
            Sandbox(
                records={"customers": 1}, behaviour=Behaviour(token_seconds=60)
            ) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            token = await client.access_token()
            assert 0 < token.seconds_left <= 60

    asyncio.run(main())
