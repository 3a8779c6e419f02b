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
from sage200_async.auth.sign_in import sign_out
from sage200_async.cli.config import kept_settings, moment, shown, where
from sage200_async.cli.html import DONE, failed
from sage200_async.cli.loopback import Loopback
from sage200_async.errors import Sage200Error, SignInFailed
from sage200_async.settings import require_url

if TYPE_CHECKING:
    from sage200_async import Settings, Tokens

_UNHEARD: Final = "http://127.0.0.1/callback"
# Where the browser ends with --paste: nobody listens, and its address bar
# holds what is pasted.
_GIVEN: Final = ("SAGE200_REFRESH_TOKEN", "SAGE200_ACCESS_TOKEN")


class LoginOptions(Struct, frozen=True, kw_only=True):
    """What the command line asked for."""

    port: int = 0
    redirect_uri: str | None = None
    browser: bool = True
    paste: bool = False
    timeout: float = 300.0
    """Seconds to wait for the browser to come back."""


def login(options: LoginOptions) -> None:
    """Sign a person in, and say where the tokens are and how long they live."""
    settings = kept_settings()
    if options.redirect_uri and not options.paste:
        _require_here(options.redirect_uri)
    if options.paste:
        tokens = _by_paste(settings, options)
    else:
        here = options.redirect_uri or f"http://127.0.0.1:{options.port}/callback"
        tokens = asyncio.run(_by_browser(settings, options, here))
    click.echo("signed in")
    click.echo(f"tokens         {where(settings)}")
    click.echo(f"access token   ends {shown(moment(tokens.expires_at))}")
    click.echo(f"sign in again  by {shown(moment(tokens.refresh_token_expires_at))}")
    _advise(tokens)


async def logout() -> None:
    """Forget the tokens, and say whether there were any."""
    settings = kept_settings()
    held = await sign_out(settings)
    said = "forgotten: the tokens in" if held else "there were no tokens in"
    click.echo(f"{said} {where(settings)}")


def _by_paste(settings: Settings, options: LoginOptions) -> Tokens:
    """Let a person carry the address; not in the event loop, as it blocks."""
    sign_in = AuthorizationRequest.begin(options.redirect_uri or _UNHEARD)
    _offer(create_authorization_url(settings, sign_in), browser=False)
    click.echo(
        "Sign in, then paste the whole address that the browser ends at:", err=True
    )
    redirected = sys.stdin.readline()
    return asyncio.run(exchange_code(settings, sign_in, redirected))


async def _by_browser(settings: Settings, options: LoginOptions, here: str) -> Tokens:
    async with Loopback(here) as loopback:
        sign_in = AuthorizationRequest.begin(loopback.redirect_uri)
        _offer(create_authorization_url(settings, sign_in), browser=options.browser)
        redirected = await _redirect(loopback, options.timeout)
        try:
            tokens = await exchange_code(settings, sign_in, redirected)
        except Sage200Error as error:
            await loopback.show(failed(str(error)))
            raise
        await loopback.show(DONE)
        return tokens


async def _redirect(loopback: Loopback, seconds: float) -> str:
    try:
        return await asyncio.wait_for(loopback.redirect(), seconds)
    except TimeoutError:
        message = f"nobody came back from the browser within {seconds:g} s: begin again"
        raise SignInFailed(message, reason="timeout") from None


def _offer(url: str, *, browser: bool) -> None:
    """Print *url*, and open it where wanted."""
    click.echo("Open this address in a browser:", err=True)
    click.echo(url)
    if browser:
        # A browser that runs in the terminal returns when it is left.
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _require_here(redirect_uri: str) -> None:
    require_url("redirect_uri", redirect_uri, secure=True)
    if urlsplit(redirect_uri).scheme != "http":
        message = "--redirect-uri: expected http on this machine, or --paste with https"
        raise click.UsageError(message)


def _advise(tokens: Tokens) -> None:
    """Say what will surprise."""
    if not tokens.refresh_token:
        click.echo(
            "note: no refresh token came: the client's form at Sage may allow none",
            err=True,
        )
    for name in _GIVEN:
        if os.environ.get(name):
            click.echo(f"note: {name} is set, and goes before these tokens", err=True)
