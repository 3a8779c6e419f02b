"""The settings and the token store of the command line."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from urllib.parse import urlsplit
from urllib.request import url2pathname

from msgspec.structs import replace
from platformdirs import user_config_path

from sage200_async import Settings


def request_settings() -> Settings:
    """Return the settings of a command that sends requests.

    Tokens from the environment are used as they are. Without any, the tokens
    that ``sage200 login`` stored are used and refreshed.
    """
    settings = Settings.from_env()
    has_token = settings.refresh_token or settings.access_token
    return settings if has_token else _with_token_file(settings)


def login_settings() -> Settings:
    """Return the settings for signing in or out, with a store that lasts."""
    return _with_token_file(Settings.from_env())


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
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)


def time_text(time: datetime | None) -> str:
    """Return a time as text, marked as UTC."""
    return "unknown" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _with_token_file(settings: Settings) -> Settings:
    """Store tokens in the configuration folder unless the environment says where."""
    if os.environ.get("SAGE200_TOKEN_STORE"):
        return settings
    path = user_config_path("sage200", appauthor=False) / "tokens.json"
    return replace(settings, token_store=path.as_uri())
