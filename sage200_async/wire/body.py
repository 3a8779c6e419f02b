"""A response body as it comes: decompressed, measured, and checked for its end.

The transport knows that a body is cut short only where the response gives its
length. Behind a gateway that ends responses by closing the connection, or that
passes on half of a gzip, only the JSON shows it.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from sage200_async.errors import IncompleteResponse, ResponseTooLarge
from sage200_async.wire.brackets import Brackets
from sage200_async.wire.json_types import BYTE_ORDER_MARK
from sage200_async.wire.messages import ChunkedBody
from sage200_async.wire.secret_filter import filters_for, has_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sage200_async.wire.messages import Request

_PART: Final = 256 * 1024
# Bytes decompressed at once: about half a millisecond.
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_SMALL: Final = 64 * 1024
# Bytes of a body that is checked in one step.
_OK: Final = 200  # an attribute of an enum takes several times as long to look up
_SUCCESS: Final = 2
_PLAIN: Final = frozenset({"", "identity"})
_MAX_ERROR_BYTES: Final = 64 * 1024
# Bytes of an error's body that are read: a message is shorter.
_TAIL: Final = 64
# Bytes at the end of a body in which its last bracket is searched.
_ENDS: Final = {b"[": b"]", b"{": b"}"}


def whole_body(
    request: Request, headers: Mapping[str, str], chunk: bytes, limit: int
) -> bytes | None:
    """Return the body of a success that came in one chunk, if all is usual about it.

    Its length is that of the header, it is small and plain, it begins and ends as JSON
    does, and it repeats no secret: a `Body` would return the same.

    Args:
        request: Whose response it is.
        headers: Of the response, names in lower case.
        chunk: All that came.
        limit: Bytes at most.

    Returns:
        The body, or None where a `Body` has to look at it.
    """
    size = len(chunk)
    if size > _SMALL or size > limit or type(chunk) is not bytes:
        return None
    if headers.get("content-length") != str(size) or "content-encoding" in headers:
        return None
    ends = b"}]" if chunk.startswith(b"[{") else _ENDS.get(chunk[:1])
    usual = chunk.isdigit() if ends is None else chunk.endswith(ends)
    return chunk if usual and not has_secret(request, chunk) else None


class Body:
    """Collects the body of a response, chunk by chunk.

    Args:
        request: Whose response it is.
        headers: Of the response, names in lower case.
        limit: Bytes, decompressed, at most.
    """

    def __init__(
        self, request: Request, headers: Mapping[str, str], limit: int
    ) -> None:
        self._request = request
        self._limit = limit
        self._body = ChunkedBody()
        self._open = 0
        compressed = headers.get("content-encoding", "").lower() not in _PLAIN
        self._decompressor = zlib.decompressobj(_GZIP_OR_ZLIB) if compressed else None
        self._counts_brackets = compressed or "content-length" not in headers
        # A content length shows where a body ends.
        self._has_data = False
        self._filters = filters_for(request)

    def take(self, chunk: bytes) -> Iterator[None]:
        """Add *chunk*; each step takes about half a millisecond.

        Raises:
            ResponseTooLarge: The body is larger than the limit; no more is held
                than that and one chunk.
            IncompleteResponse: It claims to be compressed, and is not.
        """
        self._has_data = True
        parts = (chunk,) if self._decompressor is None else self._decompressed(chunk)
        for part in parts:
            clean = part
            for secret in self._filters:
                clean = secret.take(clean)
            self._keep(clean)
            if len(self._body) > self._limit:
                message = (
                    f"{self._request}: the response is larger than {self._limit:,} bytes: "
                    "ask for fewer records at once (page_size, select), or set "
                    "max_response_bytes"
                )
                raise ResponseTooLarge(message, request=self._request)
            yield

    def _keep(self, part: bytes) -> None:
        self._body.add(part)
        if self._counts_brackets:
            self._count_brackets(part)

    def _decompressed(self, chunk: bytes) -> Iterator[bytes]:
        decompressor, full = self._decompressor, True
        while decompressor is not None and (chunk or full) and not decompressor.eof:
            try:
                part = decompressor.decompress(chunk, _PART)
            except zlib.error as error:
                raise self._incomplete(
                    f"the response claims to be gzip and is not: {error}"
                ) from error
            yield part
            chunk, full = decompressor.unconsumed_tail, len(part) == _PART

    def _count_brackets(self, part: bytes) -> None:
        """Count the open brackets of the body's own kind.

        A page of flat records has two square ones. Searching for one is far
        faster than counting, which took a tenth of the time of decoding.
        """
        bracket = _without_blanks(self._body.first(_TAIL))[:1]
        if bracket in _ENDS:
            self._open += part.count(bracket) if bracket in part else 0
            self._open -= part.count(_ENDS[bracket]) if _ENDS[bracket] in part else 0

    @property
    def size(self) -> int:
        """How many bytes have come, decompressed."""
        return len(self._body)

    def is_enough(self, status: int) -> bool:
        """Return whether the rest of an error's body can be left unread."""
        return status // 100 != _SUCCESS and len(self._body) >= _MAX_ERROR_BYTES

    def closing(self, status: int) -> Iterator[None]:
        """Check that all has come; each step takes about a millisecond.

        Raises:
            IncompleteResponse: It is a success, and ends too early: within
                compressed data, or within or before a JSON value.
        """
        for secret in self._filters:
            if rest := secret.rest():
                self._keep(rest)
        if status // 100 != _SUCCESS:
            return
        unpacking = self._decompressor is not None and not self._decompressor.eof
        if unpacking and self._has_data:
            raise self._incomplete("the response ends too early")
        head = _without_blanks(self._body.first(_TAIL))
        if not head and self._is_missing(status):
            raise self._incomplete("the response ends too early")
        if self._looks_whole(head):
            return
        kind = head[:1]
        brackets = Brackets(kind, _ENDS[kind])
        for chunk in self._body.copy().take_all():
            brackets.take(chunk)
            yield
        if not brackets.match:
            raise self._incomplete("the response ends too early")

    def content(self, status: int) -> bytes | ChunkedBody:
        """Return the body; that of a large success in chunks."""
        large = status == _OK and len(self._body) > _PART
        return self._body if large else bytes(self._body)

    def finish(self, status: int) -> bytes | ChunkedBody:
        """Return the body once all has come, checked without a pause.

        Raises:
            IncompleteResponse: As `closing`.
        """
        for _ in self.closing(status):
            pass
        return self.content(status)

    def so_far(self) -> bytes:
        """Return what has come, of an error whose body cannot be read to its end."""
        return bytes(self._body)

    def _is_missing(self, status: int) -> bool:
        """Return whether JSON was to come, of a body that begins with blanks alone."""
        expects_json = self._request.method == "GET" and status == _OK
        return expects_json and len(self._body) < _TAIL

    def _looks_whole(self, head: bytes) -> bool:
        """Return whether a JSON value has its end, as its first and last bytes show.

        A cut leaves out the last bracket or, behind a nested array, one open; or it
        is in a text that ends like the whole, but for the bracket of the record.
        Where this leaves a doubt, which is rare, `Brackets` looks at every byte.
        """
        last = b"}]" if head.startswith(b"[{") else _ENDS.get(head[:1])
        if last is None:
            return True
        tail = _without_blanks(self._body.last(_TAIL))
        return tail.endswith(last) and not self._open

    def _incomplete(self, what: str) -> IncompleteResponse:
        return IncompleteResponse(f"{self._request}: {what}", request=self._request)


def _without_blanks(part: bytes) -> bytes:
    """Return a part of JSON without its blanks."""
    return b"".join(part.removeprefix(BYTE_ORDER_MARK).split())
