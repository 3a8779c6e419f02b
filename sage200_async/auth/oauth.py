"""OAuth 2.0 with Sage ID: the requests, and how their responses are read.

Source: developer.sage.com/200/guides/authenticating; keys and parameters as
NangoHQ/nango and hotgluexyz/target-sage-200 use them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeVar
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
from sage200_async.errors.foreign_text import one_line
from sage200_async.errors.known_secrets import remember
from sage200_async.odata.encoding import encode_query
from sage200_async.wire.headers import retry_after
from sage200_async.wire.json_types import BYTE_ORDER_MARK
from sage200_async.wire.messages import Request

if TYPE_CHECKING:
    from sage200_async.errors import ResponseLike
    from sage200_async.settings import Settings

R = TypeVar("R")

AUDIENCE: Final = "s200ukipd/sage200"
"""The API that a token is for: the same for both editions, the UK and Ireland.

Source: NangoHQ/nango, providers.yaml, "sage-200".
"""
SCOPE: Final = "openid profile email offline_access"
"""The scopes requested; ``offline_access`` brings a refresh token.

Source: as `AUDIENCE`.
"""

_DAY: Final = 86_400.0
_LONGEST_LIFE: Final = 3_650 * _DAY
_MAX_SHOWN: Final = 200
# Characters of the server's own text that a message shows.
_FINAL: Final = frozenset({"invalid_grant", "invalid_client", "unauthorized_client"})
# The errors that asking again does not cure: the refresh token is refused, or the
# client is (RFC 6749, 5.2). Others come from gateways, or pass by themselves.
_OF_THE_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client"})
_KNOWN: Final = _FINAL | {
    "access_denied",
    "invalid_request",
    "invalid_scope",
    "server_error",
    "slow_down",
    "temporarily_unavailable",
    "unsupported_grant_type",
}
# Shown with their descriptions; what else a gateway sends may be anything.
_PASSING: Final = frozenset({408, 429})
_RESPONSE_PARAMETERS: Final = frozenset({"state", "code", "error", "error_description"})
# Each at most once (RFC 6749, 3.1); others belong to the redirect URI.
_SECRET_PARAMETERS: Final = ("client_secret", "refresh_token", "code", "code_verifier")
_FORM_HEADERS: Final = {
    "content-type": "application/x-www-form-urlencoded",
    "accept": "application/json",
}


def refresh_request(settings: Settings, tokens: Tokens) -> Request:
    """Return the request for a new set of tokens.

    It is not idempotent: the server may have invalidated the old refresh token
    although its response was lost.

    Source: RFC 6749, 6.
    """
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    return _form_request(settings, form)


def code_request(
    settings: Settings, code: str, redirect_uri: str, verifier: str
) -> Request:
    """Return the request that exchanges a code for tokens. A code works once.

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
    remember(*(form.get(name, "") for name in _SECRET_PARAMETERS))
    return Request(
        method="POST",
        base_url=settings.token_url,
        path="",
        headers=_FORM_HEADERS,
        body=urlencode(form).encode(),
        idempotent=False,
    )


def code_challenge(verifier: str) -> str:
    """Return the S256 code challenge of *verifier*.

    Source: RFC 7636, 4.2.

    Example:
        >>> code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorization_url(
    settings: Settings, redirect_uri: str, state: str, verifier: str
) -> str:
    """Return the URL where a person signs in and consents.

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
            ("code_challenge", code_challenge(verifier)),
            ("code_challenge_method", "S256"),
        )
    )
    separator = "&" if "?" in settings.authorization_url else "?"
    return f"{settings.authorization_url}{separator}{query}"


def read_redirect(url: str, state: str) -> str | SignInFailed:
    """Return the code in the URL that the browser was redirected to, or the error.

    The state is compared first, in constant time: without it, anybody may have
    made the URL.

    Returns:
        The code; or an error, if the state is another one, the sign-in was
        refused, or there is no code. Its message shows neither state nor code,
        and it is not raised here, where the variables hold them.

    Source: RFC 6749, 4.1.2 and 10.12.
    """
    values = _parameters_in(url)
    if not has_state(url, state):
        got = "another" if values.get("state") else "none"
        message = (
            f"Expected the state of this sign-in, got {got}: start the sign-in again"
        )
        return SignInFailed(message, reason="state")
    if values.get("error"):
        detail = _one_line(values["error"], values.get("error_description", ""))
        message = f"Sage ID refused the sign-in ({detail})"
        return SignInFailed(message, reason=_one_line(values["error"]))
    if not values.get("code"):
        message = "Expected a URL with a code, got none: start the sign-in again"
        return SignInFailed(message, reason="code")
    return values["code"]


def has_state(url: str, state: str) -> bool:
    """Whether *url* belongs to the sign-in with this state; compared in constant time.

    Source: RFC 6749, 10.12.
    """
    received = _parameters_in(url).get("state", "").encode(errors="replace")
    return hmac.compare_digest(received, state.encode())


