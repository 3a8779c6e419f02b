"""Signing a person in, by authorization code with PKCE.

Two steps, with a browser in between: send it to `create_authorization_url`, and give the
address that it comes back to, to `exchange_code`.

Source: RFC 6749, 4.1; RFC 7636; RFC 8252 for desktop programs. Sage documents
the code; PKCE is its identity service's, and this library always sends it.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from sage200_async.auth.oauth import (
    authorize_address,
    code_request,
    read_first_tokens,
    read_redirect,
)
from sage200_async.auth.stores import store_at
from sage200_async.auth.token_endpoint import send_to_token_endpoint
from sage200_async.errors import SettingsError
from sage200_async.settings import require_url
from sage200_async.transport.base import Clock
from sage200_async.transport.http import HttpTransport

if TYPE_CHECKING:
    from sage200_async.auth.stores import Tokens
    from sage200_async.settings import Settings

_log = logging.getLogger(__name__)

_BYTES: Final = 32
# Of chance in a state and in a verifier: 43 characters (RFC 7636, 4.1).


class AuthorizationRequest(Struct, frozen=True):
    """One sign-in under way. Its repr shows neither state nor verifier.

    It can be pickled, so that a web application keeps it where it keeps the
    person's session, on the server's side, until the browser comes back.
    """

    redirect_uri: str
    """Where Sage ID sends the browser: https, or http on this machine."""
    state: str
    """Comes back with the browser, and shows that it is the same one."""
    code_verifier: str
    """Shows the token endpoint that whoever has the code also began."""

    def __post_init__(self) -> None:
        """Check what can be checked without I/O."""
        require_url("redirect_uri", self.redirect_uri, secure=True)
        if urlsplit(self.redirect_uri).fragment:
            message = "redirect_uri: expected no fragment (RFC 6749, 3.1.2), got one"
            raise SettingsError(message, name="redirect_uri")

    def __repr__(self) -> str:
        return f"AuthorizationRequest(redirect_uri={self.redirect_uri!r}, state=..., code_verifier=...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than `repr` does: msgspec's own shows every field."""
        return [("redirect_uri", self.redirect_uri)]

    @classmethod
    def begin(cls, redirect_uri: str) -> AuthorizationRequest:
        """Begin a sign-in: one for each person, and for each try.

        Args:
            redirect_uri: Where the browser shall come back to. A web client's
                is one of those that Sage has on its form.

        Raises:
            SettingsError: *redirect_uri* is neither https nor on this machine.

        Example:
            >>> AuthorizationRequest.begin("https://app.example/callback")
            AuthorizationRequest(redirect_uri='https://app.example/callback', state=..., code_verifier=...)
        """
        state, verifier = (secrets.token_urlsafe(_BYTES) for _ in range(2))
        return cls(redirect_uri, state, verifier)


def create_authorization_url(settings: Settings, sign_in: AuthorizationRequest) -> str:
    """Give the address to send the browser to; no I/O.

    Args:
        settings: Of them, ``client_id`` and ``create_authorization_url``.
        sign_in: The sign-in under way.

    Raises:
        SettingsError: There is no ``client_id``.

    Example:
        >>> sign_in = AuthorizationRequest.begin("https://app.example/callback")
        >>> create_authorization_url(Settings(client_id="ours"), sign_in)
        'https://id.sage.com/authorize?response_type=code&client_id=ours&...'
    """
    _require_client(settings)
    return authorize_address(
        settings, sign_in.redirect_uri, sign_in.state, sign_in.code_verifier
    )


async def exchange_code(
    settings: Settings, sign_in: AuthorizationRequest, redirected: str
) -> Tokens:
    """Take what the browser brought back to the token endpoint; store the tokens.

    They are in ``settings.token_store`` when this returns. The store's lock is
    held meanwhile: a store that cannot be locked costs no code, and no refresh
    of the tokens before can end up on top of these. Nobody asks twice: a code
    works once.

    Args:
        settings: The client, with the store of the person who signs in.
        sign_in: The sign-in that this browser began with.
        redirected: The whole address that it came back to.

    Returns:
        The tokens. Without a refresh token, which a client's form at Sage may
        rule out, the sign-in ends with the access token; a warning is logged.

    Raises:
        SignInFailed: It was refused, or began elsewhere; nothing was asked.
        TokenRefused: The token endpoint refused the code.
        TokenUnavailable: The token endpoint gave no usable reply.
        TokenStoreError: The store failed.
        SettingsError: There is no ``client_id``.

    Source:
        RFC 6749, 4.1.3.
    """
    _require_client(settings)
    code = read_redirect(redirected, sign_in.state)
    store = store_at(settings.token_store)
    async with store.lock():
        tokens = await _ask(settings, sign_in, code)
        await store.save(tokens)
    if not tokens.refresh_token:
        _log.warning("signed in without a refresh token: it ends with the access token")
    return tokens


async def sign_out(settings: Settings) -> bool:
    """Forget the tokens in ``settings.token_store``.

    Sage is not told: it documents no way to. Consent is withdrawn there.

    Returns:
        Whether there were any.

    Raises:
        TokenStoreError: The store failed.
    """
    store = store_at(settings.token_store)
    async with store.lock():
        held = await store.load()
        await store.clear()
    return held is not None and bool(held.access_token or held.refresh_token)


async def _ask(settings: Settings, sign_in: AuthorizationRequest, code: str) -> Tokens:
    clock = Clock()
    http = HttpTransport(settings, clock)
    request = code_request(settings, code, sign_in.redirect_uri, sign_in.code_verifier)
    await http.open()
    try:
        response = await send_to_token_endpoint(http, request)
    finally:
        await http.close()
    return read_first_tokens(response, clock.now(), settings.sign_in_days)


def _require_client(settings: Settings) -> None:
    if not settings.client_id:
        message = "client_id is missing, and a sign-in needs it"
        raise SettingsError(message, name="client_id")
