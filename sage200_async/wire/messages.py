"""Requests and responses, as values."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from msgspec import Struct

from sage200_async.errors.foreign_text import printable
from sage200_async.wire.headers import company_headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.settings import CompanyContext

_SHOWN: Final = 120
# Characters of a query that a message shows: enough to recognise the request,
# too few to carry a list of customers into a log.
_ENCODED: Final = 12
# Characters that one of a query takes at most: %F0%9F%98%80.
_CHUNK: Final = 64 * 1024
# Bytes up to which chunks are joined: many small ones take more memory.
_BLANKS: Final = b" " * _CHUNK
# Held once, however many follow each other: 100 MB would take 7 ms to be freed.


class Request(Struct, frozen=True, kw_only=True):
    """One request. Its repr shows no header and no body, and the query decoded.

    Example:
        >>> Request(method="GET", path="customers", query="$filter=id%20eq%207")
        GET customers?$filter=id eq 7
    """

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
    deadline: float | None = None
    """When it has to be over, by the event loop's clock, as an earlier request for the
    same page has settled; None for the limit of the settings."""
    read_id: int = 0
    """The reading that it belongs to, or 0; events carry it."""

    def __repr__(self) -> str:
        query = printable(unquote(self.query[: _ENCODED * _SHOWN]))
        shown = query if len(query) <= _SHOWN else f"{query[:_SHOWN]}..."
        path = self.path or self.base_url.partition("?")[0]
        return f"{self.method} {path}{'?' + shown if shown else ''}"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich what `repr` shows, and no more."""
        return [("method", self.method), ("path", self.path)]


class AskForLess(Exception):
    """A `Request.reducible` request was too much for the server: send a smaller one.

    The wait before it is over. Only senders of such requests meet it.

    Args:
        attempts: Times that the request was sent.
        deadline: For the smaller one: its `Request.deadline`.
    """

    def __init__(self, attempts: int, deadline: float | None = None) -> None:
        super().__init__(attempts, deadline)
        self.attempts = attempts
        self.deadline = deadline


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
    """A large body, in the chunks in which it came.

    A page of 16 MB in one block would be moved as it grows, would be held until
    its last record is decoded, and would leave a hole of its size in memory.
    Chunks are freed as they are decoded, and all are of a similar size.

    Example:
        >>> body = ChunkedBody(b"[1", b",2]")
        >>> bytes(body), b"".join(body.take_all()), bytes(body), len(body)
        (b'[1,2]', b'[1,2]', b'', 5)
    """

    def __init__(self, *chunks: bytes | bytearray) -> None:
        self._chunks: deque[bytes | bytearray] = deque(chunks)
        self._size = sum(map(len, chunks)) if chunks else 0

    @classmethod
    def of(cls, body: bytes | ChunkedBody) -> ChunkedBody:
        """Return *body* in chunks; it may be already."""
        return body if isinstance(body, ChunkedBody) else cls(body)

    def add(self, chunk: bytes | bytearray) -> None:
        """Append *chunk*, joined to the last one where both are small."""
        self._size += len(chunk)
        while chunk.startswith(_BLANKS):
            self._chunks.append(_BLANKS)
            chunk = chunk[_CHUNK:]
        if not chunk:
            return
        last = self._chunks[-1] if self._chunks else None
        if last is None or len(last) + len(chunk) > _CHUNK:
            self._chunks.append(chunk)
        elif isinstance(last, bytearray):
            last += chunk
        else:
            self._chunks[-1] = bytearray(last) + chunk

    def take_all(self) -> Iterator[bytes | bytearray]:
        """Yield the chunks one by one, and keep none of them."""
        while self._chunks:
            yield self._chunks.popleft()

    def copy(self) -> ChunkedBody:
        """Return the same chunks again, to be taken from the copy."""
        same = ChunkedBody()
        same._chunks, same._size = self._chunks.copy(), self._size
        return same

    def trim(self, head: int, tail: int) -> None:
        """Drop *head* bytes from the start of what is left, and *tail* from its end."""
        chunks = self._chunks
        while head and chunks:
            first = chunks.popleft()
            if len(first) > head:
                chunks.appendleft(first[head:])
            head -= min(head, len(first))
        while tail and chunks:
            last = chunks.pop()
            if len(last) > tail:
                chunks.append(last[: len(last) - tail])
            tail -= min(tail, len(last))

    def first(self, size: int) -> bytes:
        """Return the first *size* bytes of what is left, or all of it."""
        joined = b""
        for chunk in self._chunks:
            joined += chunk[: size - len(joined)]
            if len(joined) >= size:
                break
        return joined

    def last(self, size: int) -> bytes:
        """Return the last *size* bytes of what is left, or all of it."""
        joined = b""
        for chunk in reversed(self._chunks):
            joined = bytes(chunk[len(joined) - size :]) + joined
            if len(joined) >= size:
                break
        return joined

    def __len__(self) -> int:
        """How many bytes came, whether taken or not."""
        return self._size

    def __bytes__(self) -> bytes:
        return b"".join(self._chunks)


class Response(Struct, frozen=True):
    """One response, read to its end. Its repr shows no header and no body."""

    status: int
    headers: dict[str, str] = {}
    """Names in lower case."""
    body: bytes | ChunkedBody = b""
    """Reading a `ChunkedBody` as a page uses it up."""

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich what `repr` shows, and no more."""
        return [("status", self.status)]
