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
BACK = "https://app.example/cb?code=hush-code&state=hush-state"
TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
BROUGHT = b'{"access_token": "hush-access-1", "refresh_token": "hush-refresh-1"}'


def replies(lab):
    """Give replies of the token endpoint that bring no tokens."""
    return {
        "refused": lab.http(b'{"error": "invalid_grant"}', "403 Forbidden"),
        "down": lab.http(b"", "500 Down"),
        "busy": lab.http(b"", "429 Busy", "Retry-After: 5"),
        "moved": lab.http(b"", "302 Away", "Location: http://elsewhere.invalid/"),
        "cut": (TEN, "close"),
        "no reply": (b"", "close"),
        "no HTTP": (b"SSH-2.0\r\n\r\n", "close"),
        "stalled": (TEN, "stall"),
        "cut JSON": lab.http(BROUGHT[:-1]),
        "wrong type": lab.http(BROUGHT.replace(b'"hush-access-1"', b"5")),
    }


def failure(lab, said):
    """Exchange a code at an endpoint that answers *said*; give error and bodies."""

    async def main():
        answer = said if isinstance(said, tuple) else (said, "keep")
        async with lab.RawServer(lambda *_: answer) as server:
            settings = replace(
                lab.settings,
                token_url=server.url,
                token_store=MemoryStore(),
                read_timeout=0.1,
            )
            with pytest.raises(TokenError) as caught:
                await exchange_code(settings, SIGN_IN, BACK)
            assert await settings.token_store.load() is None
            return caught.value, server.bodies

    return asyncio.run(main())


def shown(error):
    """Yield all that an error, and what led to it, shows of itself."""
    yield from traceback.format_exception(error)
    while error is not None:
        yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
        error = error.__cause__ or error.__context__


def test_whatever_the_endpoint_answers(lab, caplog):
    """A code is sent once, and neither error nor log shows what was sent or came."""
    caplog.set_level(logging.DEBUG)
    for name, said in replies(lab).items():
        error, bodies = failure(lab, said)
        expected = TokenRefused if name == "refused" else TokenUnavailable
        assert type(error) is expected, name
        assert len(bodies) == 1, name
        for sent in (b"hush-code", b"hush-verifier", b"hush-secret"):
            assert sent in bodies[0], name
        assert not [text for text in shown(error) if "hush" in text], name
        assert b"hush" not in pickle.dumps(error), name
    assert "hush" not in caplog.text
