"""Sends requests to the token endpoint."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sage200_async.auth.oauth import read_tokens, refresh_request
from sage200_async.errors import (
    SettingsError,
    StatusError,
    TokenUnavailable,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sage200_async.auth.stores import Tokens
    from sage200_async.errors import ResponseLike
    from sage200_async.settings import Settings
    from sage200_async.transport.base import Clock, Transport
    from sage200_async.wire.messages import Request

TOKEN_WAIT: Final = 30.0
"""Seconds that the token endpoint may take; less than others wait for the lock."""
CLIENT_ID_FROM: Final = (
    "Run `sage200 init`, or set SAGE200_CLIENT_ID to the client id that Sage issued to "
    "you: developer.sage.com/200/guides/authenticating says how to ask for one."
)
"""What to do where there is no client id."""


def token_refresher(
    settings: Settings, http: Transport, clock: Clock
) -> Callable[[Tokens], Awaitable[Tokens]]:
    """Return a function that sends one refresh to the token endpoint."""

    async def refresh(old: Tokens) -> Tokens:
        require_client_id(settings)
        asked_at = clock.now()  # a life counted from the reply would be too long
        response = await send_to_token_endpoint(http, refresh_request(settings, old))
        return read_tokens(response, old, asked_at)

    return refresh


def require_client_id(settings: Settings) -> None:
    """Check that there is a client id.

    Raises:
        SettingsError: There is none.
    """
    if not settings.client_id:
        message = f"No client_id is set. {CLIENT_ID_FROM}"
        raise SettingsError(message, name="client_id")


async def send_to_token_endpoint(http: Transport, request: Request) -> ResponseLike:
    """Send *request*; return the response, also one with an error status.

    The request, which holds secrets, is kept out of every error.

    Raises:
        TokenUnavailable: No response came.
    """
    cause: TransportError | None = None
    try:
        async with asyncio.timeout(TOKEN_WAIT):
            return await http.send(request)
    except StatusError as error:
        if error.response is not None:
            return error.response
        failure = ""
    except TransportError as error:
        error.request = None
        cause, failure = error, f" ({type(error).__name__})"
    except TimeoutError:
        failure = f" within {TOKEN_WAIT:g} s"
    # Raised here, without the frames of libraries that hold the request.
    raise TokenUnavailable(f"No response from the token endpoint{failure}") from cause
