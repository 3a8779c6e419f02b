"""Errors about pages that are no arrays, and about records that do not fit."""

from __future__ import annotations

from typing import Any, Final

from sage200_async.errors import DecodeError
from sage200_async.wire.json_types import BYTE_ORDER_MARK
from sage200_async.wire.messages import ChunkedBody

_BLANKS: Final = b" \t\r\n"
PROXY_HINT: Final = "check base_url, and the proxy between this machine and Sage 200"
"""What to do about a response that is not JSON, and so not Sage's."""
_NEAR: Final = 4096
# Bytes at either end of a page in which its brackets are searched.
_SHOWN: Final = 300


def _start_of(page: ChunkedBody) -> bytes:
    """Return the start of *page*, from its first bracket on."""
    return page.first(_NEAR).removeprefix(BYTE_ORDER_MARK).lstrip(_BLANKS)


def require_array(chunks: ChunkedBody) -> None:
    """Raise a DecodeError unless *chunks* seem to be an array."""
    head = _start_of(chunks)
    tail = chunks.last(_NEAR).rstrip(_BLANKS)
    if not (head.startswith(b"[") and tail.endswith(b"]")):
        hint = "" if head.startswith((b"[", b"{")) else f": {PROXY_HINT}"
        raise DecodeError(
            f"expected a JSON array of records, got {_shown(chunks)}{hint}",
            json_path="$",
        )


def record_error(
    error: Exception, model: Any, raw: bytes, index: int | None = None
) -> DecodeError:
    """Return the error of a record, the one at *index* of a page or one alone.

    Args:
        error: What the parser says of it.
        model: What it was to be.
        raw: Its bytes, or those of a page that cannot be read.
        index: Where it stands in the page.
    """
    text = str(error)
    _, separator, json_path = text.rpartition(" - at `")
    path = json_path.rstrip("`") if separator else "$"
    if index is not None:
        path = f"$[{index}]{path.removeprefix('$')}"
    name = getattr(model, "__name__", str(model))
    what = text.partition(" - at `")[0]
    one = raw if index is not None else b""
    shown = "" if index is not None else f", got {_shown(raw)}"
    return DecodeError(
        f"{name} at {path}: {what}{shown}", json_path=path, model=name, raw=one
    )


def _shown(body: bytes | ChunkedBody) -> str:
    text = ChunkedBody.of(body).first(_SHOWN).decode(errors="replace")
    return repr(text) if len(body) <= _SHOWN else f"{text!r}... ({len(body)} bytes)"
