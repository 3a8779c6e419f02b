"""The file of records that were set aside: NDJSON, each record once, none lost."""

from __future__ import annotations

import hashlib
import os
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from sage200_async.errors import SinkConflict
from sage200_async.extract.files.atomic_files import disk_errors, wait_for_lock
from sage200_async.extract.undecodable import undecodable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sage200_async.errors import DecodeError
    from sage200_async.extract.extraction import Extraction
    from sage200_async.extract.rejects import RejectedRow

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class RejectedLine(Struct, frozen=True, kw_only=True):
    """One line of the file."""

    resource: str
    site: str
    """The GUID of the company's site in lower case; empty if it is not known."""
    company: str
    """The number of the company; empty if it is not known."""
    table: str
    """The table or file of the value that does not fit."""
    key: int | tuple[int | None, ...] | None
    """The key of its row: more than one part in a table of related records."""
    column: str
    """The column of the value; empty if it is not known."""
    reason: str
    record: Any
    """The whole record."""


class _Line(Struct):
    """What is read of a line."""

    resource: str
    table: str
    key: int | list[int | None] | None
    column: str
    reason: str
    site: str = ""  # earlier versions wrote neither
    company: str = ""


_DECODER: Final = msgspec.json.Decoder(_Line)
_START: Final = b'{"resource":'
# Of each line, by which one that was cut off is known.


def rejected_line(
    resource: str, rejected: RejectedRow, *, site: str, company: str
) -> RejectedLine:
    """Return the line of a record; the arguments are those of `RejectsFile.add`."""
    return RejectedLine(
        resource=resource,
        site=site,
        company=company,
        table=rejected.table,
        key=rejected.key[0] if len(rejected.key) == 1 else rejected.key or None,
        column=rejected.column,
        reason=rejected.reason,
        record=rejected.row,
    )


def encoded_line(line: RejectedLine) -> bytes:
    """Return *line* as JSON, with its end."""
    return _ENCODER.encode(line) + b"\n"


class RejectsFile:
    """Appends records that were set aside to a file, of any resources and companies.

    A record is on the disk before the call returns, and a value that does not fit
    is once in the file, however often it is added: an export that was killed sets
    it aside again. Several threads and processes can use one file. What is in it
    is never removed: move it away once the records are corrected.

    Args:
        path: The file; created if it is missing.

    Raises:
        SinkConflict: The file has something else in it, which is left as it is.
        SinkError: The disk refused.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._lock = threading.Lock()
        self._values: set[bytes] = set()
        # Hashes of what names them: they need less room.
        self._size = -1
        with self._opened() as file:
            self._read(file)

    def __repr__(self) -> str:
        return f"RejectsFile({str(self._path)!r})"

    def of(self, extraction: Extraction) -> Callable[[RejectedRow], None]:
        """Return what a sink calls with the records that it cannot store."""
        of = extraction.identity
        return partial(self.add, extraction.name, site=of.site, company=of.company)

    def quarantine(self, extraction: Extraction) -> Callable[[DecodeError], None]:
        """Return what a client calls with the records that cannot be decoded."""
        name, key = extraction.name, extraction.query.endpoint.key
        add = self.of(extraction)
        return lambda error: add(undecodable(name, key, error))

    def add(
        self, resource: str, rejected: RejectedRow, *, site: str = "", company: str = ""
    ) -> None:
        """Append a record, unless it is in the file.

        Args:
            resource: The resource that it is of.
            rejected: The record.
            site: The GUID of the site.
            company: The number of the company: others have the same keys.

        Raises:
            SinkConflict: The file was replaced by something else meanwhile.
            SinkError: The disk refused.
        """
        line = rejected_line(resource, rejected, site=site, company=company)
        encoded = encoded_line(line)
        value = _hash(line, encoded)
        with self._opened() as file:
            self._read(file)
            if value not in self._values:
                file.write(encoded)
                file.flush()
                os.fsync(file.fileno())
                self._values.add(value)
                self._size += len(encoded)

    @contextmanager
    def _opened(self) -> Generator[IO[bytes], None, None]:
        """Open the file, for nobody else until the end of the block."""
        with self._lock, disk_errors(self._path), self._path.open("a+b") as file:
            wait_for_lock(file)
            yield file

    def _read(self, file: IO[bytes]) -> None:
        """Read the lines, if others have added some; cut off half a line at the end."""
        if file.seek(0, os.SEEK_END) == self._size:
            return
        file.seek(0)
        self._values.clear()
        self._size = 0
        for line in file:
            if not line.endswith(b"\n") and _START.startswith(line[: len(_START)]):
                file.truncate(self._size)
                break
            self._values.add(_hash(self._decoded(line), line))
            self._size += len(line)

    def _decoded(self, line: bytes) -> _Line:
        try:
            return _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = (
                f"{self._path}: not a file of rejects, but another file; name a new one"
            )
            raise SinkConflict(message) from error


def _hash(line: RejectedLine | _Line, encoded: bytes) -> bytes:
    """Return the hash of what names a value: its row and column, else the whole line."""
    of = line.resource, line.site, line.company
    name = (*of, line.table, line.key, line.column)
    named = encoded if line.key is None else msgspec.json.encode(name)
    return hashlib.blake2b(named, digest_size=16).digest()
