"""The settings and the token store of the command line."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click
from msgspec.structs import replace

from sage200_async import Settings
from sage200_async.cli.messages import note
from sage200_async.profiles.folder import profiles_path, token_path
from sage200_async.profiles.source import Source, find_source

_CHOSEN: Final = "sage200.profile"


def require_named(_: click.Context, __: click.Parameter, name: str | None) -> str:
    """Return the name of ``--profile``, or "" if the option is left out.

    Raises:
        click.BadParameter: It is there, and empty: a variable of a script may be unset.
    """
    if name == "":
        message = "expected a name, got nothing; leave it out for the default profile"
        raise click.BadParameter(message)
    return name or ""


def _remember(
    context: click.Context, option: click.Parameter, name: str | None
) -> None:
    context.meta[_CHOSEN] = require_named(context, option, name) or None


PROFILE: Final = click.option(
    "--profile",
    metavar="NAME",
    expose_value=False,
    callback=_remember,
    help="Profile to use; default: SAGE200_PROFILE, else the default profile. "
    "`sage200 profiles` lists them; `none` takes environment variables only.",
)


def chosen_profile() -> str | None:
    """Return the profile of ``--profile``, or None."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(_CHOSEN)


def settings_source() -> Source:
    """Return where the settings of this command come from."""
    return find_source(os.environ, chosen_profile())


def request_settings() -> Settings:
    """Return the settings of a command that sends requests.

    Tokens from the environment are used as they are. Without any, the tokens
    that ``sage200 login`` stored are used and refreshed. Where nothing is set, the
    first request is refused, with what to do.
    """
    source = settings_source()
    if source.kind == "nothing":
        store = token_path(os.environ).as_uri()
        return replace(Settings.from_env(), token_store=store)
    settings = Settings.load(chosen_profile())
    if source.kind == "environment":
        _note_unused_profiles(source, settings)
    return settings


def login_settings() -> Settings:
    """Return the settings for signing in or out, with a store that lasts."""
    settings, source = request_settings(), settings_source()
    if settings.token_store != "memory://" or os.environ.get("SAGE200_TOKEN_STORE"):
        return settings
    store = token_path(os.environ, source.profile).as_uri()
    return replace(settings, token_store=store)


def store_location(settings: Settings) -> str:
    """Return where tokens are stored, without the store's password."""
    store = settings.token_store
    if not isinstance(store, str):
        return type(store).__name__
    url = urlsplit(store)
    if url.scheme == "file":
        return url2pathname(url.path)
    netloc = url.netloc.rpartition("@")[2]
    return f"{url.scheme}://{netloc}{url.path}"


def utc_time(seconds: float | None) -> datetime | None:
    """Return the time *seconds* after 1970 began, to the second, in UTC."""
    try:
        return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):  # a year that no calendar has
        return None


def time_text(time: datetime | None) -> str:
    """Return a time as text, marked as UTC."""
    return "unknown" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _note_unused_profiles(source: Source, settings: Settings) -> None:
    """Print why no profile is used, where the environment is not enough."""
    signs_in = settings.client_id or settings.access_token
    path = profiles_path(os.environ)
    if not (signs_in and settings.site and settings.company) and Path(path).exists():
        note(
            f"note: {source} in the environment, so the profiles in {path} are not used"
        )
