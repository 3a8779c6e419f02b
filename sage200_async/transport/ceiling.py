"""A ceiling of requests a minute, for those whose tenant asks for one."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sage200_async.transport.base import Clock

_MINUTE: Final = 60.0


class Turns:
    """Turns to send, of which any 60 seconds have so many at most.

    All requests of a client take them, retries and those of other people too.

    Args:
        per_minute: Turns in any 60 seconds.
        clock: The time.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._clock = clock
        self._taken: deque[float] = deque(maxlen=per_minute)
        self._queue = asyncio.Lock()

    async def take(self) -> None:
        """Wait for a turn, in order; who is cancelled takes none."""
        async with self._queue:
            while (seconds := self._seconds_to_wait()) > 0:
                await self._clock.sleep(seconds)
            self._taken.append(self._clock.monotonic())

    def _seconds_to_wait(self) -> float:
        if len(self._taken) < (self._taken.maxlen or 0):
            return 0.0
        return self._taken[0] + _MINUTE - self._clock.monotonic()
