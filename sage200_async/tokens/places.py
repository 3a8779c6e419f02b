"""From a store's URL to the store."""

from __future__ import annotations

from sage200_async.errors import SettingsError
from sage200_async.tokens.base import MemoryStore, TokenStore


def store_at(place: TokenStore | str) -> TokenStore:
    """Give the store that *place* is, or that it is the URL of.

    Raises:
        SettingsError: No store is known under that URL.
    """
    if not isinstance(place, str):
        return place
    if place == "memory://":
        return MemoryStore()
    message = f"token_store: expected a store or 'memory://', got {place!r}"
    raise SettingsError(message, name="token_store")
