"""Tokens in a file, for the processes of one machine."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from sage200_async._optional import require
from sage200_async._private_files import (
    is_open_to_others,
    replace_before_sync,
    replace_private,
    with_folder,
)
from sage200_async.auth.stores.base import decode, encode
from sage200_async.auth.stores.locks import LOCK_WAIT, file_lock
from sage200_async.errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sage200_async.auth.stores.base import Tokens

_log = logging.getLogger(__name__)

R = TypeVar("R")

_ATTEMPTS: Final = 1 if os.name == "posix" else 20
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
        replace = replace_before_sync if self._stored_used else replace_private
        self._stored_used = tokens.refresh_started_at is not None
        await self._run("written", lambda: replace(self.path, encode(tokens)))

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
        path = await self._run("locked", lambda: with_folder(self.path))
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
        if is_open_to_others(mode):
            _log.warning(
                "%s: other users can read these tokens: expected mode 600, got %o. "
                "Run chmod 600 on it.",
                self.path,
                mode & 0o777,
            )
        return data
