"""``sage200 login`` and ``sage200 logout``."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click
from msgspec import Struct

from sage200_async import AuthorizationRequest, create_authorization_url, exchange_code
from sage200_async._url_checks import require_url
from sage200_async.auth.sign_in import sign_out
from sage200_async.cli.config import (
    login_settings,
    store_location,
    time_text,
    utc_time,
)
from sage200_async.cli.html import DONE, failed
from sage200_async.cli.loopback import Loopback
from sage200_async.cli.messages import note
from sage200_async.errors import Sage200Error, SignInFailed

if TYPE_CHECKING:
    from sage200_async import Settings, Tokens

_PASTE_URI: Final = "http://127.0.0.1/callback"
# Where the browser ends with --paste: nothing listens there, and the address bar
# shows what to paste.
_TOKEN_VARIABLES: Final = ("SAGE200_REFRESH_TOKEN", "SAGE200_ACCESS_TOKEN")


class LoginOptions(Struct, frozen=True, kw_only=True):
    """The options of ``sage200 login``."""

    port: int = 0
    redirect_uri: str | None = None
    browser: bool = True
    paste: bool = False
    timeout: float = 300.0
    """Seconds to wait for the browser to come back."""


def login(options: LoginOptions) -> None:
    """Sign a person in, and print where the tokens are and when they expire."""
    settings = login_settings()
    tokens = sign_in(settings, options)
    print_tokens(settings, tokens)
    for name in _TOKEN_VARIABLES:
        if os.environ.get(name):
            note(
                f"note: {name} is set and takes precedence; unset it to use these tokens"
            )


def sign_in(settings: Settings, options: LoginOptions) -> Tokens:
    """Sign a person in with a browser; return the tokens, which are stored."""
    if options.paste:
        return _login_by_paste(settings, options)
    if options.redirect_uri:
        _require_loopback(options.redirect_uri)
    return asyncio.run(_login_by_browser(settings, options))


def print_tokens(settings: Settings, tokens: Tokens) -> None:
    """Print where the tokens are and when they expire."""
    sign_in_again = time_text(utc_time(tokens.refresh_token_expires_at))
    click.echo("signed in")
    click.echo(f"tokens         {store_location(settings)}")
    click.echo(f"access token   expires {time_text(utc_time(tokens.expires_at))}")
    click.echo(f"sign in again  by {sign_in_again}")
    if not tokens.refresh_token:
        note("note: Sage sent no refresh token; it may not be enabled for this client")


async def logout() -> None:
    """Delete the stored tokens, and print whether there were any."""
    settings = login_settings()
    deleted = await sign_out(settings)
    message = "tokens deleted from" if deleted else "no tokens in"
    click.echo(f"{message} {store_location(settings)}")


def _login_by_paste(settings: Settings, options: LoginOptions) -> Tokens:
    """Let the person paste the address; it blocks, so no event loop runs yet."""
    request = AuthorizationRequest.begin(options.redirect_uri or _PASTE_URI)
    _show_address(create_authorization_url(settings, request), browser=False)
    click.echo(
        "Sign in, then paste the whole address that the browser ends at:", err=True
    )
    return asyncio.run(exchange_code(settings, request, sys.stdin.readline()))


async def _login_by_browser(settings: Settings, options: LoginOptions) -> Tokens:
    uri = options.redirect_uri or f"http://127.0.0.1:{options.port}/callback"
    async with Loopback(uri) as loopback:
        request = AuthorizationRequest.begin(loopback.redirect_uri)
        url = create_authorization_url(settings, request)
        _show_address(url, browser=options.browser)
        redirect = _wait_for_redirect(loopback, request.state, options.timeout)
        try:
            tokens = await exchange_code(settings, request, await redirect)
        except Sage200Error as error:
            await loopback.show(failed(str(error)))
            raise
        await loopback.show(DONE)
        return tokens


async def _wait_for_redirect(loopback: Loopback, state: str, seconds: float) -> str:
    try:
        return await asyncio.wait_for(loopback.redirect(state), seconds)
    except TimeoutError:
        message = (
            f"the browser did not come back within {seconds:g} s; run `sage200 login` "
            "again, with a longer --timeout if necessary. If Sage refused the redirect "
            "URI, pass one that is registered for your client: --redirect-uri URI, with "
            "--paste if it is https"
        )
        if loopback.ignored:
            message += (
                f" ({loopback.ignored} redirects with another state were ignored)"
            )
        raise SignInFailed(message, reason="timeout") from None


def _show_address(url: str, *, browser: bool) -> None:
    """Print *url*, and open it in a browser if wanted."""
    click.echo("Open this address in a browser:", err=True)
    click.echo(url)
    if browser:
        # A browser that runs in the terminal returns only when it is closed.
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _require_loopback(redirect_uri: str) -> None:
    require_url("redirect_uri", redirect_uri, secure=True)
    if urlsplit(redirect_uri).scheme != "http":
        message = "--redirect-uri must be http on this machine; for https, add --paste"
        raise click.UsageError(message)
