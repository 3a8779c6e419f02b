"""OAuth 2.0 as Sage ID speaks it: addresses, bodies of requests, replies.

Source: developer.sage.com/200/guides/authenticating; keys and parameters as
NangoHQ/nango and hotgluexyz/target-sage-200 use them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from sage200_async.auth.stores import Tokens
from sage200_async.errors import (
    SignInFailed,
    TokenError,
    TokenRefused,
    TokenUnavailable,
)
from sage200_async.odata.encoding import encode_query
from sage200_async.wire.messages import Request

if TYPE_CHECKING:
    from sage200_async.errors import ResponseLike
    from sage200_async.settings import Settings

R = TypeVar("R")

TOKEN_SECONDS: Final = 28_800.0
"""Life of an access token where the reply does not say: 480 minutes.

Source: Sage 200 API guide, "Getting started".
"""
AUDIENCE: Final = "s200ukipd/sage200"
"""The API that a token is for: one for both editions, the UK and Ireland.

Source: NangoHQ/nango, providers.yaml, "sage-200".
"""
SCOPE: Final = "openid profile email offline_access"
"""What is asked of Sage ID; ``offline_access`` brings a refresh token.

Source: as `AUDIENCE`.
"""

_DAY: Final = 86_400.0
_SHOWN: Final = 200
# Characters of the server's own words that a message shows.
_ANSWERED: Final = frozenset({"state", "code", "error", "error_description"})
# Each at most once (RFC 6749, 3.1); the rest is the redirect URI's own.
_FORM: Final = {
    "content-type": "application/x-www-form-urlencoded",
    "accept": "application/json",
}


def refresh_request(settings: Settings, tokens: Tokens) -> Request:
    """Ask for a new set of tokens.

    It is not idempotent: the server may have retired the old refresh token
    although its reply was lost.
    """
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    return _form_request(settings, form)


def code_request(
    settings: Settings, code: str, redirect_uri: str, verifier: str
) -> Request:
    """Ask for the tokens that a code stands for. A code works once.

    Source: RFC 6749, 4.1.3; RFC 7636, 4.5.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return _form_request(settings, form)


def _form_request(settings: Settings, form: dict[str, str]) -> Request:
    form["client_id"] = settings.client_id
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


