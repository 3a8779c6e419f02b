"""Tokens in Redis, for the processes of many machines."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sage200_async._optional import require
from sage200_async.auth.stores.base import decode, encode
from sage200_async.auth.stores.locks import LOCK_WAIT, lock_timeout
from sage200_async.errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from redis.asyncio import Redis
    from redis.asyncio.lock import Lock

    from sage200_async.auth.stores.base import Tokens

_log = logging.getLogger(__name__)

_TIMEOUT: Final = 5.0
_POLL: Final = 0.05


class RedisStore:
    """Keeps tokens under one key of a Redis server.

    The lock is a lease, renewed while it is held: it is free soon after its
    holder was killed. New tokens are saved even if the lease was lost
    meanwhile, since they are the only ones that still work.

    Durability depends on the server: with ``appendonly yes`` and
    ``appendfsync always`` a save survives a crash. A kill between the token
    endpoint's response and `save` has the same effect as with `FileStore`.

    No connection is held between calls: each opens its own.

    Args:
        url: As in redis-py, ``redis://[user:password@]host[:port]/0``.
        name: The name of this set of tokens, if there are several on a server.
        wait: Seconds to wait for the lock at most.
        lease: Seconds after which the lock of a killed process is free.

    Raises:
        MissingExtra: ``redis`` is not installed.

    Source:
        redis.io/docs, "Distributed locks with Redis".
    """

    def __init__(
        self,
        url: str,
        *,
        name: str = "tokens",
        wait: float = LOCK_WAIT,
        lease: float = 10.0,
    ) -> None:
        require("a token store in Redis", "redis", "redis")
        self._url = url
        self._key = f"sage200-async:{name}"
        self._wait = wait
        self._lease = lease
        self._label = f"Redis at {urlsplit(url).hostname}, key {self._key}"

    def __repr__(self) -> str:
        return f"RedisStore({self._label!r})"

    async def load(self) -> Tokens | None:
        """Return the tokens, or None if there are none.

        Raises:
            TokenStoreError: Redis failed, or the key holds something else.
        """
        key = self._key
        return decode(
            await self._run("load", lambda redis: redis.get(key)), self._label
        )

    async def save(self, tokens: Tokens) -> None:
        """Store *tokens*, even if the lock was lost meanwhile.

        Raises:
            TokenStoreError: Redis failed.
        """
        key = self._key
        await self._run("save", lambda redis: redis.set(key, encode(tokens)))

    async def clear(self) -> None:
        """Delete the tokens.

        Raises:
            TokenStoreError: Redis failed.
        """
        await self._run("clear", lambda redis: redis.delete(self._key))

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        """Hold the lock between all processes and tasks.

        Raises:
            TokenStoreError: Redis failed, or the lock was not free in time.
        """
        async with self._client() as redis:
            lock = redis.lock(
                f"{self._key}:lock",
                timeout=self._lease,
                sleep=_POLL,
                blocking_timeout=self._wait,
                thread_local=False,
            )
            acquired = await self._translated("lock", lock.acquire())
            if not acquired:
                raise lock_timeout(self._label, self._wait)
            async with _renewed(lock, self._lease):
                yield

    def _client(self) -> Redis:
        from redis.asyncio import Redis  # noqa: PLC0415 - an extra

        return Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
            self._url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT
        )

    async def _run(
        self, action: str, command: Callable[[Redis], Awaitable[Any]]
    ) -> Any:
        """Send one command over a connection of its own."""

        async def send() -> Any:
            async with self._client() as redis:
                return await command(redis)

        return await self._translated(action, send())

    async def _translated(self, action: str, work: Awaitable[Any]) -> Any:
        """Await *work*; raise Redis's errors as ours.

        They are dropped: some repeat the command, which holds a token, and so do
        their frames.
        """
        from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

        try:
            return await work
        except (RedisError, OSError) as error:
            name = type(error).__name__
        raise TokenStoreError(f"{self._label}: {action} failed with {name}")


@asynccontextmanager
async def _renewed(lock: Lock, lease: float) -> AsyncGenerator[None, None]:
    """Renew the lease while inside, then release the lock."""
    renewing = asyncio.create_task(_renew(lock, lease / 3))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.wait([renewing])
        await _release(lock)


async def _renew(lock: Lock, interval: float) -> None:
    """Renew the lease again and again; after a failure, the next attempt counts."""
    from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

    while True:
        await asyncio.sleep(interval)
        try:
            await lock.reacquire()
        except (RedisError, OSError) as error:
            _log.warning("the lease was not renewed: %s", type(error).__name__)


async def _release(lock: Lock) -> None:
    """Release the lock; if that fails, the lease ends by itself."""
    from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

    with contextlib.suppress(RedisError, OSError):
        await lock.release()
