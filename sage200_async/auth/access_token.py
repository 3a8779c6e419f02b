"""An access token for other processes, and a store that holds nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct
from msgspec.structs import asdict

from sage200_async.auth.refusals import utc
from sage200_async.auth.stores import Tokens
from sage200_async.errors import TokenExpired, TokenStoreError

if TYPE_CHECKING:
    from sage200_async.auth.token_manager import TokenManager
    from sage200_async.settings import Settings


class AccessToken(Struct, frozen=True):
    """An access token that works, and how long it does. Its repr does not show it.

    A process that has it can do all that the signed-in user may, until it expires. It
    cannot be refreshed or taken back: hand it only to processes that you trust, and
    never by a command line, a log or a file that others can read.
    """

    token: str
    """Sent as ``Authorization: Bearer <token>``."""
    expires_at: float | None = None
    """When it expires, in seconds since 1970; None if unknown."""
    issued_at: float | None = None
    """When it was issued, in seconds since 1970; None if unknown."""

    def __repr__(self) -> str:
        return f"AccessToken(expires_at={self.expires_at})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no more in rich than in `repr`; msgspec's own shows every field."""
        return [("expires_at", self.expires_at)]

    @property
    def seconds_left(self) -> float | None:
        """Seconds until it expires, by this machine's clock; None if unknown."""
        if self.expires_at is None:
            return None
        return max(0.0, self.expires_at - time.time())

    @property
    def store(self) -> AccessTokenStore:
        """A token store that holds this token, and never refreshes it."""
        return AccessTokenStore(self)

    def settings_for(self, settings: Settings) -> Settings:
        """Return *settings* for a process that has this token and no other secret.

        They can be pickled. Refresh token, client secret and token store are left
        out: when the token has expired, requests raise `TokenExpired`. Subscription
        keys and a proxy's password stay, since requests need them.

        Args:
            settings: Those of the client that the token is from.

        Example:
            >>> token = run(client.access_token())
            >>> settings = token.settings_for(client.settings)
            >>> settings.refresh_token, settings.token_store
            ('', AccessTokenStore(expires_at=...))
        """
        values: dict[str, Any] = asdict(settings)
        values |= dict.fromkeys(("access_token", "refresh_token", "client_secret"), "")
        values["token_store"] = self.store
        return type(settings)(**values)


class AccessTokenStore:
    """A token store with one access token, for a process that may not refresh it.

    It can be pickled, and a pickle of it contains the token. When the token has
    expired, a client with this store raises `TokenExpired`: make it a new one, from
    `Sage200Client.access_token` of the client that can refresh.

    Args:
        token: The token.
    """

    def __init__(self, token: AccessToken) -> None:
        self._token = token

    def __repr__(self) -> str:
        return f"AccessTokenStore(expires_at={self._token.expires_at})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AccessTokenStore):
            return NotImplemented
        return self._token == other._token

    def __hash__(self) -> int:
        return hash(self._token)

    async def load(self) -> Tokens:
        """Return the token."""
        token = self._token
        return Tokens(
            token.token, expires_at=token.expires_at, issued_at=token.issued_at
        )

    async def save(self, tokens: Tokens) -> None:  # noqa: ARG002 - it is refused
        """Raise: it holds what it was made with.

        Raises:
            TokenStoreError: Always.
        """
        raise TokenStoreError(
            "this store holds one access token, and no other: keep tokens in file:// "
            "or redis://"
        )

    async def clear(self) -> None:
        """Raise: it holds what it was made with.

        Raises:
            TokenStoreError: Always.
        """
        raise TokenStoreError("this store holds one access token: discard the store")

    def lock(self) -> NoReturn:
        """Raise: only who may refresh takes the lock, because the token has expired.

        Raises:
            TokenExpired: Always.
        """
        expires_at = self._token.expires_at
        known = "" if expires_at is None else f" ({utc(expires_at)})"
        raise TokenExpired(
            f"the access token that this process was handed has expired{known}, or was "
            "refused, and it has no refresh token: hand it a new one, from "
            "client.access_token() of the process that is signed in",
            expires_at=expires_at,
        )


async def access_token(manager: TokenManager) -> AccessToken:
    """Return an access token that does not expire soon, for other processes.

    Raises:
        TokenError: There is none, and none could be obtained.
    """
    tokens = (await manager.fresh()).tokens
    return AccessToken(tokens.access_token, tokens.expires_at, tokens.issued_at)
