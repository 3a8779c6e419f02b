"""Signing in by code, against a sandbox, as a program and as a web application."""

import asyncio
import contextlib
import logging
import pickle
import re
import time

import aiohttp
import pytest
from msgspec.structs import replace

from sage200_async import (
    AuthorizationRequest,
    Sage200Client,
    Settings,
    create_authorization_url,
    exchange_code,
)
from sage200_async.auth.sign_in import sign_out
from sage200_async.auth.stores import MemoryStore, Tokens, store_at
from sage200_async.errors import (
    SettingsError,
    SignInFailed,
    TokenRefused,
    TokenStoreError,
    TokenUnavailable,
)
from sage200_async.sandbox import Behaviour, Sandbox

HERE = "http://127.0.0.1:1/callback?from=sage"


class Browser:
    """Goes to an address, and says where it was sent."""

    def __init__(self, http):
        self.http = http
        self.page = ""

    async def go(self, url, decision=None):
        how = "GET" if decision is None else "POST"
        form = None if decision is None else {"decision": decision}
        async with self.http.request(how, url, data=form, allow_redirects=False) as got:
            self.page = await got.text()
            return got.headers.get("Location", "")


def with_sandbox(body, public=False, **behaviour):
    """Run *body* with a sandbox, settings with an empty store, and a browser."""

    async def main():
        async with (
            Sandbox(
                records={"customers": 5}, behaviour=Behaviour(**behaviour)
            ) as sandbox,
            aiohttp.ClientSession() as http,
        ):
            secret = "" if public else sandbox.settings.client_secret
            settings = replace(
                sandbox.settings,
                refresh_token="",
                client_secret=secret,
                token_store=MemoryStore(),
            )
            return await body(sandbox, settings, Browser(http))

    return asyncio.run(main())


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("consent", ["grant", "ask"])
def test_a_person_signs_in(public, consent):
    """With a secret and without, asked and unasked: the tokens are stored and work."""

    async def body(sandbox, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        decision = "allow" if consent == "ask" else None
        redirected = await browser.go(
            create_authorization_url(settings, begun), decision
        )
        assert redirected.startswith(HERE)
        kept = pickle.loads(pickle.dumps(begun))  # as in a session
        tokens = await exchange_code(settings, kept, redirected)
        assert await settings.token_store.load() == tokens
        assert tokens.issued_at == pytest.approx(time.time(), abs=60)
        assert tokens.authorized_at == tokens.issued_at
        assert tokens.expires_at - tokens.issued_at == 1234
        assert tokens.refresh_token_expires_at - tokens.issued_at == 10 * 86_400
        async with Sage200Client(settings) as client:
            assert await client.customers.count() == 5
            sandbox.expire_tokens()
            assert await client.customers.count() == 5
        later = await settings.token_store.load()
        assert later.refresh_token != tokens.refresh_token
        assert later.refresh_token_expires_at == tokens.refresh_token_expires_at

    def shorter(sandbox, settings, browser):
        return body(sandbox, replace(settings, sign_in_days=10), browser)

    with_sandbox(shorter, public=public, consent=consent, token_seconds=1234)


def test_the_page_asks_with_two_buttons():
    """The consent page names the client and what it asks for; text is escaped."""

    async def body(_, settings, browser):
        url = create_authorization_url(
            settings, AuthorizationRequest.start("https://app.example/")
        )
        await browser.go(url + "&scope=%3Cb%3E")
        assert "sandbox-client" in browser.page
        assert "offline_access" in browser.page
        buttons = re.findall(
            r"<button [^>]*value=\"(\w+)\">(\w+)</button>", browser.page
        )
        assert buttons == [("allow", "Allow"), ("refuse", "Refuse")]
        await browser.go(url.replace("openid", "%3Cb%3E"))
        assert "&lt;b&gt;" in browser.page
        assert "<b>" not in browser.page

    with_sandbox(body, consent="ask")


async def nothing_stored(settings, begun, redirected, error, match):
    """Exchange, and expect *error*, with what was stored before still there."""
    before = Tokens("before", "before-r")
    await settings.token_store.save(before)
    with pytest.raises(error, match=match) as caught:
        await exchange_code(settings, begun, redirected)
    assert await settings.token_store.load() == before
    async with asyncio.timeout(1), settings.token_store.lock():
        pass  # it is free
    return caught.value


def test_consent_is_refused():
    """Refused consent is `access_denied`, and the token endpoint is not asked."""

    async def body(sandbox, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, begun), "refuse")
        error = await nothing_stored(
            settings, begun, back, SignInFailed, "did not authorize"
        )
        assert error.reason == "access_denied"
        assert sandbox.token_requests == []

    with_sandbox(body, consent="ask")


