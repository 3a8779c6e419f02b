"""The protocol that every transport has, and the clock that it uses."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sage200_async.wire.messages import Request, Response


class Transport(Protocol):
    """Sends a request and returns its response.

    A policy is a transport around a transport. A response with an error status
    is raised as a `StatusError`, never returned.
    """

    async def send(self, request: Request) -> Response:
        """Send *request* and read the whole response."""
        ...


class Clock:
    """The time, replaceable in tests."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Return the seconds of a clock that never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for *seconds*."""
        await asyncio.sleep(seconds)
