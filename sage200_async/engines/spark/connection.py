"""Settings of the driver, and those that go to executors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from sage200_async.errors import SettingsError
from sage200_async.settings import Settings

if TYPE_CHECKING:
    from sage200_async.client import Sage200Client


def driver_settings(profile: str, token_store: str) -> Settings:
    """Return the settings of the environment, or of a profile; reads files.

    Args:
        profile: Its name; empty for the choice that `Settings.load` makes.
        token_store: Where the tokens are, if elsewhere than the settings say.

    Raises:
        SettingsError: There are none, they are wrong, or a refresh token has no store.
    """
    settings = Settings.load(profile or None)
    if token_store:
        settings = _with(settings, token_store=token_store)
    if settings.refresh_token and settings.token_store == "memory://":
        message = (
            "Spark plans in several processes, and a refresh token works once: keep "
            "the tokens in a store that all of them reach, by the option tokenStore or "
            "by SAGE200_TOKEN_STORE, such as file:///path/tokens.json or redis://host/0"
        )
        raise SettingsError(message, name="token_store")
    return settings


async def executor_settings(client: Sage200Client, token_store: str) -> Settings:
    """Return the settings with which executors read; they can be pickled.

    With *token_store* they refresh tokens as the driver does. Without one they have an
    access token, and no secret that outlives it.

    Args:
        client: That of the driver.
        token_store: As in the options.
    """
    if token_store:
        return _with(client.settings, refresh_token="", access_token="")
    return (await client.access_token()).settings_for(client.settings)


def _with(settings: Settings, **changes: Any) -> Settings:
    # Not `replace`, which checks nothing before msgspec 0.20.
    values: dict[str, Any] = asdict(settings) | changes
    return Settings(**values)
