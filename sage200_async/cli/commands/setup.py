"""Commands for setting up: a profile, and what is wrong where something is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sage200_async.cli import init as init_command
from sage200_async.cli import profiles as profiles_command
from sage200_async.cli.commands.account import sign_in_options
from sage200_async.cli.config import PROFILE, require_named
from sage200_async.cli.doctor import report as doctor_command
from sage200_async.cli.login import LoginOptions
from sage200_async.cli.options import AS_JSON
from sage200_async.cli.running import run_async

_LOCAL = "http://127.0.0.1:8200"


@click.command()
@click.option(
    "--profile",
    metavar="NAME",
    callback=require_named,
    help="Name of the profile; default: SAGE200_PROFILE, else `default`.",
)
@click.option("--client-id", default="", help="Client id that Sage issued to you.")
@click.option(
    "--client-secret-file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="File with the client's secret; - reads standard input. Default: "
    "SAGE200_CLIENT_SECRET, else it is asked for.",
)
@click.option(
    "--edition",
    type=click.Choice(("professional", "standard")),
    help="Edition of Sage 200; default: the one that lists companies.",
)
@click.option("--site", default="", help="GUID of the site, if there are several.")
@click.option(
    "--company", default="", help="Number of the company, if there are several."
)
@click.option(
    "--sandbox",
    is_flag=False,
    flag_value=_LOCAL,
    default="",
    metavar="[URL]",
    help=f"Use the sandbox at URL, which `sage200 sandbox` serves; default: {_LOCAL}.",
)
@click.option(
    "--secrets",
    type=click.Choice(("keyring", "file")),
    help="Keep the secret and the tokens in the keyring, or in files that only you can "
    "read; default: the keyring. Without a keyring, `file` has to be said.",
)
@click.option("--overwrite", is_flag=True, help="Replace a profile without asking.")
@sign_in_options
def init(*, edition: str | None, secrets: str | None, **options: Any) -> None:
    """Set up a profile: client, sign-in, company.

    Asks for the client id and the secret that Sage issued to you, signs in with
    a browser, lists your companies, and saves the one that you choose as a
    profile, which all commands and `Sage200Client()` use from then on. A web
    client, whose redirect URI is https, needs --redirect-uri URI --paste.

    To try it without Sage: run `sage200 sandbox --port 8200` in one terminal,
    and `sage200 init --sandbox` in another.
    """
    names = ("port", "redirect_uri", "paste", "timeout")
    login = LoginOptions(
        browser=not options.pop("no_browser"),
        **{name: options.pop(name) for name in names},
    )
    init_command.init(
        init_command.InitOptions(
            login=login, edition=edition or "", secrets=secrets or "", **options
        )
    )


@click.group(invoke_without_command=True)
@click.pass_context
def profiles(context: click.Context) -> None:
    """List the profiles that `sage200 init` saved; * marks the one in use."""
    if context.invoked_subcommand is None:
        profiles_command.list_profiles()


@profiles.command()
@click.argument("name")
def use(name: str) -> None:
    """Make NAME the default profile."""
    profiles_command.use_profile(name)


@profiles.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove the profile NAME, its secret and its tokens.

    This does not withdraw consent; do that in your Sage account.
    """
    run_async(profiles_command.remove_profile(name))


@click.command()
@PROFILE
@click.option(
    "--days",
    default=7.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Days that the sign-in has to last; if fewer are left, the exit status is 4.",
)
@AS_JSON
def doctor(*, days: float, as_json: bool) -> int:
    """Find out what is wrong between this machine and your company, and its cure.

    Checks settings, DNS, proxy, connection, TLS, clock, token, sites, company,
    role, tunnel, edition and version; nothing in Sage is changed. The exit status
    is 0 if all is well, 2 if a setting is wrong, 4 if a person has to sign in (now,
    or within --days), and 1 if something else failed; warnings (!) do not count.
    Run it daily to know before the sign-in ends.
    """
    return run_async(doctor_command.doctor(days=days, as_json=as_json))
