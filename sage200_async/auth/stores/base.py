"""Tokens as a value, and what a store of them is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager


class Tokens(Struct, frozen=True, omit_defaults=True):
    """One set of tokens. Its repr shows none of them. Times are since 1970."""

    access_token: str = ""
    """What each request carries; empty before the first refresh."""
    refresh_token: str = ""
    """What the next set is bought with; empty where there is none."""
    expires_at: float | None = None
    """When the access token ends, in seconds; None if unknown."""
    issued_at: float | None = None
    """When the access token came, in seconds; None if unknown."""
    authorized_at: float | None = None
    """When a person signed in, in seconds; None if unknown."""
    refresh_token_expires_at: float | None = None
    """When a person has to sign in again, in seconds; None if unknown.

    Refreshing does not move it.
    """
    refresh_started_at: float | None = None
    """When a refresh with this refresh token was begun, in seconds.

    It is stored before the token endpoint is asked, and gone once the new
    tokens are stored: who finds it knows that a refresh was cut off.
    """

    def __repr__(self) -> str:
        held = [
            name for name in ("access_token", "refresh_token") if getattr(self, name)
        ]
        return f"Tokens(holds={held}, expires_at={self.expires_at})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than `repr` does: msgspec's own shows every field."""
        return [("expires_at", self.expires_at)]


class TokenStore(Protocol):
    """Where tokens live between refreshes, and who may refresh them.

    A refresh holds the lock, and saves before anything uses what it brought,
    so that a store which outlives the process never falls behind the service,
    and processes that share one refresh once between them.

    A store that fails raises `TokenStoreError`.
    """

    async def load(self) -> Tokens | None:
        """Give the tokens, or None when there are none."""
        ...

    async def save(self, tokens: Tokens) -> None:
        """Keep *tokens*, durably before returning, and whole or not at all."""
        ...

    async def clear(self) -> None:
        """Forget the tokens."""
        ...

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Keep everyone else who shares this store out, while it is entered.

        It is not reentrant. Whoever holds it and dies must not hold it long.
        """
        ...


class MemoryStore:
    """Keeps tokens for the life of the process, and no longer."""

    def __init__(self) -> None:
        self._tokens: Tokens | None = None
        self._lock = asyncio.Lock()

    async def load(self) -> Tokens | None:
        """Give the tokens, or None when there are none."""
        return self._tokens

    async def save(self, tokens: Tokens) -> None:
        """Keep *tokens*."""
        self._tokens = tokens

    async def clear(self) -> None:
        """Forget the tokens."""
        self._tokens = None

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Keep the other tasks out."""
        return self._lock
