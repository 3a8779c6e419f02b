"""Compression that gives the same bytes for the same text, however it comes."""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

from sage200_async._optional import require

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIECE: Final = 1 << 20
# Bytes. What a compressor makes depends on how it is fed, so it is always fed
# pieces of one size.


class Packing(Protocol):
    """A way of compressing."""

    suffix: str
    """How the names of files end, with the dot."""

    def stream(self) -> Any:
        """Begin: give what has ``compress(bytes)`` and ``flush()``."""
        ...


class Gzip:
    """gzip, at zlib's own level; its header has no name and no time."""

    suffix = ".gz"

    def stream(self) -> Any:
        """Begin."""
        gzip_wrapper = 16 + zlib.MAX_WBITS
        return zlib.compressobj(wbits=gzip_wrapper)


class Zstd:
    """Zstandard, at its own level, with a checksum.

    Raises:
        MissingExtra: ``zstandard`` is not installed.
    """

    suffix = ".zst"

    def __init__(self) -> None:
        require("compression by zstd", "zstd", "zstandard")

    def stream(self) -> Any:
        """Begin."""
        zstandard: Any = import_module("zstandard")
        return zstandard.ZstdCompressor(write_checksum=True).compressobj()


def packed(pieces: Iterable[bytes], packing: Packing | None) -> Iterator[bytes]:
    """Compress *pieces*, or hand them on where there is no *packing*."""
    if packing is None:
        yield from pieces
        return
    stream = packing.stream()
    for piece in _even(pieces):
        yield stream.compress(piece)
    yield stream.flush()


def _even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut *pieces* anew, into pieces of one size and a rest."""
    held = bytearray()
    for piece in pieces:
        held += piece
        whole = len(held) - len(held) % _PIECE
        for at in range(0, whole, _PIECE):
            yield bytes(held[at : at + _PIECE])
        del held[:whole]
    yield bytes(held)
