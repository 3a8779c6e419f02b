"""Tokens in Redis, for the processes of many machines."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sage200_async._optional import require
from sage200_async.auth.stores.locks import LOCK_WAIT, still_held
from sage200_async.auth.stores.serialize import decode, encode
from sage200_async.errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from redis.asyncio import Redis
    from redis.asyncio.lock import Lock

    from sage200_async.auth.stores.base import Tokens

_log = logging.getLogger(__name__)

_TIMEOUT: Final = 5.0
_POLL: Final = 0.05


class RedisStore:
    """Keeps tokens under one key of a Redis server.

    The lock is a lease that is renewed while it is held, so that it is free
    soon after its holder was killed. New tokens are saved even if the
    lease was lost meanwhile: they are the only ones that still work.

    How durable a save is, is the server's matter: ``appendonly yes`` with
    ``appendfsync always`` keeps it through a crash. What a kill can do between
    the token endpoint's reply and `save` is the same as with `FileStore`.

    Nothing is held between calls: each makes its own connection.

    Args:
        url: As redis-py reads it, ``redis://[user:password@]host[:port]/0``.
        name: Tells several sets of tokens on one server apart.
        wait: Seconds to wait for the lock at most.
        lease: Seconds after which a holder that was killed has lost the lock.

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
        self._where = f"Redis at {urlsplit(url).hostname}, key {self._key}"

    def __repr__(self) -> str:
        return f"RedisStore({self._where!r})"

    async def load(self) -> Tokens | None:
        """Give the tokens, or None when there are none.

        Raises:
            TokenStoreError: Redis failed, or holds something else there.
        """
        with self._told("load"):
            async with self._client() as redis:
                data = await redis.get(self._key)
        return None if data is None else decode(data, self._where)

    async def save(self, tokens: Tokens) -> None:
        """Keep *tokens*, whoever holds the lock by now.

        Raises:
            TokenStoreError: Redis failed.
        """
        with self._told("save"):
            async with self._client() as redis:
                await redis.set(self._key, encode(tokens))

    async def clear(self) -> None:
        """Forget the tokens.

        Raises:
            TokenStoreError: Redis failed.
        """
        with self._told("clear"):
            async with self._client() as redis:
                await redis.delete(self._key)

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        """Keep the other processes and tasks out.

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
            with self._told("lock"):
                held = await lock.acquire()
            if not held:
                raise still_held(self._where, self._wait)
            async with _renewed(lock, self._lease):
                yield

    def _client(self) -> Redis:
        from redis.asyncio import Redis  # noqa: PLC0415 - an extra

        return Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
            self._url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT
        )

    @contextmanager
    def _told(self, doing: str) -> Generator[None, None, None]:
        """Put Redis's errors into our words.

        They go no further: some repeat the command, and it holds a token.
        """
        from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

        try:
            yield
        except (RedisError, OSError) as error:
            failed = type(error).__name__
            message = f"{self._where}: {doing} failed with {failed}"
            raise TokenStoreError(message) from None


@asynccontextmanager
async def _renewed(lock: Lock, lease: float) -> AsyncGenerator[None, None]:
    """Keep the lease while inside, then give it back."""
    renewing = asyncio.create_task(_renew(lock, lease / 3))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.wait([renewing])
        await _release(lock)


async def _renew(lock: Lock, every: float) -> None:
    """Keep the lease; a failure is for the next try to mend."""
    from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

    while True:
        await asyncio.sleep(every)
        try:
            await lock.reacquire()
        except (RedisError, OSError) as error:
            _log.warning("the lease was not renewed: %s", type(error).__name__)


async def _release(lock: Lock) -> None:
    """Free the lock; where that fails, the lease ends by itself."""
    from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

    with contextlib.suppress(RedisError, OSError):
        await lock.release()
