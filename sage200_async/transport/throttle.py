"""A limit on requests in flight, which follows what the server can take."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from sage200_async.errors import RequestError
from sage200_async.events import ConcurrencyChanged, Events
from sage200_async.transport.base import Call

if TYPE_CHECKING:
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Request, Response

_log = logging.getLogger(__name__)


class Limit(Struct, frozen=True):
    """How many requests may be in flight."""

    current: float
    """Requests; a fraction counts once it adds up to one."""
    maximum: int
    """Requests."""


def increased(limit: Limit) -> Limit:
    """Return a limit higher by one for each round of successful requests.

    Example:
        >>> increased(Limit(2.0, 10)).current
        2.5
    """
    if limit.current >= limit.maximum:
        return limit
    current = limit.current + 1 / limit.current
    return Limit(min(float(limit.maximum), current), limit.maximum)


def halved(limit: Limit) -> Limit:
    """Return half of *limit*, but at least one request.

    Example:
        >>> halved(Limit(5.0, 10)).current, halved(Limit(1.5, 10)).current
        (2.5, 1.0)
    """
    return Limit(max(1.0, limit.current / 2), limit.maximum)


class Throttle:
    """Limits the requests in flight to each host; others wait in order.

    The number follows the server: up to *limit* while it responds, half of it
    each time it fails or is silent (additive increase, multiplicative
    decrease, as in TCP). Requests that fail together halve it once.

    Args:
        inner: Where requests are sent.
        limit: Requests in flight to a host at most.
        events: Receives a `ConcurrencyChanged` for each change.
    """

    def __init__(
        self, inner: Transport, limit: int, events: Events | None = None
    ) -> None:
        self._inner = inner
        self._limit = limit
        self._events = events or Events()
        self._hosts: dict[str, _Host] = {}
        self._host_of: dict[str, _Host] = {}
        """By base URL, of which a client has one or a few."""

    @property
    def inner(self) -> Transport:
        """Where requests are sent."""
        return self._inner

    def around(self, inner: Transport) -> Throttle:
        """Return a throttle before *inner* that has its limits in common with this."""
        other = copy.copy(self)
        other._inner = inner  # noqa: SLF001 - a copy of this one
        return other

    @property
    def in_flight(self) -> int:
        """The number of requests in flight."""
        return sum(host.in_flight for host in self._hosts.values())

    async def send(self, request: Request) -> Response:
        """Wait until the limit allows it, then send *request*."""
        host = self._host_of.get(request.base_url) or self._host(request.base_url)
        if not host.take():
            call = Call.current()
            call.held = True
            await host.wait()
            call.held = False
        halvings = host.halvings
        try:
            response = await self._inner.send(request)
        except RequestError as error:
            self._adjust(host, succeeded=not error.retryable, halvings=halvings)
            raise
        else:
            self._adjust(host, succeeded=True, halvings=halvings)
            return response
        finally:
            host.release()

    def _host(self, base_url: str) -> _Host:
        name = urlsplit(base_url).netloc
        if name not in self._hosts:
            self._hosts[name] = _Host(name, Limit(float(self._limit), self._limit))
        host = self._host_of[base_url] = self._hosts[name]
        return host

    def _adjust(self, host: _Host, *, succeeded: bool, halvings: int) -> None:
        old = int(host.limit.current)
        host.adjust(succeeded=succeeded, halvings=halvings)
        new = int(host.limit.current)
        if old != new:
            _log.debug("%s: up to %d requests at once, was %d", host.name, new, old)
            self._events.emit(ConcurrencyChanged(host=host.name, old=old, new=new))


class _Host:
    """The requests in flight to one host, and those that wait."""

    def __init__(self, name: str, limit: Limit) -> None:
        self.name = name
        self.limit = limit
        self.in_flight = 0
        self.halvings = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take(self) -> bool:
        """Take a slot, if one is free and nobody waits for one."""
        if self._waiting or self.in_flight >= int(self.limit.current):
            return False
        self.in_flight += 1
        return True

    async def wait(self) -> None:
        """Wait for a slot, and take it."""
        slot = asyncio.get_running_loop().create_future()
        self._waiting.append(slot)
        self._admit()
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Return a slot back."""
        self.in_flight -= 1
        self._admit()

    def adjust(self, *, succeeded: bool, halvings: int) -> None:
        """Move the limit after a request that was sent after so many *halvings*.

        A failure of a request from before the last halving is part of the same
        overload, and does not halve the limit again.
        """
        if succeeded:
            self.limit = increased(self.limit)
        elif halvings == self.halvings:
            self.limit = halved(self.limit)
            self.halvings += 1

    def _admit(self) -> None:
        while self._waiting and self.in_flight < int(self.limit.current):
            slot = self._waiting.popleft()
            if not slot.done():
                slot.set_result(None)
                self.in_flight += 1
