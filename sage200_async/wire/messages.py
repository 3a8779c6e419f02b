"""Requests and responses, as values."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

_SHOWN: Final = 120
# Characters of a query that a message shows: enough to tell which request it
# was, too few to carry a list of customers into a log.


class Request(Struct, frozen=True, kw_only=True):
    """One request. Its repr shows no header and no body."""

    method: str
    path: str
    """Below the base URL, percent-encoded."""
    base_url: str = ""
    query: str = ""
    """Percent-encoded."""
    headers: dict[str, str] = {}
    body: bytes = b""
    idempotent: bool = True
    """Whether sending it twice does no more than sending it once."""
    instead: Request | None = None
    """What to ask instead where this proves too heavy: the same, but less."""
    read: int = 0
    """The reading that it belongs to, or 0; events carry it."""

    def __repr__(self) -> str:
        query = self.query
        shown = query if len(query) <= _SHOWN else f"{query[:_SHOWN]}..."
        return f"{self.method} {self.path}{'?' + shown if shown else ''}"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than `repr` does: msgspec's own shows every field."""
        return [("method", self.method), ("path", self.path)]


class Response(Struct, frozen=True):
    """One reply, read to its end. Its repr shows no header and no body."""

    status: int
    headers: dict[str, str] = {}
    """Names in lower case."""
    body: bytes | bytearray = b""
    request: Request | None = None
    """The request that this answers, where it may not be the first one sent."""

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than `repr` does: msgspec's own shows every field."""
        return [("status", self.status)]
