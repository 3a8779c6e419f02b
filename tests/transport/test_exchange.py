"""No code, verifier, state or secret is shown when a code is exchanged."""

import asyncio
import logging
import pickle
import traceback

import pytest
from msgspec.structs import replace

from sage200_async import AuthorizationRequest, exchange_code
from sage200_async.auth.stores import MemoryStore
from sage200_async.errors import TokenError, TokenRefused, TokenUnavailable

SIGN_IN = AuthorizationRequest("https://app.example/cb", "hush-state", "hush-verifier")
REDIRECT_URL = "https://app.example/cb?code=hush-code&state=hush-state"
TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
TOKENS = b'{"access_token": "hush-access-1", "refresh_token": "hush-refresh-1"}'


def responses(helpers):
    """Return responses of the token endpoint without tokens."""
    return {
        "refused": helpers.http(b'{"error": "invalid_grant"}', "403 Forbidden"),
        "down": helpers.http(b"", "500 Down"),
        "busy": helpers.http(b"", "429 Busy", "Retry-After: 5"),
        "moved": helpers.http(b"", "302 Away", "Location: http://elsewhere.invalid/"),
        "cut": (TEN, "close"),
        "no response": (b"", "close"),
        "no HTTP": (b"SSH-2.0\r\n\r\n", "close"),
        "stalled": (TEN, "stall"),
        "cut JSON": helpers.http(TOKENS[:-1]),
        "wrong type": helpers.http(TOKENS.replace(b'"hush-access-1"', b"5")),
    }


def failure(helpers, response):
    """Exchange a code at an endpoint with this response; return error and bodies."""

    async def main():
        answer = response if isinstance(response, tuple) else (response, "keep")
        async with helpers.RawServer(lambda *_: answer) as server:
            settings = replace(
                helpers.settings,
                token_url=server.url,
                token_store=MemoryStore(),
                read_timeout=0.1,
            )
            with pytest.raises(TokenError) as caught:
                await exchange_code(settings, SIGN_IN, REDIRECT_URL)
            assert await settings.token_store.load() is None
            return caught.value, server.bodies

    return asyncio.run(main())


def texts(error):
    """Yield every text of an error and of its causes."""
    yield from traceback.format_exception(error)
    while error is not None:
        yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
        error = error.__cause__ or error.__context__


def test_no_response_reveals_a_secret(helpers, caplog):
    """A code is sent once, and neither error nor log shows what was sent or received."""
    caplog.set_level(logging.DEBUG)
    for name, response in responses(helpers).items():
        error, bodies = failure(helpers, response)
        expected = TokenRefused if name == "refused" else TokenUnavailable
        assert type(error) is expected, name
        assert len(bodies) == 1, name
        for sent in (b"hush-code", b"hush-verifier", b"hush-secret"):
            assert sent in bodies[0], name
        assert not [text for text in texts(error) if "hush" in text], name
        assert b"hush" not in pickle.dumps(error), name
    assert "hush" not in caplog.text
