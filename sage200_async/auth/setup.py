"""From settings to the token manager of a client, and what they have to contain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.auth.owner import TokenOwner
from sage200_async.auth.stores import Tokens, store_at
from sage200_async.auth.token_endpoint import CLIENT_ID_FROM, token_refresher
from sage200_async.auth.token_manager import TokenManager
from sage200_async.errors import SettingsError
from sage200_async.settings import Settings

if TYPE_CHECKING:
    from sage200_async.events import Events
    from sage200_async.transport.base import Clock, Transport


def token_manager(
    settings: Settings, http: Transport, clock: Clock, events: Events
) -> TokenManager:
    """Return the manager of the tokens that *settings* name; no I/O.

    Args:
        settings: The store, the client, and the tokens for an empty store.
        http: Where the token endpoint is asked.
        clock: The time.
        events: Receives refreshes, and a sign-in that expires soon.
    """
    seed = Tokens(settings.access_token, settings.refresh_token)
    refresh = token_refresher(settings, http, clock)
    store = store_at(settings.token_store)
    owner = TokenOwner.of(settings)
    return TokenManager(store, seed, refresh, clock, events=events, owner=owner)


def require_settings(settings: object) -> Settings:
    """Return *settings*.

    Raises:
        SettingsError: They are something else.
    """
    if isinstance(settings, Settings):
        return settings
    message = f"expected Settings, such as Settings.load(), got {settings!r}"
    raise SettingsError(message)


def require_credentials(settings: Settings) -> Settings:
    """Return *settings*, unless they would fail at the first request.

    Raises:
        SettingsError: There are no credentials, or they are incomplete.
    """
    store = settings.token_store
    empty = isinstance(store, str) and store.startswith("memory:")
    if empty and not (settings.access_token or settings.refresh_token):
        message = (
            "No credentials are set. Run `sage200 init` (or `sage200 login`), whose tokens "
            "Sage200Client() and Settings.load() find, or set refresh_token, access_token "
            "or token_store (SAGE200_REFRESH_TOKEN and so on)."
        )
        raise SettingsError(message, name="refresh_token")
    if settings.refresh_token and not settings.client_id:
        message = f"A refresh_token needs a client_id. {CLIENT_ID_FROM}"
        raise SettingsError(message, name="client_id")
    return settings