def challenge(verifier: str) -> str:
    """Hash *verifier* into what the authorize page is given.

    Source: RFC 7636, 4.2, S256.

    Example:
        >>> challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorize_address(
    settings: Settings, redirect_uri: str, state: str, verifier: str
) -> str:
    """Give the address where a person signs in and consents.

    Source: RFC 6749, 4.1.1; RFC 7636, 4.3.
    """
    query = encode_query(
        (
            ("response_type", "code"),
            ("client_id", settings.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", SCOPE),
            ("audience", AUDIENCE),
            ("state", state),
            ("code_challenge", challenge(verifier)),
            ("code_challenge_method", "S256"),
        )
    )
    joint = "&" if "?" in settings.authorization_url else "?"
    return f"{settings.authorization_url}{joint}{query}"


def read_redirect(url: str, state: str) -> str:
    """Read the code in the address that the browser was sent back to.

    The state is compared first, and in constant time: without it, what the
    address says is a stranger's word.

    Raises:
        SignInFailed: The state is another, the sign-in was refused, or there
            is no code. The message shows neither.

    Source: RFC 6749, 4.1.2 and 10.12.
    """
    pairs = parse_qsl(_query(url), keep_blank_values=True)
    pairs = [pair for pair in pairs if pair[0] in _ANSWERED]
    given = dict(pairs)
    brought = given.get("state", "").encode(errors="replace")
    if len(given) != len(pairs) or not hmac.compare_digest(brought, state.encode()):
        got = "another" if brought else "none"
        message = (
            f"expected the state that this sign-in began with, got {got}: begin again"
        )
        raise SignInFailed(message, reason="state")
    if given.get("error"):
        said = _words(given["error"], given.get("error_description", ""))
        raise SignInFailed(
            f"Sage ID refused the sign-in ({said})", reason=_line(given["error"])
        )
    if not given.get("code"):
        message = "expected an address with a code in it, got none: begin again"
        raise SignInFailed(message, reason="code")
    return given["code"]


def _query(url: str) -> str:
    try:
        return urlsplit(url.strip()).query
    except ValueError:  # a bracket that is none
        return ""


def _words(error: str, description: str) -> str:
    """Put what the server said on one line, without control characters."""
    return _line(f"{error}: {description}".rstrip(": "))


def _line(text: str) -> str:
    shown = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(shown.split())[:_SHOWN]


class _Reply(Struct):
    access_token: Annotated[str, Meta(min_length=1)]
    refresh_token: str | None = None
    expires_in: float | None = None


class _Refusal(Struct):
    error: str
    error_description: str = ""


_REFRESH: Final = (
    "the token endpoint refused to refresh",
    "the refresh token is unknown, used up or past its life",
)
_CODE: Final = (
    "the token endpoint refused the code",
    "the code is used up, past its life, or another client's, redirect URI's or sign-in's",
)


def read_tokens(response: ResponseLike, old: Tokens, now: float) -> Tokens:
    """Read the token endpoint's reply to a refresh.

    Where no new refresh token comes, the old one stands. What is known of the
    sign-in stays as it was.

    Args:
        response: The reply.
        old: The tokens that it replaces.
        now: Seconds since 1970.

    Raises:
        TokenRefused: The endpoint said no.
        TokenUnavailable: The endpoint failed, or its reply is not readable.
            Neither message shows the reply: it may hold a token.
    """
    new = _tokens(response, now, _REFRESH)
    return replace(
        new,
        refresh_token=new.refresh_token or old.refresh_token,
        authorized_at=old.authorized_at,
        refresh_token_expires_at=old.refresh_token_expires_at,
    )


def read_first_tokens(
    response: ResponseLike, now: float, sign_in_days: float
) -> Tokens:
    """Read the token endpoint's reply to a code: tokens of a new sign-in.

    Args:
        response: The reply.
        now: Seconds since 1970.
        sign_in_days: Days that a sign-in lasts. Where no refresh token comes,
            it lasts as long as the access token.

    Raises:
        TokenRefused: The endpoint said no.
        TokenUnavailable: The endpoint failed, or its reply is not readable.
            Neither message shows the reply: it may hold a token.
    """
    new = _tokens(response, now, _CODE)
    ends = now + sign_in_days * _DAY if new.refresh_token else new.expires_at
    return replace(new, authorized_at=now, refresh_token_expires_at=ends)


def _tokens(response: ResponseLike, now: float, asked: tuple[str, str]) -> Tokens:
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise _failure(response, asked)
    reply = _read(response, _Reply)
    if reply is None:
        raise TokenUnavailable("the token endpoint gave no token that can be read")
    return Tokens(
        access_token=reply.access_token,
        refresh_token=reply.refresh_token or "",
        expires_at=now + (reply.expires_in or TOKEN_SECONDS),
        issued_at=now,
    )


def _failure(response: ResponseLike, asked: tuple[str, str]) -> TokenError:
    """Tell a refusal, which is in OAuth's words, from a gateway's page.

    Source: RFC 6749, 5.2.
    """
    said = _read(response, _Refusal)
    passing = response.status == HTTPStatus.TOO_MANY_REQUESTS
    if said is None or passing or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TokenUnavailable(f"the token endpoint answered {response.status}")
    refused, why = asked
    reason = _words(said.error, said.error_description)
    return TokenRefused(
        f"{refused} ({reason}): {why}, or the client id or secret is wrong; sign in again",
        reason=said.error,
    )


def _read(response: ResponseLike, model: type[R]) -> R | None:
    """Read a reply; the parser's error goes no further, as it may hold a token."""
    try:
        return msgspec.json.decode(bytes(response.body), type=model, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
