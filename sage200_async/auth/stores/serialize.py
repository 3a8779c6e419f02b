"""Tokens as JSON, as every store keeps them."""

from __future__ import annotations

import msgspec

from sage200_async.auth.stores.base import Tokens
from sage200_async.errors import TokenStoreError


def encode(tokens: Tokens) -> bytes:
    """Write *tokens* as JSON."""
    return msgspec.json.encode(tokens)


def decode(data: bytes | str, where: str) -> Tokens:
    """Read what `encode` wrote; fields that a later version adds are ignored.

    Args:
        data: JSON.
        where: The store, for the message.

    Raises:
        TokenStoreError: It is something else. The message does not show it,
            and the parser's error goes no further: both may hold a token.
    """
    try:
        return msgspec.json.decode(data, type=Tokens)
    except (msgspec.DecodeError, UnicodeDecodeError):
        held = f"{len(data)} {'characters' if isinstance(data, str) else 'bytes'}"
    raise TokenStoreError(
        f"{where}: expected tokens as JSON, got {held} that are not; "
        "remove it and sign in again"
    )
