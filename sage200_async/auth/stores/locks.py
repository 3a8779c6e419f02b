"""A lock between the processes of one machine, freed by the system if one dies."""

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


def lock_timeout(store: str, seconds: float) -> TokenStoreError:
    """Return the error for a lock that was not free in time."""
    return TokenStoreError(
        f"{store}: expected the lock within {seconds:g} s, but another process has "
        "it. Look for a process that shares this store and is stuck or suspended."
    )


@asynccontextmanager
async def file_lock(path: Path, wait: float) -> AsyncGenerator[None, None]:
    """Hold the lock file at *path*.

    The system frees it when its holder ends, however that happens.

    Args:
        path: The file; it is created. Its folder must exist.
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
    deadline = loop.time() + wait
    while not await asyncio.to_thread(_try_acquire, lock, path):
        if loop.time() >= deadline:
            raise lock_timeout(str(path), wait)
        await asyncio.sleep(_POLL)


def _try_acquire(lock: BaseFileLock, path: Path) -> bool:
    """Try once; return whether the lock is held."""
    from filelock import Timeout  # noqa: PLC0415 - an extra

    try:
        with contextlib.suppress(Timeout):
            lock.acquire(blocking=False)
    except OSError as error:
        raise TokenStoreError(f"{path}: cannot be locked: {error.strerror}") from error
    except NotImplementedError:
        message = (
            f"{path}: expected a file system with locks, got one without. "
            "Choose a path on a local disk."
        )
        raise TokenStoreError(message) from None
    return lock.is_locked
