"""Tokens in a file, for the processes of one machine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from sage200_async._optional import require
from sage200_async.auth.stores.base import decode, encode
from sage200_async.auth.stores.locks import LOCK_WAIT, file_lock
from sage200_async.errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from sage200_async.auth.stores.base import Tokens

_log = logging.getLogger(__name__)

R = TypeVar("R")

_POSIX: Final = os.name == "posix"
_MODE_OF_OTHERS: Final = 0o077
_STALE: Final = 60.0
# Seconds after which the process that wrote a temporary file must have died.
_ATTEMPTS: Final = 1 if _POSIX else 20
_DELAY: Final = 0.02
# Windows refuses to open or replace a file while another process does so.


class FileStore:
    """Keeps tokens in a JSON file that only its owner can read.

    The file is replaced as a whole: a reader sees the old tokens or the new,
    never half of them. Processes that share the path share one refresh, by the
    lock file ``<path>.lock``, which the system frees when its holder ends. Do
    not use a network file system.

    A kill loses nothing before the token endpoint has rotated the refresh
    token, or after `save` has renamed the new file. In between, which is the
    transfer of the response and a fraction of a millisecond here, the new
    refresh token is lost with the process; no client can prevent that. The
    file then holds the used one with ``refresh_started_at``. The next process
    tries it, since some servers accept a used token a little longer; if it is
    refused, a person has to sign in again.

    When `save` returns, the tokens survive a power cut. Tokens that replace
    working ones are on the disk before the rename. Tokens that replace used
    ones are renamed first: the used ones are worthless, and a kill while
    waiting for the disk would lose the new ones.

    Args:
        path: The file. Its folder is created if it is missing.
        wait: Seconds to wait for the lock at most.

    Raises:
        MissingExtra: ``filelock`` is not installed.
    """

    def __init__(self, path: str | Path, *, wait: float = LOCK_WAIT) -> None:
        require("a token store in a file", "file", "filelock")
        self.path = Path(path).absolute()
        self._wait = wait
        self._stored_used = False

    def __repr__(self) -> str:
        return f"FileStore({str(self.path)!r})"

    async def load(self) -> Tokens | None:
        """Return the tokens, or None if there is no file.

        Raises:
            TokenStoreError: The file cannot be read, or holds something else.
        """
        return decode(await self._run("read", self._read), str(self.path))

    async def save(self, tokens: Tokens) -> None:
        """Replace the file; on return, the new one is on the disk.

        Raises:
            TokenStoreError: It cannot be written.
        """
        replace = _replace_used if self._stored_used else _replace
        self._stored_used = tokens.refresh_started_at is not None
        await self._run("written", lambda: replace(_resolve(self.path), encode(tokens)))

    async def clear(self) -> None:
        """Remove the file.

        Raises:
            TokenStoreError: It cannot be removed.
        """
        await self._run("removed", lambda: self.path.unlink(missing_ok=True))

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        """Hold the lock between the processes and tasks of this machine.

        Raises:
            TokenStoreError: The lock was not free in time.
        """
        path = await self._run("locked", lambda: _with_folder(_resolve(self.path)))
        async with file_lock(path.with_name(path.name + ".lock"), self._wait):
            yield

    async def _run(self, action: str, work: Callable[[], R]) -> R:
        """Run *work* in a thread."""
        attempts_left = _ATTEMPTS
        while True:
            attempts_left -= 1
            try:
                return await asyncio.to_thread(work)
            except OSError as error:
                failure = self._error(action, error)
                may_pass = isinstance(error, PermissionError)
            if not attempts_left or not may_pass:
                raise failure  # without the frames that hold the tokens
            await asyncio.sleep(_DELAY)

    def _error(self, action: str, error: OSError) -> TokenStoreError:
        reason = error.strerror or type(error).__name__
        return TokenStoreError(f"{self.path}: the tokens cannot be {action}: {reason}")

    def _read(self) -> bytes | None:
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                data = file.read()
        except FileNotFoundError:
            return None
        if _POSIX and mode & _MODE_OF_OTHERS:
            _log.warning(
                "%s: other users can read these tokens: expected mode 600, got %o. "
                "Run chmod 600 on it.",
                self.path,
                mode & 0o777,
            )
        return data


def _resolve(path: Path) -> Path:
    """Follow symbolic links, so that the file they lead to is replaced."""
    return Path(os.path.realpath(path))


def _with_folder(path: Path) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _replace(path: Path, data: bytes) -> None:
    """Replace tokens that may still work: write to the disk, then rename."""
    with _temporary_file(path) as temporary:
        _write_private(temporary, data)
        _sync(temporary)
        temporary.replace(path)
    _sync_folder(path.parent)
    _remove_stale(path)


def _replace_used(path: Path, data: bytes) -> None:
    """Replace used tokens: rename, then write to the disk."""
    with _temporary_file(path) as temporary:
        _write_private(temporary, data)
        temporary.replace(path)
    _sync(path)
    _sync_folder(path.parent)
    _remove_stale(path)


@contextmanager
def _temporary_file(path: Path) -> Generator[Path, None, None]:
    """Yield a path to be renamed to *path*; remove the file if that fails."""
    _with_folder(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_private(path: Path, data: bytes) -> None:
    """Create a file that no other user can read at any time."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)


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
    """Remove temporary files of killed processes: they may hold tokens."""
    for temporary in path.parent.glob(f".{path.name}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - temporary.stat().st_mtime > _STALE:
                temporary.unlink()
