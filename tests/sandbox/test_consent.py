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
    """Opens a URL, and returns where it was redirected to."""

    def __init__(self, http):
        self.http = http
        self.page = ""

    async def go(self, url, decision=None):
        method = "GET" if decision is None else "POST"
        form = None if decision is None else {"decision": decision}
        async with self.http.request(
            method, url, data=form, allow_redirects=False
        ) as response:
            self.page = await response.text()
            return response.headers.get("Location", "")


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
    """With or without a secret, asked or not: the tokens are stored, and work."""

    async def body(sandbox, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        decision = "allow" if consent == "ask" else None
        redirected = await browser.go(
            create_authorization_url(settings, authorization), decision
        )
        assert redirected.startswith(HERE)
        restored = pickle.loads(pickle.dumps(authorization))  # as in a session
        tokens = await exchange_code(settings, restored, redirected)
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
    """The consent page names the client and its scope; text is escaped."""

    async def body(_, settings, browser):
        url = create_authorization_url(
            settings, AuthorizationRequest.begin("https://app.example/")
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


async def exchange_fails(settings, authorization, redirected, error, match):
    """Exchange a code, expect *error*, and check that the stored tokens stay."""
    before = Tokens("before", "before-r")
    await settings.token_store.save(before)
    with pytest.raises(error, match=match) as caught:
        await exchange_code(settings, authorization, redirected)
    assert await settings.token_store.load() == before
    async with asyncio.timeout(1), settings.token_store.lock():
        pass  # the lock is free
    return caught.value


def test_consent_is_refused():
    """Refused consent is `access_denied`, without a request to the token endpoint."""

    async def body(sandbox, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        back = await browser.go(
            create_authorization_url(settings, authorization), "refuse"
        )
        error = await exchange_fails(
            settings, authorization, back, SignInFailed, "did not authorize"
        )
        assert error.reason == "access_denied"
        assert sandbox.token_requests == []

    with_sandbox(body, consent="ask")


def test_a_forged_state_is_refused():
    """Another state is refused without a request to the token endpoint."""

    async def body(sandbox, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, authorization))
        error = await exchange_fails(
            settings, authorization, back, SignInFailed, "state"
        )
        assert error.reason == "state"
        assert sandbox.token_requests == []

    with_sandbox(body, forge_state=True)


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"code_verifier": "v" * 43}, "code verifier"),
        ({"redirect_uri": "http://127.0.0.1:2/callback"}, "redirect URI"),
    ],
)
def test_a_code_of_another_sign_in_is_refused(change, message, public):
    """A code with another verifier or redirect URI is refused, and the error says so."""

    async def body(_, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, authorization))
        other = replace(authorization, **change)
        error = await exchange_fails(settings, other, back, TokenRefused, message)
        assert "the code" in str(error)

    with_sandbox(body, public=public)


def test_a_code_works_once():
    """The same redirect again, as by the back button, is refused; the tokens stay."""

    async def body(_, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, authorization))
        await exchange_code(settings, authorization, back)
        await exchange_fails(
            settings, authorization, back, TokenRefused, "invalid_grant"
        )

    with_sandbox(body)


def test_an_expired_code_is_refused():
    """An expired code is refused."""

    async def body(_, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, authorization))
        await exchange_fails(
            settings, authorization, back, TokenRefused, "Invalid auth"
        )

    with_sandbox(body, code_seconds=-1.0)


def test_an_unknown_client_is_refused():
    """An unknown client gets no consent page, and no tokens."""

    async def body(_, settings, browser):
        wrong = replace(settings, client_id="other")
        assert (
            await browser.go(
                create_authorization_url(wrong, AuthorizationRequest.begin(HERE))
            )
            == ""
        )
        assert "unauthorized_client" in browser.page
        authorization = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, authorization))
        await exchange_fails(wrong, authorization, back, TokenRefused, "access_denied")

    with_sandbox(body, consent="grant")


def test_no_refresh_token_is_a_warning(caplog):
    """A client that gets no refresh token is signed in, with a warning."""

    async def body(_, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        url = create_authorization_url(settings, authorization).replace(
            "%20offline_access", ""
        )
        tokens = await exchange_code(settings, authorization, await browser.go(url))
        assert tokens.refresh_token == ""
        assert tokens.refresh_token_expires_at == tokens.expires_at
        async with Sage200Client(settings) as client:
            assert await client.customers.count() == 5

    with_sandbox(body)
    messages = [
        record.message
        for record in caplog.records
        if record.levelno == logging.WARNING
        and record.name == "sage200_async.auth.sign_in"
    ]
    assert messages == [
        "no refresh token was issued: the sign-in ends when the access token expires"
    ]


def test_an_unreachable_token_endpoint_costs_no_code():
    """After a failed connection the same code can be exchanged again."""

    async def body(_, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, authorization))
        unreachable = replace(settings, token_url="http://127.0.0.1:1/oauth/token")
        error = await exchange_fails(
            unreachable, authorization, back, TokenUnavailable, "No response"
        )
        assert error.retryable
        assert (await exchange_code(settings, authorization, back)).access_token

    with_sandbox(body)


def test_a_store_that_cannot_be_locked_costs_no_code():
    """The store is locked first: if that fails, the code can be used again."""

    class Broken(MemoryStore):
        @contextlib.asynccontextmanager
        async def lock(self):
            raise TokenStoreError("held for too long")
            yield

    async def body(sandbox, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, authorization))
        with pytest.raises(TokenStoreError):
            await exchange_code(
                replace(settings, token_store=Broken()), authorization, back
            )
        assert sandbox.token_requests == []
        assert (await exchange_code(settings, authorization, back)).access_token

    with_sandbox(body)


def test_a_missing_client_id_is_an_error():
    """Without a client id no request is sent."""
    with pytest.raises(SettingsError, match="client_id"):
        asyncio.run(exchange_code(Settings(), AuthorizationRequest.begin(HERE), HERE))


def test_a_new_sign_in_serves_a_client_that_runs():
    """A client whose sign-in has ended works again after a new sign-in."""

    async def body(sandbox, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, authorization))
        await exchange_code(settings, authorization, back)
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
    """Signing out deletes the tokens, and returns whether there were any."""

    async def body(_, settings, browser):
        authorization = AuthorizationRequest.begin(HERE)
        back = await browser.go(create_authorization_url(settings, authorization))
        url = (tmp_path / "deep" / "tokens.json").as_uri()
        with_file = replace(settings, token_store=url)
        tokens = await exchange_code(with_file, authorization, back)
        assert await store_at(url).load() == tokens
        assert await sign_out(with_file)
        assert await store_at(url).load() is None
        assert not await sign_out(with_file)

    with_sandbox(body)
