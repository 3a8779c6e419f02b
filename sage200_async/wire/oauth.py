"""OAuth 2.0 as Sage ID speaks it: bodies of requests, reading of replies.

Source: developer.sage.com/200/guides/authenticating; keys and parameters as
NangoHQ/nango and hotgluexyz/target-sage-200 use them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from sage200_async.errors import TokenError, TokenRefused, TokenUnavailable
from sage200_async.wire.messages import Request

if TYPE_CHECKING:
    from sage200_async.settings import Settings
    from sage200_async.tokens import Tokens
    from sage200_async.wire.messages import Response

R = TypeVar("R")

TOKEN_SECONDS: Final = 28_800.0
"""Life of an access token where the reply does not say: 480 minutes.

Source: Sage 200 API guide, "Getting started".
"""

_FORM: Final = {
    "content-type": "application/x-www-form-urlencoded",
    "accept": "application/json",
}


def refresh_request(settings: Settings, tokens: Tokens) -> Request:
    """Ask for a new set of tokens.

    It is not idempotent: the server may have retired the old refresh token
    although its reply was lost.
    """
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens.refresh_token,
        "client_id": settings.client_id,
    }
    if settings.client_secret:
        form["client_secret"] = settings.client_secret
    return Request(
        method="POST",
        base_url=settings.token_url,
        path="",
        headers=_FORM,
        body=urlencode(form).encode(),
        idempotent=False,
    )


class _Reply(Struct):
    access_token: Annotated[str, Meta(min_length=1)]
    refresh_token: str | None = None
    expires_in: float | None = None


class _Refusal(Struct):
    error: str
    error_description: str = ""


def read_tokens(response: Response, old: Tokens, now: float) -> Tokens:
    """Read the token endpoint's reply.

    Where no new refresh token comes, the old one stands. When a person signed
    in, and until when that holds, stands too: refreshing moves neither.

    Args:
        response: The reply.
        old: The tokens that it replaces.
        now: Seconds since 1970.

    Raises:
        TokenRefused: The endpoint said no.
        TokenUnavailable: The endpoint failed, or its reply is not readable.
            Neither message shows the reply: it may hold a token.
    """
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise _failure(response)
    reply = _read(response, _Reply)
    if reply is None:
        raise TokenUnavailable("the token endpoint gave no token that can be read")
    return replace(
        old,
        access_token=reply.access_token,
        refresh_token=reply.refresh_token or old.refresh_token,
        expires_at=now + (reply.expires_in or TOKEN_SECONDS),
        issued_at=now,
        spent_at=None,
    )


def _failure(response: Response) -> TokenError:
    """Tell a refusal, which is in OAuth's words, from a gateway's page.

    Source: RFC 6749, 5.2.
    """
    said = _read(response, _Refusal)
    passing = response.status == HTTPStatus.TOO_MANY_REQUESTS
    if said is None or passing or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TokenUnavailable(f"the token endpoint answered {response.status}")
    reason = f"{said.error}: {said.error_description}".rstrip(": ")
    return TokenRefused(
        f"the token endpoint refused to refresh ({reason}): the refresh token is "
        "unknown, used up or past its life, or the client id or secret is wrong; "
        "sign in again",
        reason=said.error,
    )


def _read(response: Response, model: type[R]) -> R | None:
    """Read a reply; the parser's error goes no further, as it may hold a token."""
    try:
        return msgspec.json.decode(response.body, type=model, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
