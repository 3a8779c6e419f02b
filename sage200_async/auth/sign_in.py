"""Sign a person in with an authorization code and PKCE.

Two steps, with the browser in between: send it to `create_authorization_url`,
then pass the URL that it is redirected to, to `exchange_code`.

Source: RFC 6749, 4.1; RFC 7636; RFC 8252 for desktop programs. Sage documents
the code; its identity service supports PKCE, and this library always uses it.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from sage200_async._url_checks import require_url
from sage200_async.auth.oauth import (
    authorization_url,
    code_request,
    read_first_tokens,
    read_redirect,
)
from sage200_async.auth.owner import TokenOwner
from sage200_async.auth.stores import store_at
from sage200_async.auth.token_endpoint import (
    require_client_id,
    send_to_token_endpoint,
)
from sage200_async.errors import SettingsError, SignInFailed
from sage200_async.transport.base import Clock
from sage200_async.transport.http import HttpTransport

if TYPE_CHECKING:
    import ssl

    from sage200_async.auth.stores import Tokens
    from sage200_async.settings import Settings
    from sage200_async.wire.messages import Request

_log = logging.getLogger(__name__)

_RANDOM_BYTES: Final = 32
# In a state and in a code verifier: 43 characters (RFC 7636, 4.1).


class AuthorizationRequest(Struct, frozen=True):
    """One sign-in in progress. Its repr shows neither state nor code verifier.

    It can be pickled: a web application keeps it in the person's session, on
    the server, until the browser is redirected back.
    """

    redirect_uri: str
    """Where Sage ID redirects the browser to: https, or http on this machine."""
    state: str
    """Returned with the redirect; shows that it belongs to this sign-in."""
    code_verifier: str
    """Shows the token endpoint that this sign-in asked for the code."""

    def __post_init__(self) -> None:
        """Check what can be checked without I/O."""
        require_url("redirect_uri", self.redirect_uri, secure=True)
        if urlsplit(self.redirect_uri).fragment:
            message = (
                "redirect_uri: expected a URL without a fragment (RFC 6749, 3.1.2), "
                "got one with #"
            )
            raise SettingsError(message, name="redirect_uri")

    def __repr__(self) -> str:
        return f"AuthorizationRequest(redirect_uri={self.redirect_uri!r}, state=..., code_verifier=...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no more in rich than in `repr`; msgspec's own shows every field."""
        return [("redirect_uri", self.redirect_uri)]

    @classmethod
    def begin(cls, redirect_uri: str) -> AuthorizationRequest:
        """Return a new sign-in: one for each person, and for each attempt.

        Args:
            redirect_uri: Where the browser is redirected to. For a web client,
                one of those registered with Sage.

        Raises:
            SettingsError: *redirect_uri* is neither https nor on this machine.

        Example:
            >>> AuthorizationRequest.begin("https://app.example/callback")
            AuthorizationRequest(redirect_uri='https://app.example/callback', state=..., code_verifier=...)
        """
        # In no variable, which a traceback may show.
        return cls(redirect_uri, *map(secrets.token_urlsafe, (_RANDOM_BYTES,) * 2))


def create_authorization_url(settings: Settings, sign_in: AuthorizationRequest) -> str:
    """Return the URL to send the browser to; no I/O.

    Args:
        settings: ``client_id`` and ``authorization_url`` are used.
        sign_in: The sign-in in progress.

    Raises:
        SettingsError: There is no ``client_id``.

    Example:
        >>> sign_in = AuthorizationRequest.begin("https://app.example/callback")
        >>> create_authorization_url(Settings(client_id="ours"), sign_in)
        'https://id.sage.com/authorize?response_type=code&client_id=ours&...'
    """
    require_client_id(settings)
    return authorization_url(
        settings, sign_in.redirect_uri, sign_in.state, sign_in.code_verifier
    )


async def exchange_code(
    settings: Settings,
    sign_in: AuthorizationRequest,
    redirect_url: str,
    *,
    ssl_context: ssl.SSLContext | None = None,
) -> Tokens:
    """Exchange the code in the redirect for tokens, and store them.

    They are in ``settings.token_store`` when this returns. The store's lock is
    held throughout: the code is not used up if the store cannot be locked, and
    a refresh of the previous tokens cannot overwrite these. The request is not
    repeated: a code works once.

    Args:
        settings: The client, with the store of the person who signs in.
        sign_in: The sign-in that this browser was sent with.
        redirect_url: The whole URL that the browser was redirected to.
        ssl_context: As that of the client.

    Returns:
        The tokens. Without a refresh token (Sage may have issued the client
        without ``offline_access``) the sign-in ends when the access token
        expires; a warning is logged.

    Raises:
        SignInFailed: It was refused, or is not this sign-in; nothing was sent.
        TokenRefused: The token endpoint refused the code.
        TokenUnavailable: The token endpoint sent no usable response.
        TokenStoreError: The store failed.
        SettingsError: There is no ``client_id``.

    Source:
        RFC 6749, 4.1.3.
    """
    require_client_id(settings)
    request = _code_request(settings, sign_in, redirect_url)
    del redirect_url  # it holds the code, and tracebacks may show variables
    if isinstance(request, SignInFailed):
        raise request
    store = store_at(settings.token_store)
    async with store.lock():
        tokens = await _request_tokens(settings, request, ssl_context)
        tokens = TokenOwner.of(settings).mark(tokens)
        await store.save(tokens)
    if not tokens.refresh_token:
        _log.warning(
            "no refresh token was issued: the sign-in ends when the access token expires"
        )
    return tokens


async def sign_out(settings: Settings) -> bool:
    """Delete the tokens in ``settings.token_store``.

    They stay valid at Sage, which documents no way to revoke them. Consent is
    withdrawn in the person's Sage account.

    Returns:
        Whether there were any.

    Raises:
        TokenStoreError: The store failed.
    """
    store = store_at(settings.token_store)
    async with store.lock():
        tokens = await store.load()
        await store.clear()
    return tokens is not None and bool(tokens.access_token or tokens.refresh_token)


def _code_request(
    settings: Settings, sign_in: AuthorizationRequest, redirect_url: str
) -> Request | SignInFailed:
    code = read_redirect(redirect_url, sign_in.state)
    if isinstance(code, SignInFailed):
        return code
    return code_request(settings, code, sign_in.redirect_uri, sign_in.code_verifier)


async def _request_tokens(
    settings: Settings, request: Request, ssl_context: ssl.SSLContext | None
) -> Tokens:
    clock = Clock()
    http = HttpTransport(settings, clock, connections=1, ssl_context=ssl_context)
    asked_at = clock.now()
    await http.open()
    try:
        response = await send_to_token_endpoint(http, request)
    finally:
        await http.close()
    return read_first_tokens(response, asked_at, settings.sign_in_days)
