"""A client that is closed, in another event loop, or a second one of the same settings."""

import asyncio
import gc
import os
import subprocess
import sys
import warnings
from contextlib import contextmanager, suppress

import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.errors import (
    ClientClosed,
    IncompleteResponse,
    Sage200Error,
    TokenRefused,
    TokenStoreError,
)
from sage200_async.sandbox import Sandbox
from sage200_async.testing import SandboxThread


@contextmanager
def two_loops():
    """Yield two event loops; close them at the end."""
    loops = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        yield loops
    finally:
        for loop in loops:
            loop.close()


def test_another_event_loop(helpers):
    """A client that was opened in another loop says so, and touches no token."""
    store = MemoryStore()
    client = Sage200Client(replace(helpers.settings, token_store=store))
    with two_loops() as (first, second):
        first.run_until_complete(client.__aenter__())
        with pytest.raises(ClientClosed, match="opened in another event loop"):
            second.run_until_complete(client.sites())
        with pytest.raises(ClientClosed, match="opened in another event loop"):
            second.run_until_complete(client.close())
        assert second.run_until_complete(store.load()) is None
        first.run_until_complete(client.close())


@pytest.mark.parametrize("read", [True, False])
def test_a_client_that_is_closed_while_a_response_comes(helpers, read):
    """A reading says that the client is closed; a record may have been created."""

    async def half(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        size = b"1000000" if read else b"100"  # the whole of the second is small
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: " + size + b"\r\n\r\n[")
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    async def main():
        server = await asyncio.start_server(half, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        base_url = f"http://127.0.0.1:{port}/"
        client = Sage200Client(replace(helpers.settings, base_url=base_url))
        async with server, client:
            work = (
                client.customers.first()
                if read
                else client.customers.create({"name": "A", "reference": "A"})
            )
            task = asyncio.create_task(work)
            await asyncio.sleep(0.2)
            await client.close()
            with pytest.raises(Sage200Error) as caught:
                await task
        if read:
            assert isinstance(caught.value, ClientClosed)
        else:
            assert isinstance(caught.value, IncompleteResponse)
            assert caught.value.outcome_unknown

    asyncio.run(main())


def test_a_client_that_is_closed_before_a_record_is_sent(helpers):
    """A create that is under way when its client is closed ends with an error of ours."""

    async def main():
        async with Sandbox(records={}) as sandbox:
            client = Sage200Client(sandbox.settings)
            async with client:
                await client.sites()
                record = {"name": "A", "reference": "A"}
                for turns in range(12):
                    task = asyncio.create_task(client.customers.create(record))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    await client.close()
                    with pytest.raises((ClientClosed, IncompleteResponse)):
                        await task
                    await client.__aenter__()

    asyncio.run(main())


def test_a_loop_that_is_gone():
    """A client whose loop was closed can be closed, and opened again, in another one."""

    async def main(client):
        async with client:
            return await client.sites()

    with two_loops() as (first, second), warnings.catch_warnings():
        warnings.simplefilter("error")
        sandbox = Sandbox(records={})
        first.run_until_complete(sandbox.__aenter__())
        client = Sage200Client(sandbox.settings)
        first.run_until_complete(client.__aenter__())
        assert first.run_until_complete(client.sites())
        first.run_until_complete(sandbox.__aexit__(None, None, None))
        first.close()
        with pytest.raises(ClientClosed, match="another event loop"):
            second.run_until_complete(client.sites())
        second.run_until_complete(client.close())
        with pytest.raises(ClientClosed, match="not open"):
            second.run_until_complete(client.sites())
        gc.collect()


FORKED = """
import asyncio, os, sys
from sage200_async import Sage200Client
from sage200_async.errors import ClientClosed

async def main():
    async with Sage200Client() as client:
        return await client.customers.count()

client = Sage200Client()
runner = asyncio.Runner()
runner.run(client.__aenter__())
before = runner.run(client.customers.count())
if child := os.fork():
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert runner.run(client.customers.count()) == before
    runner.run(client.close())
    sys.exit(status)
for action in (client.customers.count, client.close):
    try:
        runner.run(action())
    except ClientClosed as error:
        print(error, flush=True)
os._exit(0 if asyncio.run(main()) == before else 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process(tmp_path):
    """A client of before a fork says so in the child, which can open another one."""
    with SandboxThread(records={"customers": 3}) as sandbox:
        settings = sandbox.settings
        names = ("client_id", "client_secret", "site", "company", "base_url")
        env = {f"SAGE200_{n.upper()}": str(getattr(settings, n)) for n in names}
        store = (tmp_path / "tokens.json").as_uri()
        env |= {
            "SAGE200_TOKEN_URL": settings.token_url,
            "SAGE200_REFRESH_TOKEN": settings.refresh_token,
            "SAGE200_TOKEN_STORE": store,
        }
        result = subprocess.run(
            [sys.executable, "-c", FORKED],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    said = result.stdout.splitlines()
    assert len(said) == 2
    assert all("opened before this process was forked" in line for line in said)


@pytest.mark.parametrize("closed", [True, False])
def test_a_closed_client_touches_no_token(helpers, closed):
    """A client that is not open neither reads nor writes its token store."""

    class Untouched(MemoryStore):
        async def load(self):
            raise AssertionError("it was read")

    settings = replace(helpers.settings, token_store=Untouched())

    async def main():
        client = Sage200Client(settings)
        if closed:
            async with client:
                pass
        with pytest.raises(ClientClosed, match="not open"):
            await client.sites()

    asyncio.run(main())


def test_a_memory_store_in_one_loop_after_another():
    """A store in memory is used in several loops in turn, contended or not."""
    store = MemoryStore()

    async def work():
        async with store.lock():
            await asyncio.sleep(0)
            await store.save(Tokens("a"))

    async def main():
        await asyncio.gather(*(work() for _ in range(3)))

    for _ in range(3):
        asyncio.run(main())


def test_a_memory_store_in_two_loops_at_once():
    """A store in memory that another loop holds is a named error."""
    store = MemoryStore()

    async def lock():
        async with store.lock():
            return True

    async def hold():
        await store.lock().__aenter__()

    with two_loops() as (first, second):
        first.run_until_complete(hold())
        with pytest.raises(TokenStoreError, match="another event loop"):
            second.run_until_complete(lock())
    assert asyncio.run(lock())


def test_a_refresh_of_a_loop_that_is_gone(helpers):
    """A refresh whose loop was closed before its end does not block another loop's."""
    service = helpers.Service(helpers.Clock())
    _, manager = service.auth(seed=Tokens("", "hush-refresh-0"))
    answer = service._token

    async def hang(_):
        await asyncio.Event().wait()

    async def start():
        task = asyncio.create_task(manager.current())
        while not manager._tasks.running.get("_refresh"):
            await asyncio.sleep(0)
        return task

    async def main():
        await manager.drain()
        return await manager.current()

    with two_loops() as (first, second):
        service._token = hang
        abandoned = first.run_until_complete(start())
        refresh = manager._tasks.running["_refresh"]
        for task in (abandoned, refresh):
            task._log_destroy_pending = False
        first.close()
        service._token = answer
        version = second.run_until_complete(main())
        assert version.tokens.access_token == "hush-access-1"


def test_a_second_client_of_the_same_settings():
    """Settings whose refresh token was used up explain that, and how to go on."""

    async def main():
        async with Sandbox(records={}) as sandbox:
            settings = sandbox.settings
            async with Sage200Client(settings) as first:
                assert await first.sites()
            async with Sage200Client(settings) as second:
                with pytest.raises(TokenRefused) as caught:
                    await second.sites()
            shared = replace(sandbox.settings, token_store=MemoryStore())
            for _ in range(2):
                async with Sage200Client(shared) as client:
                    assert await client.sites()
            return caught.value

    error = asyncio.run(main())
    assert error.reason == "invalid_grant"
    assert "the token store is memory://" in str(error)
    assert "give clients of one process the same store" in str(error)
