"""The check for leaked secrets finds a leak."""

import asyncio
import json
import logging
import secrets

import pytest

from sage200_async.errors import TokenRefused
from sage200_async.events import Events, RequestSent
from sage200_async.sandbox import Sandbox
from sage200_async.sandbox.oauth.requests import CLIENT_SECRET


def test_a_secret_in_a_log_is_found(secret_leak_detector) -> None:
    """A token, a client secret or a test's own secret is found in any log."""
    for secret in (secrets.token_urlsafe(), CLIENT_SECRET, "hush-hush"):
        logging.getLogger("sage200_async.anything").debug("with %s", secret)
        logging.getLogger("elsewhere").debug("nothing")
        assert secret_leak_detector.leaks() == [f"with {secret}"]
    assert secret_leak_detector.leaks() == []


def test_a_secret_in_an_event_or_an_error_is_found(secret_leak_detector) -> None:
    """A secret is found in an event, in an error and in its notes."""
    secret = secrets.token_urlsafe()
    event = RequestSent(
        request_number=1, request=secret, method="GET", host="h", path="p"
    )
    Events().emit(event)
    assert len(secret_leak_detector.leaks()) == 1
    error = TokenRefused("refused")
    error.add_note(secret)
    assert len(secret_leak_detector.leaks()) == 1
    with pytest.raises(TokenRefused):
        raise TokenRefused(secret)
    assert len(secret_leak_detector.leaks()) == 2


def test_a_secret_in_a_variable_of_a_frame_is_found(secret_leak_detector) -> None:
    """A variable in a library's frame is found, below the error or below its cause."""

    def fail(text: str) -> None:
        """Fail in a frame of the standard library that holds *text*."""
        json.loads(text)

    with pytest.raises(TokenRefused):
        raise TokenRefused from caught(lambda: fail("hush-hush"))
    leaks = secret_leak_detector.leaks()
    assert any("decoder.py:raw_decode: s='hush-hush'" in leak for leak in leaks)
    with pytest.raises(TokenRefused):
        raise TokenRefused from caught(lambda: fail("nothing"))
    assert secret_leak_detector.leaks() == []


def caught(work) -> Exception:
    """Return the error that *work* raises."""
    with pytest.raises(json.JSONDecodeError) as info:
        work()
    return info.value


def test_the_tokens_of_a_sandbox_are_known(secret_leak_detector) -> None:
    """Every token that a sandbox issues is a known secret."""

    async def main() -> str:
        async with Sandbox(records={"customers": 1}) as sandbox:
            return sandbox.settings.refresh_token

    assert asyncio.run(main()) in secret_leak_detector.secrets
