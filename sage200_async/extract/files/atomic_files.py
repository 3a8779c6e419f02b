"""Files that exist completely or not at all, on every system."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

from sage200_async.errors import SinkConflict, SinkError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

_POSIX: Final = os.name == "posix"


def write_atomically(path: Path, data: bytes, temporary: Path) -> None:
    """Write a file that has all of *data* as soon as it has its name.

    Args:
        path: Its name.
        data: Its content.
        temporary: Its name until then, on the same file system.
    """
    with temporary.open("wb") as file:
        file.write(data)
    fsync_file(temporary)
    temporary.replace(path)
    fsync_folder(path.parent)


def fsync_file(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def fsync_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk; Windows sees to it itself."""
    if not _POSIX:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_hashed(chunks: Iterable[bytes], path: Path) -> str:
    """Write a file, and return its SHA-256, in hexadecimal: it is not read again."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def disk_errors(
    path: Path, what: str = "cannot be written"
) -> Generator[None, None, None]:
    """Turn errors of the disk into a `SinkError` that names the path.

    Raises:
        SinkError: The disk refused something.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        name = error.filename2 or error.filename or path  # of a rename, the new name
        message = f"{name}: {what}: {reason}"
        if isinstance(error, PermissionError) and error.filename2:
            message += "; if Excel or another program has it open, close it there"
        raise SinkError(message) from error


def lock_file(path: Path) -> IO[bytes]:
    """Lock *path* until the file is closed or the process ends, however it ends.

    Raises:
        SinkConflict: Another process has locked it.
    """
    file = path.open("ab")
    try:
        _lock(file)
    except OSError as error:
        file.close()
        message = f"{path}: another process is writing there; let it end first"
        conflict = SinkConflict(message)
        conflict.retryable = True
        raise conflict from error
    return file


def wait_for_lock(file: IO[bytes]) -> None:
    """Lock *file* for this process until it is closed, once others let go of it.

    Raises:
        OSError: They do not, on Windows for 10 seconds.
    """
    _lock(file, wait=True)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes], *, wait: bool = False) -> None:
        file.seek(0)
        mode = msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK
        msvcrt.locking(file.fileno(), mode, 1)

else:
    import fcntl

    def _lock(file: IO[bytes], *, wait: bool = False) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
