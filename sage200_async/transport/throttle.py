"""A limit on requests in flight."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Request, Response


class Throttle:
    """Lets *limit* requests through at once; the others wait in order."""

    def __init__(self, inner: Transport, limit: int) -> None:
        self._inner = inner
        self._places = asyncio.Semaphore(limit)
        self.in_flight = 0

    async def send(self, request: Request) -> Response:
        """Wait for a place, then send."""
        async with self._places:
            self.in_flight += 1
            try:
                return await self._inner.send(request)
            finally:
                self.in_flight -= 1
