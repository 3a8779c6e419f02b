"""A client on a sandbox, over real sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sage200_async import Sage200Client
from sage200_async.sandbox import Sandbox
from sage200_async.transport import Clock

Body = Callable[[Sage200Client, Sandbox], Awaitable[Any]]


@pytest.fixture
def on_sandbox() -> Callable[..., Any]:
    """Run a coroutine function with a client and the sandbox that it talks to."""

    def run(body: Body, clock: type[Clock] = Clock, **options: Any) -> Any:
        async def main() -> Any:
            async with (
                Sandbox(**options) as sandbox,
                Sage200Client(sandbox.settings, clock=clock()) as client,
            ):
                return await body(client, sandbox)

        return asyncio.run(main())

    return run
