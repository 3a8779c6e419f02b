"""The protocol that every transport has, and the clock that it uses."""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Self

    from sage200_async.wire.messages import Request, Response


class Transport(Protocol):
    """Sends a request and returns its response.

    A policy is a transport around a transport. A response with an error status
    is raised as a `StatusError`, never returned.
    """

    def send(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Send *request* and read the whole response."""
        ...


class Call:
    """What the transports of a stack know together about one call on its way."""

    __slots__ = ("_outer", "held")

    def __init__(self) -> None:
        self.held = False
        """Whether the request is held back here: it is certainly not sent.

        Set before a wait for a slot, a token or a connection, and taken back
        after it. If the wait is cancelled or fails, it stays.
        """

    @classmethod
    def current(cls) -> Call:
        """Return the call that this task is about; a new one outside of any."""
        return _calls.get() or cls()

    def __enter__(self) -> Self:
        """Let this be the current call."""
        self._outer = _calls.get()
        _calls.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _calls.set(self._outer)


_calls: ContextVar[Call | None] = ContextVar("call", default=None)


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
