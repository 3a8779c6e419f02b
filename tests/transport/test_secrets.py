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
from sage200_async.auth.token_manager import Stamp
from sage200_async.errors import Sage200Error, SettingsError, TokenError
from sage200_async.settings import Settings
from sage200_async.wire.messages import Response

SECRET = "hush"
TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
BROUGHT = b'{"access_token": "hush-access-1", "refresh_token": "hush-refresh-1"}'


def texts(error):
    """Yield all that an error, and what led to it, shows of itself."""
    yield from traceback.format_exception(error)
    while error is not None:
        yield str(error)
        yield repr(error)
        yield repr(error.args)
        yield repr(vars(error))
        if isinstance(error, Sage200Error):
            yield repr(pickle.dumps(error))
        error = error.__cause__ or error.__context__


def outcome(lab, api, token, body=None, **changed):
    """Ask a server that answers so; give the error, and what the server heard."""

    def answer(_, head):
        said = token if head.startswith("post /oauth/token") else api
        return said if isinstance(said, tuple) else (said, "keep")

    async def main():
        async with lab.RawServer(answer) as server:
            settings = replace(
                lab.settings,
                base_url=server.url,
                token_url=server.url.replace("v1/", "oauth/token"),
                read_timeout=0.1,
                **changed,
            )
            async with Sage200Client(settings, clock=lab.Clock()) as client:
                with pytest.raises(Sage200Error) as caught:
                    await (body or read)(client)
            return caught.value, server

    return asyncio.run(main())


async def read(client):
    """Read a page."""
    await client.customers.filter(reference="A").top(5).first()


async def write(client):
    """Create a record, which is not repeated."""
    await client.customers.create({"reference": "A", "name": "B"})


def api_replies(lab):
    """Give replies of the API that fail."""
    return {
        "400": lab.http(b'{"Message": "No."}', "400 Bad"),
        "401": lab.http(b"", "401 Unauthorized"),
        "403": lab.http(b"<html>", "403 Forbidden"),
        "500": lab.http(b"", "500 Down"),
        "503": lab.http(b"", "503 Busy", "Retry-After: 500"),
        "302": lab.http(b"", "302 Away", "Location: http://elsewhere.invalid/"),
        "not JSON": lab.http(b"<html>"),
        "no record": lab.http(b'[{"id": "x"}]'),
        "cut": (TEN + b"[{", "close"),
        "no reply": (b"", "close"),
        "no HTTP": (b"SSH-2.0\r\n\r\n", "close"),
        "stalled": (TEN, "stall"),
        "no chunk": (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "close",
        ),
    }


def token_replies(lab):
    """Give replies of the token endpoint that fail."""
    return {
        "refused": lab.http(b'{"error": "invalid_grant"}', "403 Forbidden"),
        "down": lab.http(b"", "500 Down"),
        "moved": lab.http(b"", "302 Away", "Location: http://elsewhere.invalid/"),
        "cut": (TEN, "close"),
        "no HTTP": (b"SSH-2.0\r\n\r\n", "close"),
        "stalled": (TEN, "stall"),
        "cut JSON": lab.http(BROUGHT[:-1]),
        "wrong type": lab.http(BROUGHT.replace(b'"hush-access-1"', b"5")),
        "not UTF-8": lab.http(BROUGHT.replace(b"-1", b"\xff")),
    }


@pytest.mark.parametrize("body", [read, write])
def test_errors_of_the_api(lab, body, caplog):
    """Whatever the API answers, neither the error nor the log shows a secret."""
    caplog.set_level(logging.DEBUG)
    for name, api in api_replies(lab).items():
        error, server = outcome(lab, api, lab.http(BROUGHT), body)
        assert any(SECRET in head for head in server.heads), name
        assert not [text for text in texts(error) if SECRET in text], name
    assert caplog.records
    assert SECRET not in caplog.text


def test_errors_of_the_token_endpoint(lab, caplog):
    """Whatever the token endpoint answers, nothing shows a secret."""
    caplog.set_level(logging.DEBUG)
    unauthorized = lab.http(b"", "401 Unauthorized")
    for name, token in token_replies(lab).items():
        error, server = outcome(lab, unauthorized, token)
        assert isinstance(error, TokenError), name
        assert any(b"hush-secret" in body for body in server.bodies), name
        assert not [text for text in texts(error) if SECRET in text], name
    assert SECRET not in caplog.text


def test_nobody_there(lab, caplog):
    """A service that cannot be reached: the error shows no secret."""
    caplog.set_level(logging.DEBUG)

    async def main():
        nowhere = replace(lab.settings, base_url="http://127.0.0.1:1/")
        async with Sage200Client(nowhere, clock=lab.Clock()) as client:
            with pytest.raises(Sage200Error) as caught:
                await read(client)
        return caught.value

    error = asyncio.run(main())
    assert not [text for text in texts(error) if SECRET in text]
    assert SECRET not in caplog.text


def test_values(lab):
    """No value that holds a secret shows it."""
    tokens = Tokens("hush-access", "hush-refresh", 5.0)
    store = MemoryStore()
    asyncio.run(store.save(tokens))
    request = refresh_request(lab.settings, tokens)
    values = [
        tokens,
        Stamp(tokens, 3),
        store,
        lab.settings,
        lab.settings.context,
        request,
        lab.ask(headers={"authorization": "hush"}, body=b"hush"),
        Response(200, {"x": "hush"}, b"hush"),
        Sage200Client(lab.settings),
        Sage200Client(lab.settings).customers,
    ]
    for value in values:
        pretty = rich.pretty.pretty_repr(value)
        assert SECRET not in f"{value} {value!r} {[value]} {pretty}", type(value)
    assert b"hush-secret" in request.body


@pytest.mark.parametrize(
    "name", ["access_token", "refresh_token", "client_secret", "subscription_key"]
)
def test_malformed_secrets(name):
    """A secret that no header can carry is refused without being shown."""
    secret = f"{SECRET}-secret\n"
    with pytest.raises(SettingsError, match=f"{name} holds a line break") as caught:
        Settings(**{name: secret})
    assert caught.value.name == name
    assert not [text for text in texts(caught.value) if SECRET in text]
