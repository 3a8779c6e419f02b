"""Tokens as a value and as JSON, and the protocol of a token store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct

from sage200_async.errors import TokenStoreError

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager


class Tokens(Struct, frozen=True, omit_defaults=True):
    """One set of tokens. Its repr shows none of them. Times are seconds since 1970."""

    access_token: str = ""
    """Sent with each request; empty before the first refresh."""
    refresh_token: str = ""
    """Used to obtain new tokens; empty if there is none."""
    expires_at: float | None = None
    """When the access token expires; None if unknown."""
    issued_at: float | None = None
    """When the access token was issued; None if unknown."""
    authorized_at: float | None = None
    """When a person signed in; None if unknown."""
    refresh_token_expires_at: float | None = None
    """When a person has to sign in again; None if unknown.

    A refresh does not move it.
    """
    refresh_started_at: float | None = None
    """When a refresh with this refresh token was started; None if it was not.

    Stored before the token endpoint is asked, and replaced by the new tokens.
    If present outside a refresh, a refresh was interrupted.
    """
    refresh_failures: int = 0
    """Refreshes in a row for which the token endpoint was unavailable."""
    refresh_not_before: float | None = None
    """When the token endpoint may be asked again, after such a refresh."""
    issuer: str = ""
    """The host that issued them; empty if unknown."""
    client_id: str = ""
    """The client that they were issued to; empty if unknown."""

    def __repr__(self) -> str:
        names = ("access_token", "refresh_token")
        present = [name for name in names if getattr(self, name)]
        return f"Tokens(holds={present}, expires_at={self.expires_at})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no more in rich than in `repr`; msgspec's own shows every field."""
        return [("expires_at", self.expires_at)]


def encode(tokens: Tokens) -> bytes:
    """Return *tokens* as JSON."""
    return msgspec.json.encode(tokens)


def decode(data: bytes | str | None, store: str) -> Tokens | None:
    """Return the tokens in *data*; fields of a later version are ignored.

    Args:
        data: JSON, or None for no tokens. No variable of the caller holds it: a
            traceback may be shown with its variables.
        store: The name of the store, for the message.

    Raises:
        TokenStoreError: *data* is something else. Neither the message nor a
            cause shows it: it may hold a token.
    """
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=Tokens)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        size = f"{len(data)} {'characters' if isinstance(data, str) else 'bytes'}"
    del data
    raise TokenStoreError(
        f"{store}: expected tokens as JSON, got {size} of something else. Remove it "
        "and sign in again with `sage200 login`."
    )


class TokenStore(Protocol):
    """Where tokens are kept between refreshes, and the lock that a refresh holds.

    A refresh holds the lock and saves the new tokens before anything uses them.
    So a store that outlives the process always has the current tokens, and
    processes that share a store refresh once between them.

    A store that fails raises `TokenStoreError`.
    """

    async def load(self) -> Tokens | None:
        """Return the tokens, or None if there are none."""
        ...

    async def save(self, tokens: Tokens) -> None:
        """Store *tokens* atomically; on return they are durable."""
        ...

    async def clear(self) -> None:
        """Delete the tokens."""
        ...

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Return a lock that all users of this store share.

        It is not reentrant. If its holder dies, it must soon be free again.
        """
        ...


class MemoryStore:
    """Keeps tokens for the life of the process.

    It may be used in one event loop after another, not in two at once.
    """

    def __init__(self) -> None:
        self._tokens: Tokens | None = None
        self._lock = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def load(self) -> Tokens | None:
        """Return the tokens, or None if there are none."""
        return self._tokens

    async def save(self, tokens: Tokens) -> None:
        """Store *tokens*."""
        self._tokens = tokens

    async def clear(self) -> None:
        """Delete the tokens."""
        self._tokens = None

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Return a lock between the tasks of an event loop.

        Raises:
            TokenStoreError: It is held in another event loop.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            used = self._loop is not None and not self._loop.is_closed()
            if used and self._lock.locked():
                raise TokenStoreError(
                    "memory://: the tokens are being refreshed in another event loop. "
                    "Use file:// for clients in several loops or processes."
                )
            self._loop, self._lock = loop, asyncio.Lock()
        return self._lock