def _parameters_in(url: str) -> dict[str, str]:
    """Return the parameters of a response; none if one is there twice."""
    pairs = parse_qsl(_query(url), keep_blank_values=True)
    pairs = [pair for pair in pairs if pair[0] in _RESPONSE_PARAMETERS]
    values = dict(pairs)
    return values if len(values) == len(pairs) else {}


def _query(url: str) -> str:
    try:
        return urlsplit(url.strip()).query
    except ValueError:  # such as an unmatched bracket
        return ""


def _one_line(error: str, description: object = "") -> str:
    """Return the server's text on one line."""
    text = f"{error}: {description if isinstance(description, str) else ''}"
    return one_line(text.rstrip(": "), _MAX_SHOWN)


class _TokenResponse(Struct):
    access_token: Annotated[str, Meta(min_length=1)]
    refresh_token: str | None = None
    expires_in: msgspec.Raw = msgspec.Raw(b"null")


class _ErrorResponse(Struct):
    error: str
    error_description: Any = ""


class _Grant(NamedTuple):
    """What the token endpoint was asked for, in the words of a refusal."""

    refused: str
    cause: str


_REFRESH: Final = _Grant(
    "refused to refresh", "The refresh token is unknown, used or expired"
)
_CODE: Final = _Grant(
    "refused the code",
    "The code is used, expired, or of another sign-in, client or redirect URI",
)


def read_tokens(response: ResponseLike, old: Tokens, now: float) -> Tokens:
    """Return the tokens in the response to a refresh.

    Without a new refresh token, the old one is kept. The times of the sign-in
    are kept, too. A life that cannot be read costs no token: the expiry is
    unknown then.

    Args:
        response: The token endpoint's response.
        old: The tokens that it replaces.
        now: When they were asked for, in seconds since 1970.

    Raises:
        TokenRefused: The endpoint refused for good.
        TokenUnavailable: The endpoint failed, or its response is unreadable.
            Neither message shows the response: it may hold a token.
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
    """Return the tokens in the response to a code: those of a new sign-in.

    Args:
        response: The token endpoint's response.
        now: When they were asked for, in seconds since 1970.
        sign_in_days: Days that a sign-in lasts. Without a refresh token, it
            lasts as long as the access token.

    Raises:
        TokenRefused: The endpoint refused.
        TokenUnavailable: The endpoint failed, or its response is unreadable.
            Neither message shows the response: it may hold a token.
    """
    new = _tokens(response, now, _CODE)
    expires_at = now + sign_in_days * _DAY if new.refresh_token else new.expires_at
    return replace(new, authorized_at=now, refresh_token_expires_at=expires_at)


def _tokens(response: ResponseLike, now: float, grant: _Grant) -> Tokens:
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise _error(response, now, grant)
    body = _decode(bytes(response.body), _TokenResponse)
    if body is None:
        raise TokenUnavailable("The token endpoint's response holds no readable token")
    seconds = _decode(bytes(body.expires_in), float)
    return Tokens(
        access_token=body.access_token,
        refresh_token=body.refresh_token or "",
        expires_at=now + seconds if seconds and 0 < seconds < _LONGEST_LIFE else None,
        issued_at=now,
    )


def _error(response: ResponseLike, now: float, grant: _Grant) -> TokenError:
    """Return a refusal if the OAuth error code is final, else that it is unavailable.

    Source: RFC 6749, 5.2.
    """
    body = _decode(bytes(response.body), _ErrorResponse)
    detail = "" if body is None else _one_line(body.error, body.error_description)
    passing = (
        response.status in _PASSING
        or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
    if body is None or passing or not _is_final(response.status, body.error):
        shown = f" ({detail})" if body is not None and body.error in _KNOWN else ""
        return TokenUnavailable(
            f"The token endpoint responded with status {response.status}{shown}",
            retry_after=retry_after(response.headers, now),
        )
    cause = "C" if body.error in _OF_THE_CLIENT else f"{grant.cause}, or c"
    return TokenRefused(
        f"The token endpoint {grant.refused} ({detail}). {cause}lient_id or client_secret "
        "is wrong (`sage200 init` asks for both): sign in again with `sage200 login`.",
        reason=body.error,
    )


def _is_final(status: int, error: str) -> bool:
    """Whether asking again does not cure an error.

    Source: auth0-samples/auth0-angular-samples #201, auth0/auth0-spa-js #454: to a wrong
    client or secret, Auth0 answers 401 with ``access_denied``, not ``invalid_client``.
    """
    refused = status == HTTPStatus.UNAUTHORIZED and error == "access_denied"
    return refused or error in _FINAL


def _decode(data: bytes, model: type[R]) -> R | None:
    """Decode JSON; drop the parser's error, which may hold a token."""
    try:
        body = data.removeprefix(BYTE_ORDER_MARK)
        return msgspec.json.decode(body, type=model, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
