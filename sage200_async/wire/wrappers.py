"""Pages in a wrapper: ``{"value": [...]}``, and what it says besides the records."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from sage200_async.errors import DecodeError
from sage200_async.wire.json_types import BYTE_ORDER_MARK, DECODING_ERRORS
from sage200_async.wire.messages import ChunkedBody
from sage200_async.wire.splitting import TO_BRACKET

_NEAR: Final = 4096
# Bytes at either end of a page in which its wrapper is searched.
_SCALAR: Final = rb'(?:"(?:[^"\\]|\\.)*"|-?\d+|true|false|null)'
_HEAD: Final = re.compile(
    rb'\s*\{(?:\s*"[^"\\]*"\s*:\s*' + _SCALAR + rb'\s*,)*\s*"value"\s*:\s*(?=\[)'
)
_TAIL: Final = re.compile(
    rb'\](?P<rest>(?:\s*,\s*"[^"\\]*"\s*:\s*' + _SCALAR + rb")*\s*\})\s*\Z"
)
_FURTHER_ARRAY: Final = re.compile(rb'\]\s*,\s*"[^"\\]*"\s*:\s*\[')
# Another array after one: the last bracket need not be that of the records.
_SHOWN: Final = 300


class PageNotes(Struct, frozen=True):
    """What a wrapper says of the collection; nothing where there is no wrapper.

    Source:
        OData JSON Format 4.01, 4.5.5 (``count``) and 4.5.8 (``nextLink``). Sage
        documents bare arrays; hotgluexyz/target-sage-200 meets the wrapper.
    """

    total: int | None = None
    """Records that match in all."""
    more: bool = False
    """Whether the server says that further records follow."""


NO_NOTES: Final = PageNotes()


class _Wrapper(Struct):
    value: msgspec.Raw
    error: Any = None
    count: Any = field(default=None, name="@odata.count")
    old_count: Any = field(default=None, name="odata.count")
    next_link: Any = field(default=None, name="@odata.nextLink")
    old_next_link: Any = field(default=None, name="odata.nextLink")

    def notes(self) -> PageNotes:
        """Return what it says of the collection."""
        count = self.old_count if self.count is None else self.count
        if isinstance(count, str) and count.isascii() and count.isdigit():
            count = int(count)
        total = count if type(count) is int and count >= 0 else None
        return PageNotes(total, bool(self.next_link or self.old_next_link))


_DECODER: Final = msgspec.json.Decoder(_Wrapper)


def unwrapped(body: bytes | ChunkedBody) -> tuple[ChunkedBody, PageNotes]:
    """Return the array of ``{"value": [...]}``, or *body* itself, and its notes.

    Raises:
        DecodeError: The wrapper has an error beside the records.
    """
    chunks = ChunkedBody.of(body)
    head = chunks.first(_NEAR)
    if not head.removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"{"):
        return chunks, NO_NOTES
    start, end = _HEAD.match(head, _mark(head)), _tail(chunks)
    if start is not None and end is not None:
        wrapper = _parsed(head[_mark(head) : start.end()] + b"[]" + end["rest"])
        if wrapper is not None:
            chunks.trim(start.end(), len(end[0]) - 1)
            return chunks, _checked(wrapper).notes()
    whole = b"".join(chunks.take_all()).removeprefix(BYTE_ORDER_MARK)
    wrapper = _parsed(whole)
    if wrapper is None:
        return ChunkedBody(whole), NO_NOTES
    return ChunkedBody(bytes(wrapper.value)), _checked(wrapper).notes()


def _mark(head: bytes) -> int:
    return len(BYTE_ORDER_MARK) * head.startswith(BYTE_ORDER_MARK)


def _tail(chunks: ChunkedBody) -> re.Match[bytes] | None:
    """Return the end of the array and of the wrapper, from the array's bracket on."""
    last = chunks.last(_NEAR)
    further = _FURTHER_ARRAY.finditer(last)
    if any(_ends_wrapper(last, match.end()) for match in further):
        return None
    at = len(last)
    while (at := last.rfind(b"]", 0, at)) >= 0:
        if match := _TAIL.match(last, at):
            return match
    return None


def _ends_wrapper(last: bytes, at: int) -> bool:
    """Return whether the array that begins before *at* ends with the wrapper.

    Arrays side by side may be those of a record, too.
    """
    depth = 1
    while match := TO_BRACKET.match(last, at):
        at = match.end()
        depth += 1 if match[1] in b"[{" else -1
        if not depth:
            return _TAIL.match(last, at - 1) is not None
    return False


def _parsed(text: bytes) -> _Wrapper | None:
    try:
        return _DECODER.decode(text)
    except DECODING_ERRORS:
        return None


def _checked(wrapper: _Wrapper) -> _Wrapper:
    """Refuse an error beside the records: what arrived may be a part of them.

    Source:
        OData JSON Format 4.01, 19: an error may stand in a response of status 200.
    """
    if wrapper.error is None:
        return wrapper
    shown = msgspec.json.encode(wrapper.error).decode()[:_SHOWN]
    message = f"the page has an error beside its records: {shown}"
    raise DecodeError(message, json_path="$.error")
