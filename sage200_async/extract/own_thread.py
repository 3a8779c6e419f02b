"""A thread for what blocks, and may be used by one thread at a time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


class OwnThread:
    """One thread that calls functions, one after the other.

    A function that has started runs to its end, even when its caller is cancelled.

    Args:
        name: The name of the thread.
    """

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def call(
        self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Call *method* in the thread; return what it returns."""
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, lambda: method(*args, **kwargs))
        return await asyncio.shield(running)

    def end(self) -> None:
        """End the thread once it has nothing to do; nothing can be called then."""
        self._executor.shutdown(wait=False)
