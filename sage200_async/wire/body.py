"""A reply's body as it comes: inflated, measured, and told from half of one.

The transport knows that a body is cut short only where the reply says how
long it is. Behind a gateway that ends replies by closing, or that passes on
half of a gzip, only the JSON shows it.
"""

from __future__ import annotations

import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from sage200_async.errors import IncompleteResponse, ResponseTooLarge
from sage200_async.wire.decode import UNFIT
from sage200_async.wire.messages import ChunkedBody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sage200_async.wire.messages import Request

_PIECE: Final = 256 * 1024
# Bytes inflated at once: half a millisecond's work.
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_SUCCESS: Final = 2
_PLAIN: Final = frozenset({"", "identity"})
_TAIL: Final = 64
# Bytes at the end of a body in which its last bracket is looked for.
_ENDS: Final = {b"[": b"]", b"{": b"}"}
_VALUE: Final = msgspec.json.Decoder(msgspec.Raw)


class Body:
    """Takes a reply's body piece by piece.

    Args:
        request: What it answers.
        headers: The reply's headers, names in lower case.
        limit: Bytes, inflated, at most.
    """

    def __init__(
        self, request: Request, headers: Mapping[str, str], limit: int
    ) -> None:
        self._request = request
        self._limit = limit
        self._body = ChunkedBody()
        self._open = 0
        packed = headers.get("content-encoding", "").lower() not in _PLAIN
        self._packed = zlib.decompressobj(_GZIP_OR_ZLIB) if packed else None
        self._counts = packed or "content-length" not in headers
        # A length shows where a body ends.
        self._begun = False

    def take(self, chunk: bytes) -> Iterator[None]:
        """Take what has come; each step is about half a millisecond's work.

        Raises:
            ResponseTooLarge: It is more than the limit; no more is held than that
                and one piece.
            IncompleteResponse: It is said to be compressed, and is not.
        """
        self._begun = True
        for piece in self._inflated(chunk):
            self._body.add(piece)
            if self._counts:
                self._count(piece)
            if len(self._body) > self._limit:
                message = (
                    f"{self._request}: expected {self._limit:,} bytes at most, got "
                    "more: ask for fewer records at once, or set max_response_bytes"
                )
                raise ResponseTooLarge(message, request=self._request)
            yield

    def _inflated(self, chunk: bytes) -> Iterator[bytes]:
        if self._packed is None:
            yield chunk
            return
        full = True
        while (chunk or full) and not self._packed.eof:
            try:
                piece = self._packed.decompress(chunk, _PIECE)
            except zlib.error as error:
                raise self._broken(f"expected gzip, got {error}") from error
            yield piece
            chunk, full = self._packed.unconsumed_tail, len(piece) == _PIECE

    def _count(self, piece: bytes) -> None:
        """Count the brackets of the body's own kind that stand open.

        A page of flat records has two square ones. To look for one is far faster
        than to count, which took a tenth of what decoding does.
        """
        bracket = _solid(self._body.first(_TAIL))[:1]
        if bracket in _ENDS:
            self._open += piece.count(bracket) if bracket in piece else 0
            self._open -= piece.count(_ENDS[bracket]) if _ENDS[bracket] in piece else 0

    def whole(self, status: int) -> bytes | ChunkedBody:
        """Give the body once all has come; that of a large success in pieces.

        Raises:
            IncompleteResponse: It stops short: compressed data is not at its end or,
                in a success, a JSON value is not, or is not there at all.
        """
        if self._is_short(status):
            raise self._broken("expected a whole reply, got one that stops short")
        large = status == HTTPStatus.OK and len(self._body) > _PIECE
        return self._body if large else bytes(self._body)

    def _is_short(self, status: int) -> bool:
        if self._packed is not None and self._begun and not self._packed.eof:
            return True
        if status // 100 != _SUCCESS:
            return False
        return self._is_missing(status) or self._is_half()

    def _is_missing(self, status: int) -> bool:
        asked = self._request.method == "GET" and status == HTTPStatus.OK
        return asked and len(self._body) < _TAIL and not _solid(self._body.first(_TAIL))

    def _is_half(self) -> bool:
        """Tell half of a JSON value by its brackets, and parse it where in doubt.

        A cut leaves the last bracket out or, behind a nested array, one open; or it
        is in a text that ends like the whole, but for the record's own bracket.
        Parsing every reply would stop the event loop for 8 ms and more.
        """
        begun = _solid(self._body.first(_TAIL))
        ended = _solid(self._body.last(_TAIL))
        last = b"}]" if begun.startswith(b"[{") else _ENDS.get(begun[:1])
        if last is None or (ended.endswith(last) and not self._open):
            return False
        try:
            _VALUE.decode(bytes(self._body))
        except UNFIT:
            return True
        return False

    def _broken(self, what: str) -> IncompleteResponse:
        return IncompleteResponse(f"{self._request}: {what}", request=self._request)


def _solid(piece: bytes) -> bytes:
    """Take the blanks out of a piece of JSON."""
    return b"".join(piece.split())
