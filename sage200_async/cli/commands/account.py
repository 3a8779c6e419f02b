"""Commands for signing in and out, and for whose data it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from sage200_async.cli import login as login_command
from sage200_async.cli import whoami as whoami_command
from sage200_async.cli.config import PROFILE
from sage200_async.cli.options import AS_JSON
from sage200_async.cli.running import run_async

_SIGN_IN_OPTIONS: Final = (
    click.option(
        "--port",
        default=0,
        show_default=True,
        type=click.IntRange(0, 65535),
        help="Port on this machine that the browser is redirected to; 0 is a free one.",
    ),
    click.option(
        "--redirect-uri",
        help="Redirect URI as registered at Sage, instead of --port; for example "
        "http://127.0.0.1:8080/callback.",
    ),
    click.option(
        "--no-browser",
        is_flag=True,
        help="Print the address to open, without opening a browser.",
    ),
    click.option(
        "--paste",
        is_flag=True,
        help="Paste the address that the browser ends at. For an https redirect URI, or "
        "a browser on another machine. Opens no browser.",
    ),
    click.option(
        "--timeout",
        default=300.0,
        show_default=True,
        type=click.FloatRange(min=0, min_open=True),
        help="Seconds to wait for the browser. Does not apply to --paste.",
    ),
)


def sign_in_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a sign-in with a browser."""
    for option in reversed(_SIGN_IN_OPTIONS):
        command = option(command)
    return command


@click.command()
@PROFILE
@sign_in_options
def login(*, no_browser: bool, **options: Any) -> None:
    """Sign in to Sage with a browser, and store the tokens.

    The client is that of the profile (`sage200 init` makes one), or
    SAGE200_CLIENT_ID and, if it has a secret, SAGE200_CLIENT_SECRET. Tokens are
    stored where the profile or SAGE200_TOKEN_STORE says, otherwise in a file in
    your configuration folder.
    """
    login_command.login(login_command.LoginOptions(browser=not no_browser, **options))


@click.command()
@PROFILE
def logout() -> None:
    """Delete the tokens that `sage200 login` stored.

    This does not withdraw consent; do that in your Sage account.
    """
    run_async(login_command.logout())


@click.command()
@PROFILE
@AS_JSON
def whoami(*, as_json: bool) -> None:
    """Show the signed-in user, the companies, and when the sign-in expires."""
    run_async(whoami_command.whoami(as_json=as_json))
