"""What is kept until a file can be written: an append-only journal of runs.

One file. Each frame has its length and a checksum. A *run* holds rows whose
keys ascend and between which no other row belongs; a *mark* holds the
checkpoint up to which the runs before it count. Runs and their mark are written
in one go and synced once: as nothing outside the journal says what is in it,
and a frame counts only if all before it are whole, it does not matter in which
order a disk writes them. What is after the last whole mark is cut off.
"""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from typing import IO, TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Struct

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files.atomic_files import held, put
from sage200_async.extract.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_FRAME: Final = struct.Struct("<BHqIQI")
# Kind, table, low key, rows, bytes that follow, checksum of all but itself.
_HEAD, _RUN, _MARK = range(3)
_JOURNAL: Final = "journal"
_LOCK: Final = "lock"
_VERSION: Final = 1


class Head(Struct, frozen=True):
    """What a spool is for: another is not used."""

    form: str
    tables: tuple[Table, ...]
    started_at: float
    """In seconds since 1970. Tells the spool of a finished file from a later one."""
    version: int = _VERSION


class Run(NamedTuple):
    """Rows as their format keeps them; other runs lie wholly below or above."""

    table: int
    """The table's place among the tables."""
    low: int
    """What lies below the rows' keys; where there is no key, the run's number."""
    rows: int
    data: bytes


class Place(NamedTuple):
    """Where a run is."""

    low: int
    rows: int
    at: int
    """Bytes from the journal's beginning."""


class Spool:
    """The journal of one resource, open; one process at a time.

    Args:
        folder: Where it is; made if it is missing.
        head: What it is to be for.

    Raises:
        SinkConflict: It is for something else, or another process has it.
        OSError: The disk.
    """

    def __init__(self, folder: Path, head: Head) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.checkpoint: Checkpoint | None = None
        """As of the last mark."""
        self._path = folder / _JOURNAL
        self._lock = held(folder / _LOCK)
        try:
            if not self._path.exists():
                first = Run(0, 0, 0, msgspec.json.encode(head))
                put(self._path, _head(_HEAD, first) + first.data, folder / "new")
            self._file: IO[bytes] = self._path.open("r+b", buffering=0)
        except BaseException:
            self._lock.close()
            raise
        try:
            self._load(head)
        except BaseException:
            self.close()
            raise

    def _load(self, head: Head) -> None:
        self._runs: list[list[Place]] = [[] for _ in head.tables]
        found = _frame_at(self._file, 0)
        first = found[1].data if found else b""
        self.head = _same(self._path, head, first)
        self._begin = self._end = _FRAME.size + len(first)
        fresh: list[tuple[int, Place]] = []
        for kind, run, at in _frames(self._file):
            if kind == _RUN:
                fresh.append((run.table, Place(run.low, run.rows, at)))
            elif kind == _MARK:
                self._take(fresh)
                fresh = []
                self._end = at + _FRAME.size + len(run.data)
                self.checkpoint = msgspec.json.decode(run.data, type=Checkpoint)
        self._cut()

    def _take(self, fresh: Sequence[tuple[int, Place]]) -> None:
        for table, place in fresh:
            self._runs[table].append(place)

    def _cut(self) -> None:
        self._file.seek(self._end)
        self._file.truncate()

    def clear(self) -> None:
        """Forget what it holds."""
        self.checkpoint = None
        self._runs = [[] for _ in self._runs]
        self._end = self._begin
        self._cut()

    def append(self, runs: Sequence[Run], checkpoint: Checkpoint) -> None:
        """Keep *runs* and *checkpoint*, on the disk: both or, if it fails, neither."""
        self._cut()
        fresh: list[tuple[int, Place]] = []
        end = self._end
        for run in runs:
            fresh.append((run.table, Place(run.low, run.rows, end)))
            end += self._write(_RUN, run)
        end += self._write(_MARK, Run(0, 0, 0, msgspec.json.encode(checkpoint)))
        os.fsync(self._file.fileno())
        self._take(fresh)
        self._end, self.checkpoint = end, checkpoint

    def _write(self, kind: int, run: Run) -> int:
        head = _head(kind, run)
        for part in (head, run.data):
            left = memoryview(part)
            while left:
                left = left[self._file.write(left) :]
        return len(head) + len(run.data)

    def rows(self, table: int) -> int:
        """Count the rows of a table, by its place among the tables."""
        return sum(place.rows for place in self._runs[table])

    def count(self, table: int) -> int:
        """Count the runs of a table, by its place among the tables."""
        return len(self._runs[table])

    def runs(self, table: int) -> Iterator[bytes]:
        """Give a table's runs, in the order of their keys.

        Raises:
            SinkError: What was written is not what is read.
        """
        for place in sorted(self._runs[table]):
            found = _frame_at(self._file, place.at)
            if found is None:
                message = f"{self._path}: expected what was written, got something else"
                raise SinkError(f"{message}: close and go on, which reads it again")
            yield found[1].data

    def close(self) -> None:
        """Let others have it."""
        self._file.close()
        self._lock.close()

    def remove(self) -> None:
        """Close it, and remove it with all it holds."""
        self.close()
        remove(self.folder)


