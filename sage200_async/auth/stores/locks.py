"""A lock between processes of one machine, which the system frees by itself."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from sage200_async.errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from filelock import BaseFileLock

LOCK_WAIT: Final = 60.0
"""Seconds to wait for a store's lock at most; a refresh takes 30 at most."""
_POLL: Final = 0.05


def still_held(where: str, seconds: float) -> TokenStoreError:
    """Say that a lock was not to be had."""
    return TokenStoreError(
        f"{where}: expected the lock within {seconds:g} s, but another process has "
        "it: one that shares this store hangs in a refresh, or is stopped"
    )


@asynccontextmanager
async def file_lock(path: Path, wait: float) -> AsyncGenerator[None, None]:
    """Hold the lock file at *path*.

    The system frees it the moment that its holder ends, however that is.

    Args:
        path: The file; it is made, and its folder must be there.
        wait: Seconds to wait at most.

    Raises:
        TokenStoreError: It was not free in time, or cannot be locked at all.
    """
    from filelock import FileLock  # noqa: PLC0415 - an extra

    lock = FileLock(path, thread_local=False, mode=0o600)
    try:
        await _acquire(lock, path, wait)
        yield
    finally:
        await asyncio.to_thread(lock.release, force=True)


async def _acquire(lock: BaseFileLock, path: Path, wait: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + wait
    while not await asyncio.to_thread(_take, lock, path):
        if loop.time() >= end:
            raise still_held(str(path), wait)
        await asyncio.sleep(_POLL)


def _take(lock: BaseFileLock, path: Path) -> bool:
    """Try once."""
    from filelock import Timeout  # noqa: PLC0415 - an extra

    try:
        with contextlib.suppress(Timeout):
            lock.acquire(blocking=False)
    except OSError as error:
        raise TokenStoreError(f"{path}: cannot be locked: {error.strerror}") from error
    except NotImplementedError:
        message = f"{path}: expected a file system with locks, got one without"
        raise TokenStoreError(message) from None
    return lock.is_locked
