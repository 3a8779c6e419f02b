"""Tokens as a value, and what keeps them."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from sage200_async.errors import SettingsError


class Tokens(Struct, frozen=True):
    """One set of tokens. Its repr shows none of them."""

    access_token: str = ""
    """What each request carries; empty before the first refresh."""
    refresh_token: str = ""
    """What the next set is bought with; empty where there is none."""
    expires_at: float | None = None
    """When the access token ends, in seconds since 1970; None if unknown."""
    issued_at: float | None = None
    """When the access token came, in seconds since 1970; None if unknown."""

    def __repr__(self) -> str:
        held = [
            name for name in ("access_token", "refresh_token") if getattr(self, name)
        ]
        return f"Tokens(holds={held}, expires_at={self.expires_at})"


class TokenStore(Protocol):
    """Where tokens live between refreshes.

    A refresh saves before anything uses what it brought, so a store that
    outlives the process never falls behind the service.
    """

    async def load(self) -> Tokens | None:
        """Give the tokens, or None when nothing has been saved yet."""
        ...

    async def save(self, tokens: Tokens) -> None:
        """Keep *tokens*, durably before returning."""
        ...


class MemoryStore:
    """Keeps tokens for the life of the process, and no longer."""

    def __init__(self) -> None:
        self._tokens: Tokens | None = None

    async def load(self) -> Tokens | None:
        """Give the tokens."""
        return self._tokens

    async def save(self, tokens: Tokens) -> None:
        """Keep *tokens*."""
        self._tokens = tokens


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