def test_a_stranger_s_state():
    """Another state is refused before the token endpoint is asked."""

    async def body(sandbox, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, begun))
        error = await nothing_stored(settings, begun, back, SignInFailed, "state")
        assert error.reason == "state"
        assert sandbox.token_requests == []

    with_sandbox(body, forge_state=True)


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code_verifier": "v" * 43}, "code verifier"),
        ({"redirect_uri": "http://127.0.0.1:2/callback"}, "redirect URI"),
    ],
)
def test_a_code_of_another_sign_in(change, said, public):
    """A code with another verifier or redirect is refused, and the error says so."""

    async def body(_, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, begun))
        other = replace(begun, **change)
        error = await nothing_stored(settings, other, back, TokenRefused, said)
        assert "the code" in str(error)

    with_sandbox(body, public=public)


def test_a_code_works_once():
    """The same redirect again, as by the back button, is refused; the tokens stay."""

    async def body(_, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, begun))
        await exchange_code(settings, begun, back)
        await nothing_stored(settings, begun, back, TokenRefused, "invalid_grant")

    with_sandbox(body)


def test_a_code_that_is_past_its_life():
    """An expired code is refused."""

    async def body(_, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, begun))
        await nothing_stored(settings, begun, back, TokenRefused, "Invalid auth")

    with_sandbox(body, code_seconds=-1.0)


def test_a_client_that_is_unknown():
    """An unknown client has no consent page, and no tokens."""

    async def body(_, settings, browser):
        wrong = replace(settings, client_id="other")
        assert (
            await browser.go(
                create_authorization_url(wrong, AuthorizationRequest.begin(HERE))
            )
            == ""
        )
        assert "unauthorized_client" in browser.page
        begun = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, begun))
        await nothing_stored(wrong, begun, back, TokenRefused, "invalid_client")

    with_sandbox(body, consent="grant")


def test_no_refresh_token_is_a_warning(caplog):
    """A client whose form allows no refresh token is signed in, with a warning."""

    async def body(_, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        url = create_authorization_url(settings, begun).replace("%20offline_access", "")
        tokens = await exchange_code(settings, begun, await browser.go(url))
        assert tokens.refresh_token == ""
        assert tokens.refresh_token_expires_at == tokens.expires_at
        async with Sage200Client(settings) as client:
            assert await client.customers.count() == 5

    with_sandbox(body)
    warned = [each for each in caplog.records if each.levelno == logging.WARNING]
    said = [
        each.message for each in warned if each.name == "sage200_async.auth.sign_in"
    ]
    assert said == [
        "no refresh token was issued: the sign-in ends when the access token expires"
    ]


def test_nobody_at_the_token_endpoint():
    """A token endpoint that cannot be reached can be asked again with the same code."""

    async def body(_, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, begun))
        away = replace(settings, token_url="http://127.0.0.1:1/oauth/token")
        error = await nothing_stored(away, begun, back, TokenUnavailable, "No response")
        assert error.retryable
        assert (await exchange_code(settings, begun, back)).access_token

    with_sandbox(body)


def test_a_store_that_cannot_be_locked_costs_no_code():
    """The store is locked first: where it fails, the code can be used again."""

    class Broken(MemoryStore):
        @contextlib.asynccontextmanager
        async def lock(self):
            raise TokenStoreError("held for too long")
            yield

    async def body(sandbox, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, begun))
        with pytest.raises(TokenStoreError):
            await exchange_code(replace(settings, token_store=Broken()), begun, back)
        assert sandbox.token_requests == []
        assert (await exchange_code(settings, begun, back)).access_token

    with_sandbox(body)


def test_what_can_be_checked_without_asking_is():
    """Without a client id nothing is asked."""
    with pytest.raises(SettingsError, match="client_id"):
        asyncio.run(exchange_code(Settings(), AuthorizationRequest.begin(HERE), HERE))


def test_a_new_sign_in_serves_a_client_that_runs():
    """A client whose sign-in has ended goes on once a person has signed in again."""

    async def body(sandbox, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, begun))
        await exchange_code(settings, begun, back)
        async with Sage200Client(settings) as client:
            assert await client.customers.count() == 5
            sandbox.expire_tokens()
            sandbox.revoke()
            with pytest.raises(TokenRefused):
                await client.customers.count()
            again = AuthorizationRequest.begin(HERE)
            back = await browser.go(create_authorization_url(settings, again))
            await exchange_code(settings, again, back)
            assert await client.customers.count() == 5

    with_sandbox(body)


def test_signing_out(tmp_path):
    """Signing out forgets the tokens, and tells whether there were any."""

    async def body(_, settings, browser):
        begun = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, begun))
        place = (tmp_path / "deep" / "tokens.json").as_uri()
        kept = replace(settings, token_store=place)
        tokens = await exchange_code(kept, begun, back)
        assert await store_at(place).load() == tokens
        assert await sign_out(kept)
        assert await store_at(place).load() is None
        assert not await sign_out(kept)

    with_sandbox(body)
