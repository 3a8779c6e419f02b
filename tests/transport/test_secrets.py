"""No token, key or secret is shown: not by an error, a value or a log."""

import asyncio
import logging
import pickle
import traceback

import pytest
import rich.pretty
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.auth.oauth import refresh_request
from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.auth.token_manager import TokenVersion
from sage200_async.errors import Sage200Error, SettingsError, TokenError
from sage200_async.settings import Settings
from sage200_async.wire.messages import Response

SECRET = "hush"
TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
TOKENS = b'{"access_token": "hush-access-1", "refresh_token": "hush-refresh-1"}'


def texts(error):
    """Yield every text of an error and of its causes."""
    yield from traceback.format_exception(error)
    while error is not None:
        yield str(error)
        yield repr(error)
        yield repr(error.args)
        yield repr(vars(error))
        if isinstance(error, Sage200Error):
            yield repr(pickle.dumps(error))
        error = error.__cause__ or error.__context__


def outcome(helpers, api, token, body=None, **changes):
    """Use a server with these responses; return the error and the server."""

    def answer(_, head):
        response = token if head.startswith("post /oauth/token") else api
        return response if isinstance(response, tuple) else (response, "keep")

    async def main():
        async with helpers.RawServer(answer) as server:
            settings = replace(
                helpers.settings,
                base_url=server.url,
                token_url=server.url.replace("v1/", "oauth/token"),
                read_timeout=0.1,
                **changes,
            )
            async with Sage200Client(settings, clock=helpers.Clock()) as client:
                with pytest.raises(Sage200Error) as caught:
                    await (body or read)(client)
            return caught.value, server

    return asyncio.run(main())


async def read(client):
    """Read a page."""
    await client.customers.filter(reference="A").top(5).first()


async def write(client):
    """Create a record; a POST is not repeated."""
    await client.customers.create({"reference": "A", "name": "B"})


def api_responses(helpers):
    """Return responses of the API that are errors."""
    return {
        "400": helpers.http(b'{"Message": "No."}', "400 Bad"),
        "401": helpers.http(b"", "401 Unauthorized"),
        "403": helpers.http(b"<html>", "403 Forbidden"),
        "500": helpers.http(b"", "500 Down"),
        "503": helpers.http(b"", "503 Busy", "Retry-After: 500"),
        "302": helpers.http(b"", "302 Away", "Location: http://elsewhere.invalid/"),
        "not JSON": helpers.http(b"<html>"),
        "no record": helpers.http(b'[{"id": "x"}]'),
        "cut": (TEN + b"[{", "close"),
        "no response": (b"", "close"),
        "no HTTP": (b"SSH-2.0\r\n\r\n", "close"),
        "stalled": (TEN, "stall"),
        "no chunk": (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "close",
        ),
    }


def token_responses(helpers):
    """Return responses of the token endpoint that are errors."""
    return {
        "refused": helpers.http(b'{"error": "invalid_grant"}', "403 Forbidden"),
        "down": helpers.http(b"", "500 Down"),
        "moved": helpers.http(b"", "302 Away", "Location: http://elsewhere.invalid/"),
        "cut": (TEN, "close"),
        "no HTTP": (b"SSH-2.0\r\n\r\n", "close"),
        "stalled": (TEN, "stall"),
        "cut JSON": helpers.http(TOKENS[:-1]),
        "wrong type": helpers.http(TOKENS.replace(b'"hush-access-1"', b"5")),
        "not UTF-8": helpers.http(TOKENS.replace(b"-1", b"\xff")),
    }


@pytest.mark.parametrize("body", [read, write])
def test_errors_of_the_api(helpers, body, caplog):
    """Whatever the API responds, neither the error nor the log shows a secret."""
    caplog.set_level(logging.DEBUG)
    for name, api in api_responses(helpers).items():
        error, server = outcome(helpers, api, helpers.http(TOKENS), body)
        assert any(SECRET in head for head in server.heads), name
        assert not [text for text in texts(error) if SECRET in text], name
    assert caplog.records
    assert SECRET not in caplog.text


def test_errors_of_the_token_endpoint(helpers, caplog):
    """Whatever the token endpoint responds, nothing shows a secret."""
    caplog.set_level(logging.DEBUG)
    unauthorized = helpers.http(b"", "401 Unauthorized")
    for name, token in token_responses(helpers).items():
        error, server = outcome(helpers, unauthorized, token)
        assert isinstance(error, TokenError), name
        assert any(b"hush-secret" in body for body in server.bodies), name
        assert not [text for text in texts(error) if SECRET in text], name
    assert SECRET not in caplog.text


def test_an_unreachable_service(helpers, caplog):
    """The error for a service that cannot be reached shows no secret."""
    caplog.set_level(logging.DEBUG)

    async def main():
        settings = replace(helpers.settings, base_url="http://127.0.0.1:1/")
        async with Sage200Client(settings, clock=helpers.Clock()) as client:
            with pytest.raises(Sage200Error) as caught:
                await read(client)
        return caught.value

    error = asyncio.run(main())
    assert not [text for text in texts(error) if SECRET in text]
    assert SECRET not in caplog.text


def test_values(helpers):
    """No value that holds a secret shows it."""
    tokens = Tokens("hush-access", "hush-refresh", 5.0)
    store = MemoryStore()
    asyncio.run(store.save(tokens))
    request = refresh_request(helpers.settings, tokens)
    values = [
        tokens,
        TokenVersion(tokens, 3),
        store,
        helpers.settings,
        helpers.settings.context,
        request,
        helpers.ask(headers={"authorization": "hush"}, body=b"hush"),
        Response(200, {"x": "hush"}, b"hush"),
        Sage200Client(helpers.settings),
        Sage200Client(helpers.settings).customers,
    ]
    for value in values:
        pretty = rich.pretty.pretty_repr(value)
        assert SECRET not in f"{value} {value!r} {[value]} {pretty}", type(value)
    assert b"hush-secret" in request.body


@pytest.mark.parametrize(
    "name", ["access_token", "refresh_token", "client_secret", "subscription_key"]
)
def test_malformed_secrets(name):
    """A secret with a line break is refused without being shown."""
    secret = f"{SECRET}-secret\n"
    with pytest.raises(SettingsError, match=f"{name}: .* got a line break") as caught:
        Settings(**{name: secret})
    assert caught.value.name == name
    assert not [text for text in texts(caught.value) if SECRET in text]
