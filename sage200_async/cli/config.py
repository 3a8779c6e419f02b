"""Where the command line keeps tokens, and how it says so."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from urllib.parse import urlsplit
from urllib.request import url2pathname

from msgspec.structs import replace
from platformdirs import user_config_path

from sage200_async import Settings


def settings() -> Settings:
    """Read the settings of a command that asks something.

    Tokens that the environment gives are used as they are given. Without any,
    those that ``sage200 login`` stored are used, and kept up.
    """
    given = Settings.from_env()
    return given if given.refresh_token or given.access_token else _kept(given)


def kept_settings() -> Settings:
    """Read the settings of a command that signs in or out: with a store that lasts."""
    return _kept(Settings.from_env())


def where(settings: Settings) -> str:
    """Say where tokens are kept, without a store's password."""
    store = settings.token_store
    if not isinstance(store, str):
        return type(store).__name__
    parts = urlsplit(store)
    if parts.scheme == "file":
        return url2pathname(parts.path)
    netloc = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{netloc}{parts.path}"


def moment(seconds: float | None) -> datetime | None:
    """Give the time that is *seconds* after 1970 began, to the second, in UTC."""
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)


def shown(time: datetime | None) -> str:
    """Write a time, and that it is UTC."""
    return "unknown" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _kept(given: Settings) -> Settings:
    if "SAGE200_TOKEN_STORE" in os.environ:
        return given
    path = user_config_path("sage200", appauthor=False) / "tokens.json"
    return replace(given, token_store=path.as_uri())
