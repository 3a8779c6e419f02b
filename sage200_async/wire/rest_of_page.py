"""The part of a page that is not decoded yet, and where its records seem to end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sage200_async.limits import SLICE_BYTES

if TYPE_CHECKING:
    from sage200_async.wire.messages import ChunkedBody

_FAR: Final = 2 * SLICE_BYTES
# Bytes after which a boundary that was not found is replaced.
_NEXT_RECORD: Final = re.compile(rb'\}\s{0,99},\s{0,99}\{\s{0,99}"[^"]{0,100}"')


class Rest:
    """The part of a page that is not decoded yet; positions count from its start."""

    def __init__(self, chunks: ChunkedBody, boundary: bytes) -> None:
        self.over = False
        self._chunks = chunks.take_all()
        self._before: list[memoryview] = []
        self._size = 0
        # Bytes before the last chunk.
        self._last: bytes | bytearray = b""
        self._at = 0
        self._boundary = b"["
        self.drop(self.find(0, len(chunks)) + 1)
        self._boundary = boundary

    @property
    def size(self) -> int:
        """Bytes that are not decoded yet, of the chunks that were looked at."""
        return self._size + len(self._last) - self._at

    def find(self, start: int, limit: int) -> int:
        """Return where a boundary is, from *start* on and within one chunk, or -1.

        Where none comes for long, the records begin with another field than the
        first one did: then the next record's first field makes the boundary.

        Args:
            start: Where the search begins.
            limit: Where it is given up.
        """
        while True:
            since = self._at + max(0, start - self._size)
            mark = self._last.find(self._boundary, since)
            end = self._size + len(self._last) - self._at
            if mark < 0 and end > start + _FAR:
                match = _NEXT_RECORD.search(self._last, since)
                if match is not None:
                    self._boundary, mark = match[0], match.start()
            if mark >= 0:
                return self._size + mark - self._at
            chunk = next(self._chunks, None) if end <= limit else None
            if chunk is None:
                return -1
            self._before.append(memoryview(self._last)[self._at :])
            self._size += len(self._last) - self._at
            self._last, self._at = chunk, 0

    def before(self, mark: int) -> bytes:
        """Return the records before the boundary at *mark* as an array."""
        cut = mark + 1
        last = memoryview(self._last)[self._at : self._at + cut - self._size]
        return b"".join((b"[", *self._before, last, b"]"))

    def drop_to(self, mark: int) -> None:
        """Drop what is before the boundary at *mark*, and its comma."""
        self.drop(mark + self._boundary.index(b",") + 1)

    def drop(self, cut: int) -> None:
        """Drop what is before *cut*, which is in the last chunk."""
        self._at += cut - self._size
        self._before, self._size = [], 0

    def take(self, size: int) -> bytes:
        """Take up to *size* bytes from the start; none are left where it is empty."""
        if not self._before:
            while self._at >= len(self._last):
                chunk = next(self._chunks, None)
                if chunk is None:
                    return b""
                self._last, self._at = chunk, 0
            self._before = [memoryview(self._last)[self._at :]]
            self._size, self._at = len(self._before[0]), len(self._last)
        first = self._before[0]
        self._before[0] = first[size:]
        self._size -= min(size, len(first))
        if len(first) <= size:
            del self._before[0]
        return bytes(first[:size]) or self.take(size)

    def put_back(self, piece: bytes) -> None:
        """Put *piece* in front of what is left."""
        last = memoryview(self._last)[self._at :]
        self._last = b"".join((piece, *self._before, last))
        self._before, self._size, self._at = [], 0, 0

    def all(self) -> bytes:
        """Return all of it as an array: its end is the end of the page."""
        self.over = True
        last = memoryview(self._last)[self._at :]
        return b"".join((b"[", *self._before, last, *self._chunks))


def boundary_in(start: bytes) -> bytes:
    """Guess what separates two records, from how the first one starts.

    Args:
        start: The start of the page.
    """
    quote = start.find(b'"')
    close = start.find(b'"', quote + 1)
    head = start[start.find(b"[") + 1 : close + 1]
    spaced = b"}, " + head
    return spaced if spaced in start else b"}," + head
