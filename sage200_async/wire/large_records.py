"""Records one by one, where the parser would take too long to find their ends.

A text of 16 MB, or 100 MB of blanks, would stop the event loop for as long as the parser
needs. So what has no boundary for long is scanned here, a piece at a time, and of a
record that is too large only the start is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from sage200_async.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.wire.rest_of_page import Rest

_PIECE: Final = 16 * 1024
# Bytes that are scanned in one turn of the event loop.
KEPT_BYTES: Final = 64 * 1024
"""Bytes that are kept of a record that is too large: its key is near its start."""
_OUTSIDE: Final = re.compile(rb"[\s\d+\-.eE:truefalsn]*+(.)", re.DOTALL)
# What may stand between the texts of JSON, and what follows.
_WITHIN: Final = re.compile(
    rb'(?:[\s\d+\-.eE:truefalsn,]++|"(?:[^"\\]++|\\.)*+")*+(.)', re.DOTALL
)
# The same within an element: past its commas and whole texts, up to the next bracket.
_INSIDE: Final = re.compile(rb'[^"\\]*+(.)', re.DOTALL)
_TOKENS: Final = b'"[]{},'
_BLANKS: Final = b" \t\r\n"


class Element(Struct, frozen=True):
    """One element of the array, as bytes."""

    raw: bytes
    size: int
    """Its bytes; more than there are in *raw* where it is too large."""


def too_large(
    model: Any, element: Element, index: int | None, limit: int
) -> DecodeError:
    """Return the error of a record that has more bytes than *limit*.

    Args:
        model: What it was to be.
        element: Its bytes, or their start.
        index: Where it stands in the page; None where it is the response.
        limit: Bytes of a record at most.
    """
    name = getattr(model, "__name__", str(model))
    path = "$" if index is None else f"$[{index}]"
    text = (
        f"{name} at {path}: a record of {element.size} bytes, where "
        f"Settings.max_record_bytes is {limit}: raise it, or select and expand less"
    )
    start = element.raw[:KEPT_BYTES]
    return DecodeError(text, json_path=path, model=name, raw=start)


class Scanner:
    """Scans what is left of a page, element by element.

    Args:
        rest: What is left: from the start of an element on.
        max_bytes: Bytes of an element that is kept whole.
        may_be_empty: Whether the array may end at once: nothing came of it before.
    """

    def __init__(self, rest: Rest, max_bytes: int, *, may_be_empty: bool) -> None:
        self.closed = False
        """Whether the array's closing bracket came."""
        self._rest = rest
        self._max_bytes = max_bytes
        self._may_be_empty = may_be_empty
        self._parts: list[bytes] = []
        self._kept = self._size = self._depth = 0
        self._in_text = self._escaped = False

    def elements(self, least: int) -> Iterator[Element | None]:
        """Yield elements until *least* bytes were scanned; None between pieces.

        What follows the last of them is put back.

        Raises:
            msgspec.DecodeError: It is no JSON, or its end is missing.
        """
        scanned = 0
        while piece := self._rest.take(_PIECE):
            at = 0
            while (end := self._end_in(piece, at)) >= 0:
                self._keep(piece[at:end])
                at = end + 1
                if self._size:
                    yield self._element()
                elif not (self.closed and self._may_be_empty):
                    raise msgspec.DecodeError("JSON is malformed: a value is missing")
                self._may_be_empty = False
                if self.closed:
                    self._require_blanks(piece[at:])
                    return
                if scanned + at >= least:
                    self._rest.put_back(piece[at:])
                    return
            self._keep(piece[at:])
            scanned += len(piece)
            yield None
        raise msgspec.DecodeError("Input data was truncated")

    def _require_blanks(self, piece: bytes) -> None:
        """Refuse a page that goes on after its closing bracket."""
        while piece:
            if piece.strip(_BLANKS):
                raise msgspec.DecodeError("JSON is malformed: trailing characters")
            piece = self._rest.take(_PIECE)

    @property
    def unfinished(self) -> bytes:
        """The start of an element whose end did not come."""
        return b"".join(self._parts)

    def _end_in(self, piece: bytes, at: int) -> int:
        """Return where the comma or the bracket after the element is, or -1."""
        if self._escaped and at < len(piece):
            self._escaped, at = False, at + 1
        while match := self._pattern.match(piece, at):
            token, at = match[1], match.end()
            if token not in _TOKENS and not self._in_text:
                raise msgspec.DecodeError("JSON is malformed: invalid character")
            if token == b'"':
                self._in_text = not self._in_text
            elif token == b"\\":
                self._escaped = at >= len(piece)
                at += 1
            elif token in b"[{":
                self._depth += 1
            elif self._depth and token in b"]}":
                self._depth -= 1
            elif not self._depth:
                self.closed = token != b","
                return match.start(1)
        return -1

    @property
    def _pattern(self) -> re.Pattern[bytes]:
        if self._in_text:
            return _INSIDE
        return _WITHIN if self._depth else _OUTSIDE

    def _keep(self, part: bytes) -> None:
        """Add *part* to the element, without the blanks before and after it."""
        if not self._size:
            part = part.lstrip(_BLANKS)
        if self._depth == 0 and not self._in_text:
            part = part.rstrip(_BLANKS)
        self._size += len(part)
        if self._size <= self._max_bytes or self._kept < KEPT_BYTES:
            self._parts.append(part)
            self._kept += len(part)

    def _element(self) -> Element:
        raw, size = b"".join(self._parts), self._size
        self._parts, self._kept, self._size = [], 0, 0
        return Element(raw if size <= self._max_bytes else raw[:KEPT_BYTES], size)
