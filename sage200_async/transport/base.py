"""What a transport is, and the time that it lives by."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sage200_async.wire.messages import Request, Response


class Transport(Protocol):
    """Something that answers requests.

    A policy is a transport around a transport. A reply with an error status
    is raised as a `StatusError`, never returned.
    """

    async def send(self, request: Request) -> Response:
        """Send *request* and read the reply to its end."""
        ...


class Clock:
    """Time, so that tests can stand in for it."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
