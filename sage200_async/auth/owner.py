"""Whose tokens these are: a client's of one issuer. They are served to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.errors import ForeignTokens

if TYPE_CHECKING:
    from sage200_async.auth.stores import Tokens
    from sage200_async.settings import Settings

_MAX_SHOWN: Final = 80
# Characters of a name in a store that a message shows.


class TokenOwner(Struct, frozen=True):
    """Who issued tokens, and to which client; empty if unknown.

    Tokens without an owner, of an earlier version or from the settings, are
    anybody's, and become those of the first client that refreshes them.
    """

    issuer: str = ""
    """The host of the token endpoint, and its port unless it is the usual one."""
    client_id: str = ""

    @classmethod
    def of(cls, settings: Settings) -> TokenOwner:
        """Return the owner of the tokens that *settings* lead to.

        Example:
            >>> TokenOwner.of(Settings(client_id="ours"))
            TokenOwner(issuer='id.sage.com', client_id='ours')
        """
        return cls(_server(settings.token_url), settings.client_id)

    def mark(self, tokens: Tokens) -> Tokens:
        """Return *tokens* with this owner's name."""
        return replace(
            tokens,
            issuer=self.issuer or tokens.issuer,
            client_id=self.client_id or tokens.client_id,
        )

    def require(self, tokens: Tokens | None, store: object) -> Tokens | None:
        """Return *tokens*, if they are this owner's.

        Args:
            tokens: What the store holds.
            store: For the message.

        Raises:
            ForeignTokens: They are somebody else's, or a client's and this one does not
                say which it is.
        """
        if tokens is None:
            return None
        for name, ours, theirs in (
            ("issuer", self.issuer, tokens.issuer),
            ("client_id", self.client_id, tokens.client_id),
        ):
            if theirs and ours != theirs and not _is_of_old(ours, theirs):
                raise ForeignTokens(
                    f"{store!r} holds the tokens of another {name}: expected {ours!r}, "
                    f"got {theirs[:_MAX_SHOWN]!r}. Set another token_store for this client, or "
                    "replace them with `sage200 login`."
                )
        return tokens


def _server(url: str) -> str:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return host if port in (None, usual) else f"{host}:{port}"


def _is_of_old(ours: str, theirs: str) -> bool:
    """Whether *theirs* is the same host from a version that stored no port."""
    return ":" not in theirs and ours.rpartition(":")[0] == theirs
