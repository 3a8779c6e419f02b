"""A limit on requests in flight, which follows what the server can take."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from sage200_async.errors import RequestError
from sage200_async.events import ConcurrencyChanged, Events

if TYPE_CHECKING:
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Request, Response


_log = logging.getLogger(__name__)


class Limit(Struct, frozen=True):
    """Requests that may be in flight at once; parts of one count up to the next."""

    now: float
    most: int


def raised(limit: Limit) -> Limit:
    """Allow one more for each round of requests that went well.

    Example:
        >>> raised(Limit(2.0, 10)).now
        2.5
    """
    return Limit(min(float(limit.most), limit.now + 1 / limit.now), limit.most)


def halved(limit: Limit) -> Limit:
    """Allow half, but one at least.

    Example:
        >>> halved(Limit(5.0, 10)).now, halved(Limit(1.5, 10)).now
        (2.5, 1.0)
    """
    return Limit(max(1.0, limit.now / 2), limit.most)


class Throttle:
    """Lets so many requests through at once to each host; others wait in order.

    The number follows the server: up to *limit* while it answers, half of it
    each time it fails or is silent (additive increase, multiplicative
    decrease, as TCP does). Requests that fail together halve it once.

    Args:
        inner: Where requests go.
        limit: Requests in flight to a host at most.
        events: Told of each change.
    """

    def __init__(
        self, inner: Transport, limit: int, events: Events | None = None
    ) -> None:
        self._inner = inner
        self._limit = limit
        self._events = events or Events()
        self._gates: dict[str, _Gate] = {}

    @property
    def in_flight(self) -> int:
        """Requests that are under way."""
        return sum(gate.inside for gate in self._gates.values())

    async def send(self, request: Request) -> Response:
        """Wait for a place, then send."""
        host = urlsplit(request.base_url).netloc
        if host not in self._gates:
            self._gates[host] = _Gate(Limit(float(self._limit), self._limit))
        gate = self._gates[host]
        await gate.enter()
        entered = gate.halvings
        try:
            response = await self._inner.send(request)
        except RequestError as error:
            self._learn(host, gate, well=not error.retryable, entered=entered)
            raise
        else:
            self._learn(host, gate, well=True, entered=entered)
            return response
        finally:
            gate.leave()

    def _learn(self, host: str, gate: _Gate, *, well: bool, entered: int) -> None:
        was = int(gate.limit.now)
        gate.learn(well=well, entered=entered)
        now = int(gate.limit.now)
        if was != now:
            _log.debug("%s: %d requests at once, %d before", host, now, was)
            self._events.emit(ConcurrencyChanged(host=host, old=was, new=now))


class _Gate:
    """The places of one host, and who waits for one."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.inside = 0
        self.halvings = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Wait for a place, and take it."""
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._let_in()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back."""
        self.inside -= 1
        self._let_in()

    def learn(self, *, well: bool, entered: int) -> None:
        """Move the limit; a failure from before the last halving tells nothing new."""
        if well:
            self.limit = raised(self.limit)
        elif entered == self.halvings:
            self.limit = halved(self.limit)
            self.halvings += 1

    def _let_in(self) -> None:
        while self._waiting and self.inside < int(self.limit.now):
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                self.inside += 1
