"""Time limits of requests: one timer for all that are under way.

aiohttp sets four timers for each request, and cancels them again: an eighth of the
processor time that a small request takes. Here one timer looks at all of them, a few
times within the shortest limit, and only while there are any.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from sage200_async.settings import Settings

Phase = Literal["connect", "read", "total"]
Cause = Phase | Literal["closed"]
"""Which limit was exceeded, or that the client was closed."""

_LOOKS: Final = 16
# Within the shortest limit: a limit is exceeded by an eighth at most.
_SHORTEST: Final = 0.005
_LONGEST: Final = 1.0
# Seconds between two looks.


class Expired(Exception):
    """A request was interrupted; `cause` says why."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause: Cause = cause


class Content(Protocol):
    """The content of a response on its way."""

    total_bytes: int
    """Bytes that have come."""


class Exchange:
    """One request under way, in one task; a context manager made by `TimeLimits.exchange`.

    Raises:
        Expired: On leaving: a limit was exceeded, or the client was closed, and the
            task was interrupted.
    """

    __slots__ = (
        "_cancelling",
        "_time_limits",
        "connected",
        "content",
        "expired",
        "received",
        "since",
        "started_at",
        "task",
    )

    def __init__(
        self, time_limits: TimeLimits, task: asyncio.Task[Any], now: float
    ) -> None:
        self._time_limits = time_limits
        self._cancelling = task.cancelling()
        self.task = task
        self.started_at = self.since = now
        """When it began; when anything happened last, as far as was seen."""
        self.connected = False
        """Whether it has a connection."""
        self.content: Content | None = None
        """The content of the response, once its headers have come."""
        self.received = 0
        """What had been received when it was looked at last: see `has_moved`."""
        self.expired: Cause | None = None

    def __enter__(self) -> Self:
        self._time_limits.begin(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._time_limits.end(self)
        if self.expired is None:
            return
        # As `asyncio.Timeout` does.
        alone = self.alone
        self.task.uncancel()
        if kind is asyncio.CancelledError and alone:
            raise Expired(self.expired)

    @property
    def alone(self) -> bool:
        """Whether this interrupted the task, and nobody else cancelled it as well."""
        return (
            self.expired is not None and self.task.cancelling() - 1 <= self._cancelling
        )

    def has_moved(self) -> bool:
        """Return whether anything has happened since it was looked at last."""
        before, content = self.received, self.content
        now = int(self.connected) if content is None else 2 + content.total_bytes
        self.received = now
        return now != before

    def expire(self, cause: Cause) -> None:
        """Interrupt the task, once."""
        if self.expired is None:
            self.expired = cause
            self.task.cancel()


class TimeLimits:
    """Interrupts requests that exceed the limits of *settings*.

    Of the time before a look that comes late, since the event loop was held up, no more
    counts than passes before two others: what has arrived meanwhile is taken note of
    first, and a loop that is held up all the time has limits, too.
    """

    def __init__(self, settings: Settings) -> None:
        self._connect = settings.connect_timeout
        self._read = settings.read_timeout
        self._total = settings.request_timeout
        shortest = min(self._connect, self._read, self._total) / _LOOKS
        self._interval = min(_LONGEST, max(_SHORTEST, shortest))
        self._exchanges: dict[asyncio.Task[Any], Exchange] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looked_at = 0.0

    def exchange(self) -> Exchange:
        """Return a context manager for a request of the current task."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a request is sent in a task")
        return Exchange(self, task, loop.time())

    def current(self) -> Exchange | None:
        """Return the request of the current task."""
        task = asyncio.current_task()
        return None if task is None else self._exchanges.get(task)

    def begin(self, exchange: Exchange) -> None:
        """Interrupt *exchange* where it exceeds a limit, from now on."""
        self._exchanges[exchange.task] = exchange
        if self._timer is None:
            self._looked_at = exchange.started_at
            self._set_timer()

    def end(self, exchange: Exchange) -> None:
        """Leave *exchange* alone from now on."""
        self._exchanges.pop(exchange.task, None)

    def close(self) -> None:
        """Interrupt the requests under way: their connections are closed without a word."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for exchange in list(self._exchanges.values()):
            if not exchange.task.get_loop().is_closed():
                exchange.expire("closed")

    def _set_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._interval, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        held_up = max(0.0, now - self._looked_at - 2 * self._interval)
        self._looked_at, self._timer = now, None
        for exchange in list(self._exchanges.values()):
            exchange.started_at += held_up
            exchange.since = now if exchange.has_moved() else exchange.since + held_up
            phase = self._exceeded(exchange, now)
            if phase is not None:
                exchange.expire(phase)
        if self._exchanges:
            self._set_timer()

    def _exceeded(self, exchange: Exchange, now: float) -> Phase | None:
        """Return which limit *exchange* exceeds, or None."""
        if now - exchange.started_at >= self._total:
            return "total"
        silent = now - exchange.since
        if exchange.connected:
            return "read" if silent >= self._read else None
        return "connect" if silent >= self._connect else None
