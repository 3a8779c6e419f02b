"""All that a sandbox holds at one time, and how to get at it from any thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from sage200_async.sandbox.oauth.state import TokenState
from sage200_async.sandbox.server.server import ServerState

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Snapshot(Struct, frozen=True):
    """All that a sandbox holds at one time; see `Sandbox.snapshot`."""

    owner: object
    """The run of the sandbox that it is of."""
    tokens: TokenState
    server: ServerState

    def __repr__(self) -> str:
        """Show the size only: it holds tokens."""
        size = sum(len(state.image) for state in self.server.companies.values())
        return f"Snapshot({size:,} bytes of records)"


def call_in_loop(loop: asyncio.AbstractEventLoop, function: Callable[[], T]) -> T:
    """Call a function between two steps of an event loop, from any thread."""
    if not loop.is_running() or _running_loop() is loop:
        return function()

    async def call() -> T:
        return function()

    return asyncio.run_coroutine_threadsafe(call(), loop).result()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # no loop runs in this thread
        return None
