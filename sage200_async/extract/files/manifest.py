"""What says that files are finished, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from sage200_async._version import __version__
from sage200_async.errors import SinkConflict
from sage200_async.extract.tables import Column
from sage200_async.paging.certificate import Certificate

if TYPE_CHECKING:
    from pathlib import Path


class File(Struct, frozen=True, kw_only=True):
    """One file: one table."""

    name: str
    """Beside the manifest."""
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """The columns whose order the rows are in; none: as they came."""
    member: str
    """The member whose rows these are; empty for the resource itself."""
    rows: int
    size: int
    """In bytes."""
    sha256: str
    """In hexadecimal."""


class Manifest(Struct, frozen=True, kw_only=True):
    """What an export has made. Without it, no file beside it is to be trusted.

    But for the certificate's requests and the times, it is the same for the
    same records, however they were read.
    """

    resource: str
    format: str
    query: str
    """What was asked."""
    files: tuple[File, ...]
    """The resource's own first."""
    certificate: Certificate
    started_at: float
    """When the sink was first opened, in seconds since 1970."""
    version: str = __version__
    """Of the library."""

    def encode(self) -> bytes:
        """Give it as indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def manifest_path(folder: Path, resource: str) -> Path:
    """Say where the manifest of a resource is, or would be."""
    return folder / f"{resource}.manifest.json"


def read_manifest(path: Path) -> Manifest | None:
    """Give the manifest that is at *path*; None where nothing is.

    Raises:
        SinkConflict: What is there is no manifest.
        OSError: It cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as error:
        message = f"{path}: expected a manifest, got another file: {error}"
        raise SinkConflict(message) from error
