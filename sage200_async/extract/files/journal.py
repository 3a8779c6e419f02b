"""Rows on disk until the files can be written: an append-only journal.

One file of frames. Each frame has its length and a checksum. A *block* holds
encoded rows whose keys ascend, and no other row belongs between them; a
*checkpoint* makes the blocks before it count. Blocks and their checkpoint are
written in one go and synced once. As nothing outside the journal names its
content, and a frame counts only if all frames before it are whole, it does not
matter in which order a disk writes them. What follows the last whole checkpoint
is cut off.
"""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Struct

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files.atomic_files import (
    disk_errors,
    lock_file,
    write_atomically,
)
from sage200_async.extract.tables import Table

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

_FRAME: Final = struct.Struct("<BHqIQI")
# Kind, table, low key, rows, bytes that follow, checksum of all but itself.
_HEADER, _BLOCK, _CHECKPOINT = range(3)
_JOURNAL: Final = "journal"
_LOCK: Final = "lock"
_VERSION: Final = 1


class Header(Struct, frozen=True):
    """The format and the tables of a journal: one for others is not used."""

    format: str
    tables: tuple[Table, ...]
    started_at: float
    """In seconds since 1970. Distinguishes the journal of finished files from a later one."""
    options: tuple[str, ...] = ()
    """What the files of the format have besides."""
    version: int = _VERSION


class Block(NamedTuple):
    """Encoded rows; the rows of any other block lie wholly below or above."""

    table: int
    """The table's position among the tables."""
    low: int
    """The key below the first row; without a unique key, the number of the block."""
    rows: int
    data: bytes | memoryview


class Position(NamedTuple):
    """Where a block is."""

    low: int
    rows: int
    offset: int
    """Bytes from the beginning of the journal."""


class Journal:
    """The journal of one resource, open, for one process at a time.

    Args:
        folder: Its folder; created if it is missing.
        header: The format and the tables that it must be for.
        restart: Whether what is in it is dropped, whatever it is for.

    Raises:
        SinkConflict: It is for others, or another process has it open.
        OSError: The disk failed.
    """

    def __init__(self, folder: Path, header: Header, *, restart: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.checkpoint: Checkpoint | None = None
        """The last checkpoint in it."""
        self._path = folder / _JOURNAL
        self._lock = lock_file(folder / _LOCK)
        try:
            if restart or not self._path.exists():
                frame = _encode(_HEADER, Block(0, 0, 0, msgspec.json.encode(header)))
                write_atomically(self._path, b"".join(frame), folder / "new")
            self._file: IO[bytes] = self._path.open("r+b", buffering=0)
        except BaseException:
            self._lock.close()
            raise
        try:
            self._load(header)
        except BaseException:
            self.close()
            raise

    def _load(self, header: Header) -> None:
        self._positions: list[list[Position]] = [[] for _ in header.tables]
        first = _read_frame(self._file, 0)
        data = first[1].data if first else b""
        self.header = _require_same(self._path, header, data)
        self._begin = self._end = _FRAME.size + len(data)
        positions: list[tuple[int, Position]] = []
        for kind, block, offset in _frames(self._file):
            if kind == _BLOCK:
                positions.append((block.table, Position(block.low, block.rows, offset)))
            elif kind == _CHECKPOINT:
                self._add(positions)
                positions = []
                self._end = offset + _FRAME.size + len(block.data)
                self.checkpoint = msgspec.json.decode(block.data, type=Checkpoint)
        self._truncate()

    def _add(self, positions: Sequence[tuple[int, Position]]) -> None:
        for table, position in positions:
            self._positions[table].append(position)

    def _truncate(self) -> None:
        self._file.seek(self._end)
        self._file.truncate()

    def clear(self) -> None:
        """Drop all blocks and the checkpoint."""
        self.checkpoint = None
        self._positions = [[] for _ in self._positions]
        self._end = self._begin
        self._truncate()

    def append(self, blocks: Sequence[Block], checkpoint: Checkpoint) -> None:
        """Write *blocks* and *checkpoint* to the disk: all or, if it fails, none."""
        self._truncate()
        positions: list[tuple[int, Position]] = []
        end = self._end
        for block in blocks:
            positions.append((block.table, Position(block.low, block.rows, end)))
            end += self._write(_BLOCK, block)
        end += self._write(_CHECKPOINT, Block(0, 0, 0, msgspec.json.encode(checkpoint)))
        os.fsync(self._file.fileno())
        self._add(positions)
        self._end, self.checkpoint = end, checkpoint

    def _write(self, kind: int, block: Block) -> int:
        """Write one frame; return its length in bytes."""
        frame = _encode(kind, block)
        for part in frame:
            left = memoryview(part)
            while left:
                left = left[self._file.write(left) :]
        return sum(map(len, frame))

    def row_count(self, table: int) -> int:
        """Return the number of rows of a table, by its position among the tables."""
        return sum(position.rows for position in self._positions[table])

    def block_count(self, table: int) -> int:
        """Return the number of blocks of a table, by its position among the tables."""
        return len(self._positions[table])

    def positions(self, table: int, high: int | None = None) -> list[Position]:
        """Return where a table's blocks are, in the order of their keys.

        Args:
            table: The table's position among the tables.
            high: The keys of the blocks are at most this; None for all blocks.
        """
        return sorted(
            position
            for position in self._positions[table]
            if high is None or position.low < high
        )

    def blocks(self, positions: Iterable[Position]) -> Generator[bytes, None, None]:
        """Yield the encoded rows at *positions*, in any thread, while rows are appended.

        Raises:
            SinkError: The disk does not return what was written.
        """
        with self._path.open("rb", buffering=0) as file:
            for position in positions:
                frame = _read_frame(file, position.offset)
                if frame is None:
                    message = f"{self._path}: the disk does not return what was written"
                    raise SinkError(f"{message}; run again to read the rest anew")
                yield bytes(frame[1].data)

    def close(self) -> None:
        """Close it; other processes can open it."""
        self._file.close()
        self._lock.close()

    def remove(self) -> None:
        """Close it and remove it with its folder."""
        self.close()
        remove(self.folder)


def is_leftover(folder: Path, started_at: float) -> bool:
    """Return whether *folder* is left over from files finished since *started_at*."""
    try:
        with (folder / _JOURNAL).open("rb") as file:
            frame = _read_frame(file, 0)
            data = frame[1].data if frame else b""
            return msgspec.json.decode(data, type=Header).started_at == started_at
    except FileNotFoundError:
        return folder.exists()
    except msgspec.DecodeError:
        return False


def remove(folder: Path) -> None:
    """Remove a journal if there is one, its file first: without it, it is none."""
    (folder / _JOURNAL).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)


