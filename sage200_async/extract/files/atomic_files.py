"""Files that are there whole or not at all, on every system."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

from sage200_async.errors import SinkConflict, SinkError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_POSIX: Final = os.name == "posix"


def put(path: Path, data: bytes, made: Path) -> None:
    """Write a file that has all of *data* as soon as it has its name.

    Args:
        path: Its name.
        data: What is in it.
        made: Its name until then.
    """
    with made.open("wb") as file:
        file.write(data)
    sync(made)
    made.replace(path)
    sync_folder(path.parent)


def sync(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk; Windows sees to it itself."""
    if not _POSIX:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """Give a file's SHA-256, in hexadecimal, as it is on the disk."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def told(path: Path, what: str = "cannot be written") -> Generator[None, None, None]:
    """Say of what the disk refuses which place it is about.

    Raises:
        SinkError: The disk refused something.
    """
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        place = error.filename or path
        raise SinkError(f"{place}: {what}: {why}") from error


def held(path: Path) -> IO[bytes]:
    """Lock *path* until the file is closed or the process ends, however it ends.

    Raises:
        SinkConflict: Another process has it.
    """
    file = path.open("ab")
    try:
        _lock(file)
    except OSError as error:
        file.close()
        raise SinkConflict(f"{path}: another process is writing there") from error
    return file


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
