"""One question to the token endpoint."""

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


def token_refresher(
    settings: Settings, http: Transport, clock: Clock
) -> Callable[[Tokens], Awaitable[Tokens]]:
    """Make the function that asks the token endpoint, once."""

    async def ask(old: Tokens) -> Tokens:
        if not settings.client_id:
            message = "client_id is missing, and a refresh needs it"
            raise SettingsError(message, name="client_id")
        response = await send_to_token_endpoint(http, refresh_request(settings, old))
        return read_tokens(response, old, clock.now())

    return ask


async def send_to_token_endpoint(http: Transport, request: Request) -> ResponseLike:
    """Send *request*; a reply with an error status is one to read, too.

    The request, which holds secrets, is kept out of every error.

    Raises:
        TokenUnavailable: No reply came.
    """
    try:
        async with asyncio.timeout(TOKEN_WAIT):
            return await http.send(request)
    except StatusError as error:
        error.request = None
        if error.response is None:
            raise TokenUnavailable("the token endpoint gave no reply") from error
        return error.response
    except TransportError as error:
        error.request = None
        message = f"the token endpoint gave no reply ({type(error).__name__})"
        raise TokenUnavailable(message) from error
    except TimeoutError as error:
        message = f"the token endpoint gave no reply within {TOKEN_WAIT:g} s"
        raise TokenUnavailable(message) from error