def is_left(folder: Path, started_at: float) -> bool:
    """Tell whether *folder* is what is left of a spool that was finished."""
    try:
        with (folder / _JOURNAL).open("rb") as file:
            found = _frame_at(file, 0)
            data = found[1].data if found else b""
            return msgspec.json.decode(data, type=Head).started_at == started_at
    except FileNotFoundError:
        return folder.exists()
    except msgspec.DecodeError:
        return False


def remove(folder: Path) -> None:
    """Remove a spool, if it is there; the journal first: without it, it is none."""
    (folder / _JOURNAL).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)


def _head(kind: int, run: Run) -> bytes:
    """Give what stands before the data of a frame."""
    told = kind, run.table, run.low, run.rows, len(run.data)
    check = zlib.crc32(run.data, zlib.crc32(_FRAME.pack(*told, 0)))
    return _FRAME.pack(*told, check)


def _frames(file: IO[bytes]) -> Iterator[tuple[int, Run, int]]:
    """Give the frames of a journal, and where each begins, up to one that is torn."""
    at = 0
    while (found := _frame_at(file, at)) is not None:
        yield (*found, at)
        at += _FRAME.size + len(found[1].data)


def _frame_at(file: IO[bytes], at: int) -> tuple[int, Run] | None:
    """Give the kind of the frame that begins at *at*, and what is in it, if it is whole."""
    file.seek(at)
    packed = file.read(_FRAME.size)
    if len(packed) < _FRAME.size:
        return None
    kind, table, low, rows, size, _ = _FRAME.unpack(packed)
    left = os.fstat(file.fileno()).st_size - at - _FRAME.size
    run = Run(table, low, rows, file.read(size) if size <= left else b"")
    return (kind, run) if _head(kind, run) == packed else None


def _same(path: Path, wanted: Head, data: bytes) -> Head:
    """Give what a journal is for, if it is what is wanted.

    Raises:
        SinkConflict: It is not.
    """
    try:
        found = msgspec.json.decode(data, type=Head)
    except msgspec.DecodeError as error:
        raise SinkConflict(f"{path}: expected a spool, got another file") from error
    if (found.version, found.form) != (wanted.version, wanted.form):
        raise SinkConflict(
            f"{path}: expected a spool of {wanted.form} (version {wanted.version}), "
            f"got one of {found.form} (version {found.version})"
        )
    if found.tables != wanted.tables:
        raise SinkConflict(f"{path}: {_difference(found, wanted)}")
    return found


def _difference(found: Head, wanted: Head) -> str:
    old, new = _columns(found), _columns(wanted)
    lacking = [each for each in new if each not in old]
    more = [each for each in old if each not in new]
    if not lacking and not more:
        return "expected a spool of the same columns, got another order or key"
    return (
        f"expected a spool of the same columns, got one that lacks "
        f"{', '.join(lacking) or 'none'} and has {', '.join(more) or 'none'} besides"
    )


def _columns(head: Head) -> list[str]:
    return [
        f"{table.name}.{column.name} ({column.kind})"
        for table in head.tables
        for column in table.columns
    ]
