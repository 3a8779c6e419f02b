"""Tokens in Redis, with a real server."""

import asyncio
import logging

import pytest
from redis.asyncio import Redis

from sage200_async.auth.stores import Tokens
from sage200_async.auth.stores.redis import RedisStore
from sage200_async.errors import TokenStoreError

TOKENS = Tokens("hush-access", "hush-refresh", 2.0, 1.0, 3.0, 4.0, 5.0)


def test_a_round_trip(redis_url):
    """Every field is stored under the store's name; `clear` deletes it."""

    async def main():
        store = RedisStore(redis_url, name="round")
        assert await store.load() is None
        await store.save(TOKENS)
        assert await RedisStore(redis_url, name="round").load() == TOKENS
        assert await RedisStore(redis_url, name="another").load() is None
        await store.clear()
        await store.clear()
        assert await store.load() is None

    asyncio.run(main())


def test_no_connection_stays_open(redis_url):
    """No connection is open between calls."""

    async def main():
        store = RedisStore(redis_url, name="left")
        async with Redis.from_url(redis_url) as other:
            before = len(await other.client_list())
            async with store.lock():
                await store.save(TOKENS)
                await store.load()
            while len(await other.client_list()) > before:
                await asyncio.sleep(0.01)

    async def bounded():
        async with asyncio.timeout(5):
            await main()

    asyncio.run(bounded())


def test_the_lock_keeps_tasks_apart(redis_url):
    """Tasks with separate store objects hold the lock one at a time."""
    inside, peak = 0, 0

    async def one():
        nonlocal inside, peak
        async with RedisStore(redis_url, name="apart").lock():
            inside += 1
            peak = max(peak, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    async def main():
        await asyncio.gather(*(one() for _ in range(8)))

    asyncio.run(main())
    assert peak == 1


def test_the_lease_is_renewed(redis_url):
    """A lock is still held after the first lease has ended."""

    async def main():
        async with RedisStore(redis_url, name="renewed", lease=0.3).lock():
            with pytest.raises(TokenStoreError, match="another process has it"):
                async with RedisStore(redis_url, name="renewed", wait=1.0).lock():
                    raise AssertionError

    asyncio.run(main())


def test_a_lost_lease_does_not_lose_the_tokens(redis_url, caplog):
    """After losing the lease, tokens are still saved, and the new lock is kept."""

    async def main():
        store = RedisStore(redis_url, name="lost", lease=0.3)
        async with Redis.from_url(redis_url) as redis:
            async with store.lock():
                await redis.set("sage200-async:lost:lock", "another")
                async with asyncio.timeout(10):
                    while "the lease was not renewed" not in caplog.text:
                        await asyncio.sleep(0.01)
                await store.save(TOKENS)
            assert await store.load() == TOKENS
            assert await redis.get("sage200-async:lost:lock") == b"another"

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())


def test_something_else_under_the_key(redis_url):
    """The error names a key that holds no tokens, and does not show its value."""

    async def main():
        async with Redis.from_url(redis_url) as redis:
            await redis.set("sage200-async:odd", "hush")
            await redis.lpush("sage200-async:list", "hush")
        for name, text in (("odd", "got 4 bytes"), ("list", "ResponseError")):
            with pytest.raises(TokenStoreError, match=text) as caught:
                await RedisStore(redis_url, name=name).load()
            assert f"Redis at 127.0.0.1, key sage200-async:{name}" in str(caught.value)
            assert "hush" not in str(caught.value)

    asyncio.run(main())


@pytest.mark.parametrize("action", ["load", "save", "clear", "lock"])
def test_no_server(helpers, action):
    """The error for an unreachable server names it, without the password."""
    url = f"redis://user:hush@127.0.0.1:{helpers.free_port()}/0"
    store = RedisStore(url)

    async def main():
        if action == "lock":
            async with store.lock():
                raise AssertionError
        await getattr(store, action)(*([TOKENS] if action == "save" else []))

    with pytest.raises(TokenStoreError, match=f"{action} failed with Conn") as caught:
        asyncio.run(main())
    assert "127.0.0.1" in str(caught.value)
    assert "hush" not in str(caught.value) + repr(store)
    assert caught.value.__cause__ is None


def test_the_server_refuses(redis_url):
    """A wrong password is an error at once."""
    url = redis_url.replace("//", "//user:hush@")
    with pytest.raises(TokenStoreError, match="AuthenticationError") as caught:
        asyncio.run(RedisStore(url).load())
    assert "hush" not in str(caught.value)
