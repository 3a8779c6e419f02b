"""Compression with the same result for the same text, however it is cut."""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

from sage200_async._optional import require

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHUNK: Final = 1 << 20
# Bytes. The output of a compressor depends on how it is fed, so it is always
# fed chunks of one size.


class Compression(Protocol):
    """A way to compress."""

    suffix: str
    """The end of file names, with the dot."""

    def stream(self) -> Any:
        """Return a new compressor, with ``compress(bytes)`` and ``flush()``."""
        ...


class Gzip:
    """gzip, at zlib's default level; its header has no name and no time."""

    suffix = ".gz"

    def stream(self) -> Any:
        """Return a new compressor."""
        gzip_wrapper = 16 + zlib.MAX_WBITS
        return zlib.compressobj(wbits=gzip_wrapper)


class Zstd:
    """Zstandard, at its default level, with a checksum.

    Raises:
        MissingExtra: ``zstandard`` is not installed.
    """

    suffix = ".zst"

    def __init__(self) -> None:
        require("compression by zstd", "zstd", "zstandard")

    def stream(self) -> Any:
        """Return a new compressor."""
        zstandard: Any = import_module("zstandard")
        return zstandard.ZstdCompressor(write_checksum=True).compressobj()


def compressed(
    chunks: Iterable[bytes], compression: Compression | None
) -> Iterator[bytes]:
    """Compress *chunks*, or yield them as they are if there is no *compression*."""
    if compression is None:
        yield from chunks
        return
    stream = compression.stream()
    for chunk in _even(chunks):
        yield stream.compress(chunk)
    yield stream.flush()


def _even(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut *chunks* anew, into chunks of one size and a rest."""
    rest = bytearray()
    for chunk in chunks:
        rest += chunk
        whole = len(rest) - len(rest) % _CHUNK
        for start in range(0, whole, _CHUNK):
            yield bytes(rest[start : start + _CHUNK])
        del rest[:whole]
    yield bytes(rest)
