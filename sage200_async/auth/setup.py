"""From settings to the token manager of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.auth.owner import TokenOwner
from sage200_async.auth.stores import Tokens, store_at
from sage200_async.auth.token_endpoint import token_refresher
from sage200_async.auth.token_manager import TokenManager

if TYPE_CHECKING:
    from sage200_async.events import Events
    from sage200_async.settings import Settings
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
