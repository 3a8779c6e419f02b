"""Requests and responses, as values."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.wire.headers import company_headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.settings import CompanyContext

_SHOWN: Final = 120
# Characters of a query that a message shows: enough to tell which request it
# was, too few to carry a list of customers into a log.
_PIECE: Final = 64 * 1024
# Bytes up to which pieces are put together: many small ones would weigh more.


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
    reducible: bool = False
    """Whether its sender can ask for less, should this be too much for the server."""
    read_id: int = 0
    """The reading that it belongs to, or 0; events carry it."""

    def __repr__(self) -> str:
        query = self.query
        shown = query if len(query) <= _SHOWN else f"{query[:_SHOWN]}..."
        return f"{self.method} {self.path}{'?' + shown if shown else ''}"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than `repr` does: msgspec's own shows every field."""
        return [("method", self.method), ("path", self.path)]


class AskForLess(Exception):
    """A `Request.reducible` request was too much for the server: send a smaller one.

    The wait before it is over. Only senders of such requests meet it.

    Args:
        attempts: Times that the request was sent.
    """

    def __init__(self, attempts: int) -> None:
        super().__init__(attempts)
        self.attempts = attempts


def company_request(
    context: CompanyContext,
    method: str,
    path: str,
    query: str = "",
    body: bytes = b"",
    *,
    idempotent: bool = True,
    reducible: bool = False,
    read_id: int = 0,
) -> Request:
    """Return a request about one company.

    Args:
        context: The company, and where the service is.
        method: GET, POST, PUT or DELETE.
        path: Below the base URL, percent-encoded.
        query: The query string, percent-encoded.
        body: JSON, or nothing.
        idempotent: Whether it may be sent twice.
        reducible: Whether its sender can ask for less.
        read_id: The reading that it belongs to, or 0.

    Raises:
        SettingsError: No site or no company is set.
    """
    headers = company_headers(context)
    if body:
        headers["content-type"] = "application/json"
    return Request(
        method=method,
        path=path,
        base_url=context.base_url,
        query=query,
        headers=headers,
        body=body,
        idempotent=idempotent,
        reducible=reducible,
        read_id=read_id,
    )


class ChunkedBody:
    """A large body, in the pieces in which it came.

    In one piece, a page of 16 MB is moved as it grows, is held until its last
    record is out, and leaves a hole as large as itself. Of these each is let go
    as it is decoded, and all are of a like size.

    Example:
        >>> body = ChunkedBody(b"[1", b",2]")
        >>> bytes(body), b"".join(body.taken()), bytes(body), len(body)
        (b'[1,2]', b'[1,2]', b'', 5)
    """

    def __init__(self, *pieces: bytes | bytearray) -> None:
        self._pieces: deque[bytes | bytearray] = deque(pieces)
        self._size = sum(map(len, pieces))

    @classmethod
    def of(cls, body: bytes | ChunkedBody) -> ChunkedBody:
        """Give *body* as pieces, which it may be already."""
        return body if isinstance(body, ChunkedBody) else cls(body)

    def add(self, piece: bytes | bytearray) -> None:
        """Put *piece* at the end, in one with the last where both are small."""
        self._size += len(piece)
        last = self._pieces[-1] if self._pieces else None
        if last is None or len(last) + len(piece) > _PIECE:
            self._pieces.append(piece)
        elif isinstance(last, bytearray):
            last += piece
        else:
            self._pieces[-1] = bytearray(last) + piece

    def taken(self) -> Iterator[bytes | bytearray]:
        """Give the pieces one by one, and keep none of them."""
        while self._pieces:
            yield self._pieces.popleft()

    def copy(self) -> ChunkedBody:
        """Give the same pieces again, to take them from there."""
        same = ChunkedBody()
        same._pieces, same._size = self._pieces.copy(), self._size
        return same

    def first(self, size: int) -> bytes:
        """Give the first *size* bytes of what is there, or all of it."""
        found = b""
        for piece in self._pieces:
            found += piece[: size - len(found)]
            if len(found) >= size:
                break
        return found

    def last(self, size: int) -> bytes:
        """Give the last *size* bytes of what is there, or all of it."""
        found = b""
        for piece in reversed(self._pieces):
            found = bytes(piece[len(found) - size :]) + found
            if len(found) >= size:
                break
        return found

    def __len__(self) -> int:
        """How many bytes came, taken or not."""
        return self._size

    def __bytes__(self) -> bytes:
        return b"".join(self._pieces)


class Response(Struct, frozen=True):
    """One reply, read to its end. Its repr shows no header and no body."""

    status: int
    headers: dict[str, str] = {}
    """Names in lower case."""
    body: bytes | ChunkedBody = b""
    """Where it is pieces, reading them as a page takes them away."""

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than `repr` does: msgspec's own shows every field."""
        return [("status", self.status)]
