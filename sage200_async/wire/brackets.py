"""Whether JSON that comes in chunks is at its end, by its brackets outside of texts."""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(rb"\\.", re.DOTALL)


class Brackets:
    """Counts the brackets of an outer array or object, chunk by chunk.

    A parser would need all chunks at once. What has come is the beginning of a
    JSON value: if its brackets match, the outer one is closed.

    Args:
        kind: The opening bracket.
        closing: The closing one.

    Example:
        >>> brackets = Brackets(b"[", b"]")
        >>> brackets.take(b'[{"name":"[Smi')
        >>> brackets.take(b'th"}')
        >>> brackets.match
        False
        >>> brackets.take(b"]")
        >>> brackets.match
        True
    """

    def __init__(self, kind: bytes, closing: bytes) -> None:
        self._kind = kind
        self._closing = closing
        self._open = 0
        self._last = b""
        self._in_text = False
        self._escapes = False
        """Whether the last byte is a backslash that escapes the next one."""

    @property
    def match(self) -> bool:
        """Whether every bracket is closed, and the last byte is one."""
        return not (self._in_text or self._open) and self._last == self._closing

    def take(self, chunk: bytes | bytearray) -> None:
        """Count the brackets of the next chunk."""
        if self._escapes and chunk:
            chunk, self._escapes = chunk[1:], False
        if b"\\" in chunk:  # only texts have any
            chunk = _ESCAPE.sub(b"", chunk)
            self._escapes = chunk.endswith(b"\\")
        if self._kind in chunk or self._closing in chunk:
            self._count(chunk)
            return
        self._in_text ^= chunk.count(b'"') % 2 == 1
        if not self._in_text:
            self._last = bytes(chunk.rstrip()[-1:]) or self._last

    def _count(self, chunk: bytes | bytearray) -> None:
        parts = chunk.split(b'"')
        outside = b"".join(parts[self._in_text :: 2])
        self._in_text ^= len(parts) % 2 == 0
        self._open += outside.count(self._kind) - outside.count(self._closing)
        if not self._in_text:
            self._last = bytes(parts[-1].rstrip()[-1:]) or self._last
