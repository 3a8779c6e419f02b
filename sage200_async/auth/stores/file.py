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
from sage200_async.auth.stores.locks import LOCK_WAIT, file_lock
from sage200_async.auth.stores.serialize import decode, encode
from sage200_async.errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from sage200_async.auth.stores.base import Tokens

_log = logging.getLogger(__name__)

R = TypeVar("R")

_POSIX: Final = os.name == "posix"
_OTHERS: Final = 0o077
_STALE: Final = 60.0
# Seconds after which a temporary file belongs to nobody who is alive.
_TRIES: Final = 1 if _POSIX else 20
_PAUSE: Final = 0.02
# Windows refuses to replace a file, or to open it, while another does: again.


class FileStore:
    """Keeps tokens in a JSON file that only its owner can read.

    The file is replaced as a whole: whoever reads it finds the old tokens or
    the new, never half of them. Processes that share the path share one
    refresh, by the lock file ``<path>.lock``, which the system frees the
    moment that its holder ends. Network file systems are no place for it.

    What a kill can do: nothing before the token endpoint has rotated the
    refresh token, and nothing after `save` has renamed the new file. Between
    the two, which is the way of the reply and a fraction of a millisecond
    here, the new refresh token is lost with the process, and no client can
    help that. The file then holds the used one with ``refresh_started_at``. Where the
    service lets a used token work a little longer, the next process gets in
    with it; where it does not, the next process says so, and a person signs
    in again.

    A power cut counts until `save` returns: then the disk has the file. What
    replaces tokens that still work is on the disk before it is renamed. What
    replaces spent ones is renamed first, as those are worth nothing, and
    waiting for the disk is most of what a kill could hit.

    Args:
        path: The file. Its folder is made where it is missing.
        wait: Seconds to wait for the lock at most.

    Raises:
        MissingExtra: ``filelock`` is not installed.
    """

    def __init__(self, path: str | Path, *, wait: float = LOCK_WAIT) -> None:
        require("a token store in a file", "file", "filelock")
        self.path = Path(path).absolute()
        self._wait = wait
        self._spent = False

    def __repr__(self) -> str:
        return f"FileStore({str(self.path)!r})"

    async def load(self) -> Tokens | None:
        """Give the tokens, or None when there is no file.

        Raises:
            TokenStoreError: The file cannot be read, or holds something else.
        """
        data = await self._do("read", self._read)
        return None if data is None else decode(data, str(self.path))

    async def save(self, tokens: Tokens) -> None:
        """Replace the file; on return it is on the disk.

        Raises:
            TokenStoreError: It cannot be written.
        """
        data, over_spent = encode(tokens), self._spent
        self._spent = tokens.refresh_started_at is not None
        put = _replace_spent if over_spent else _replace
        await self._do("written", lambda: put(_real(self.path), data))

    async def clear(self) -> None:
        """Remove the file.

        Raises:
            TokenStoreError: It cannot be removed.
        """
        await self._do("removed", lambda: self.path.unlink(missing_ok=True))

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        """Keep the other processes and tasks out.

        Raises:
            TokenStoreError: The lock was not free in time.
        """
        real = await self._do("locked", lambda: _with_folder(_real(self.path)))
        async with file_lock(real.with_name(real.name + ".lock"), self._wait):
            yield

    async def _do(self, what: str, work: Callable[[], R]) -> R:
        """Do *work* off the event loop."""
        left = _TRIES
        while True:
            left -= 1
            try:
                return await asyncio.to_thread(work)
            except OSError as error:
                if not left or not isinstance(error, PermissionError):
                    raise self._failed(what, error) from error
            await asyncio.sleep(_PAUSE)

    def _failed(self, what: str, error: OSError) -> TokenStoreError:
        why = error.strerror or type(error).__name__
        return TokenStoreError(f"{self.path}: the tokens cannot be {what}: {why}")

    def _read(self) -> bytes | None:
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                data = file.read()
        except FileNotFoundError:
            return None
        if _POSIX and mode & _OTHERS:
            _log.warning(
                "%s: others can read these tokens: expected mode 600, got %o",
                self.path,
                mode & 0o777,
            )
        return data


def _real(path: Path) -> Path:
    """Follow links, so that the file they lead to is the one replaced."""
    return Path(os.path.realpath(path))


def _with_folder(path: Path) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _replace(path: Path, data: bytes) -> None:
    """Replace what may still work: the disk has all of it before the rename."""
    with _beside(path) as made:
        _write_private(made, data)
        _sync(made)
        made.replace(path)
    _sync_folder(path.parent)
    _sweep(path)


def _replace_spent(path: Path, data: bytes) -> None:
    """Replace what is worth nothing: the rename comes first."""
    with _beside(path) as made:
        _write_private(made, data)
        made.replace(path)
    _sync(path)
    _sync_folder(path.parent)
    _sweep(path)


@contextmanager
def _beside(path: Path) -> Generator[Path, None, None]:
    """Name a file to be renamed to *path*, and remove it if that fails."""
    _with_folder(path)
    made = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        yield made
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _write_private(path: Path, data: bytes) -> None:
    """Make a file that nobody else can read, at any moment of its life."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk too; Windows does so by itself."""
    if not _POSIX:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(path: Path) -> None:
    """Remove what killed writers left: it may hold tokens."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE:
                left.unlink()
