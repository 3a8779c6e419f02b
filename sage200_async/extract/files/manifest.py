"""The manifest: which files an export has finished, and what is in them."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from sage200_async._version import __version__
from sage200_async.errors import SinkConflict
from sage200_async.extract.files.atomic_files import disk_errors
from sage200_async.extract.tables import Column
from sage200_async.paging.certificate import Certificate


class File(Struct, frozen=True, kw_only=True):
    """One file: one table."""

    name: str
    """Beside the manifest."""
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """The columns that the rows are ordered by; none if they are as they came."""
    expandable: str
    """The name of the related records that these are; empty for the resource itself."""
    rows: int
    size: int
    """In bytes."""
    sha256: str
    """In hexadecimal."""


class Manifest(Struct, frozen=True, kw_only=True):
    """What an export has written. Without it, no file beside it can be trusted.

    Apart from the certificate's requests and times, it is the same for the
    same records, however they were read.
    """

    resource: str
    format: str
    options: tuple[str, ...] = ()
    """What the files have besides, such as ``nulls`` in NDJSON."""
    query: str
    """The company and the query."""
    files: tuple[File, ...]
    """The resource's own first."""
    certificate: Certificate
    started_at: float
    """When the sink was first opened, in seconds since 1970."""
    version: str = __version__
    """Of the library."""

    def encode(self) -> bytes:
        """Return it as indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def manifest_path(folder: Path, resource: str) -> Path:
    """Return the path of the manifest of a resource, whether it exists or not."""
    return folder / f"{resource}.manifest.json"


def read_manifest(path: Path) -> Manifest | None:
    """Return the manifest at *path*; None if there is none.

    Raises:
        SinkConflict: The file is no manifest.
        OSError: It cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as error:
        message = f"{path}: not a manifest, but another file: {error}"
        raise SinkConflict(message) from error


def find_manifest(folder: str | Path, resource: str) -> Manifest | None:
    """Return the manifest of a resource's files; None if they are not finished.

    Raises:
        SinkError: It cannot be read, or is another file.
    """
    with disk_errors(Path(folder), "cannot be read"):
        return read_manifest(manifest_path(Path(folder), resource))
