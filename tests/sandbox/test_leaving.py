"""A consumer that stops early holds no connection and no request."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest
from aiohttp import web
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.sandbox import Sandbox

ROWS = 5000
PAGE = b"[%b]" % b",".join(
    b'{"id":%d,"name":"%b"}' % (number, b"x" * 6200) for number in range(1, ROWS + 1)
)
Leaver = Callable[[Sage200Client], Awaitable[None]]


async def breaks(client: Sage200Client) -> None:
    async for _ in client.customers:
        break


async def breaks_and_closes(client: Sage200Client) -> None:
    async with aclosing(client.customers.pages()) as pages:
        async for _ in pages:
            break


async def raises(client: Sage200Client) -> None:
    with pytest.raises(ZeroDivisionError):
        async for _ in client.customers:
            raise ZeroDivisionError


async def is_cancelled_while_it_works(client: Sage200Client) -> None:
    started = asyncio.Event()

    async def consume() -> None:
        async for _ in client.customers:
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(consume())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def is_cancelled_while_a_page_comes(client: Sage200Client) -> None:
    task = asyncio.create_task(anext(aiter(client.customers)))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "leave",
    [
        breaks,
        breaks_and_closes,
        raises,
        is_cancelled_while_it_works,
        is_cancelled_while_a_page_comes,
    ],
)
def test_nothing_is_left_behind(leave: Leaver) -> None:
    """With pages of 30 MB and 2 connections: no request stays, and none blocks others."""
    assert len(PAGE) > 30_000_000

    async def page(request: web.Request) -> web.StreamResponse:
        highest = b'[{"id":%d}]' % ROWS
        body = highest if "desc" in request.query["$orderby"] else PAGE
        return web.Response(body=body, content_type="application/json")

    async def main() -> None:
        async with Sandbox(records={"customers": 1}) as sandbox:
            settings = replace(sandbox.settings, max_connections=2)
            async with Sage200Client(settings) as client:
                await client.customers.first()
                sandbox.request_hook = page
                for _ in range(4):
                    await leave(client)
                sandbox.request_hook = None
                async with asyncio.timeout(60):
                    while sandbox.in_flight:
                        await asyncio.sleep(0.01)
                    # Four readers that kept their connections would block these.
                    reads = (client.customers.first() for _ in range(4))
                    assert all(await asyncio.gather(*reads))
                assert sandbox.connections <= 2
            async with asyncio.timeout(60):
                while sandbox.connections:
                    await asyncio.sleep(0.01)

    asyncio.run(main())