def journal_folder(folder: Path, resource: str) -> Path:
    """Return the folder of a resource's journal, whether it exists or not."""
    return folder / f".{resource}.partial"


def discard(folder: str | Path, resource: str) -> None:
    """Remove an unfinished export; finished files stay.

    Raises:
        SinkConflict: *resource* is not the name of a file; nothing was removed.
        SinkError: It cannot be removed.
    """
    if Path(resource).name != resource or resource in {"", ".."}:
        raise SinkConflict(f"{resource}: not the name of a resource")
    path = journal_folder(Path(folder), resource)
    with disk_errors(path, "cannot be removed"):
        remove(path)


def _encode(kind: int, block: Block) -> tuple[bytes, bytes | memoryview]:
    """Return a frame: its head, and its data."""
    head = kind, block.table, block.low, block.rows, len(block.data)
    checksum = zlib.crc32(block.data, zlib.crc32(_FRAME.pack(*head, 0)))
    return _FRAME.pack(*head, checksum), block.data


def _frames(file: IO[bytes]) -> Iterator[tuple[int, Block, int]]:
    """Yield frames and their offsets, up to the first that is torn."""
    offset = 0
    while (frame := _read_frame(file, offset)) is not None:
        yield (*frame, offset)
        offset += _FRAME.size + len(frame[1].data)


def _read_frame(file: IO[bytes], offset: int) -> tuple[int, Block] | None:
    """Return the kind and the content of the frame at *offset*, if it is whole."""
    file.seek(offset)
    head = file.read(_FRAME.size)
    if len(head) < _FRAME.size:
        return None
    kind, table, low, rows, size, _ = _FRAME.unpack(head)
    left = os.fstat(file.fileno()).st_size - offset - _FRAME.size
    block = Block(table, low, rows, file.read(size) if size <= left else b"")
    return (kind, block) if _encode(kind, block)[0] == head else None


def _require_same(path: Path, wanted: Header, data: bytes | memoryview) -> Header:
    """Return the header of a journal if it is the one that is wanted.

    Raises:
        SinkConflict: It is not.
    """
    try:
        header = msgspec.json.decode(data, type=Header)
    except msgspec.DecodeError as error:
        raise SinkConflict(f"{path}: not a journal, but another file") from error
    if _form(header) != _form(wanted):
        raise SinkConflict(
            f"{path}: an unfinished export to {_form(header)}, not to "
            f"{_form(wanted)}; finish it, or pass --restart to drop it"
        )
    if header.tables != wanted.tables:
        difference = _difference(header, wanted)
        raise SinkConflict(
            f"{path}: an unfinished export of {difference}; finish it, or pass "
            "--restart to drop it"
        )
    return header


def _form(header: Header) -> str:
    """Return the format with its options, as text."""
    version = f"version {header.version}"
    return f"{header.format} ({', '.join((*header.options, version))})"


def _difference(header: Header, wanted: Header) -> str:
    old, new = _columns(header), _columns(wanted)
    lacking = [column for column in new if column not in old]
    more = [column for column in old if column not in new]
    if not lacking and not more:
        return "the same columns in another order, or with another key"
    return (
        f"other columns: it lacks {', '.join(lacking) or 'none'} and has "
        f"{', '.join(more) or 'none'} besides"
    )


def _columns(header: Header) -> list[str]:
    return [
        f"{table.name}.{column.name} ({column.kind})"
        for table in header.tables
        for column in table.columns
    ]
