"""Files that only their owner can read, replaced as a whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

_POSIX: Final = os.name == "posix"
_MODE_OF_OTHERS: Final = 0o077
_STALE: Final = 60.0
# Seconds after which the process that wrote a temporary file must have died.


def is_open_to_others(mode: int) -> bool:
    """Whether others can read or write a file of this mode; never on Windows."""
    return _POSIX and bool(mode & _MODE_OF_OTHERS)


def with_folder(path: Path) -> Path:
    """Create the folder of *path* if it is missing, for its owner only.

    Returns:
        The path without symbolic links: the file that they lead to is replaced.

    Raises:
        OSError: It cannot be created.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def replace_private(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Replace a file by *data*, whole or in parts: write to the disk, then rename.

    A reader sees the old content or the new, never half of it; so does the next one
    after a power cut.

    Raises:
        OSError: It cannot be written; the old one is still there.
    """
    path = with_folder(path)
    with _temporary_file(path) as temporary:
        _write_private(temporary, data)
        _sync(temporary)
        temporary.replace(path)
    _sync_folder(path.parent)
    _remove_stale(path)


def replace_before_sync(path: Path, data: bytes) -> None:
    """Replace a file whose content is worthless: rename, then write to the disk.

    A kill while waiting for the disk does not lose *data*; a power cut may.

    Raises:
        OSError: It cannot be written.
    """
    path = with_folder(path)
    with _temporary_file(path) as temporary:
        _write_private(temporary, data)
        temporary.replace(path)
    _sync(path)
    _sync_folder(path.parent)
    _remove_stale(path)


@contextmanager
def _temporary_file(path: Path) -> Generator[Path, None, None]:
    """Yield a path to be renamed to *path*; remove the file if that fails."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_private(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Create a file that no other user can read at any time."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.writelines((data,) if isinstance(data, bytes) else data)


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Write the renamed entry to the disk, too; Windows does so by itself."""
    if not _POSIX:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_stale(path: Path) -> None:
    """Remove temporary files of killed processes: they may hold secrets."""
    for temporary in path.parent.glob(f".{path.name}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - temporary.stat().st_mtime > _STALE:
                temporary.unlink()
