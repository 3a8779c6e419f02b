"""Events: what a client does, as values for a listener.

``client.subscribe(print)`` prints them all. No event holds a token, a key or a
secret, and of a query only its beginning. Durations are in seconds.
"""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened."""


class RequestSent(Event, frozen=True, kw_only=True):
    """A request is sent, to the API or to the token endpoint."""

    request_number: int
    """Its number within the client; `RequestFinished` has the same."""
    request: str
    """Method, path and the beginning of the query."""
    method: str
    host: str
    path: str
    """Below the base URL; empty for the token endpoint."""
    read_id: int = 0
    """The read that it belongs to, or 0."""


class RequestFinished(Event, frozen=True, kw_only=True):
    """A request has its response, or has failed."""

    request_number: int
    request: str
    seconds: float
    status: int = 0
    """The HTTP status; 0 without a response."""
    bytes: int = 0
    """Size of the response's body, decompressed."""
    error: str = ""
    """The error's name, such as ``RequestTimeout``; empty if there was none."""
    request_id: str = ""
    """The server's name for the request; empty if unknown."""
    read_id: int = 0


class RetryScheduled(Event, frozen=True, kw_only=True):
    """A request will be sent again."""

    request: str
    attempts: int
    """How often it has been sent."""
    delay: float
    """Seconds until it is sent again."""
    error: str
    page_reduced: bool = False
    """Whether the next attempt asks for fewer records."""
    read_id: int = 0


class TokenRefreshed(Event, frozen=True, kw_only=True):
    """An access token was refreshed, and the new tokens are stored."""

    seconds: float
    """Seconds that the token endpoint and the store took together."""
    expires_at: float | None = None
    """When the access token expires, in seconds since 1970."""


class SignInExpiring(Event, frozen=True, kw_only=True):
    """A person has to sign in again within ten days."""

    ends_at: float
    """When, in seconds since 1970."""
    days_left: float


class ConcurrencyChanged(Event, frozen=True, kw_only=True):
    """The number of requests allowed in flight to a host has changed."""

    host: str
    old: int
    new: int


class ReadStarted(Event, frozen=True, kw_only=True):
    """A read of a collection has started."""

    read_id: int
    """The read's number within the client."""
    path: str
    strategy: str
    """``key``, ``offset``, ``single`` or ``none``."""


class PageRead(Event, frozen=True, kw_only=True):
    """A page was read, and all its records were handed on."""

    read_id: int
    path: str
    page: int
    """The page's number, from 1."""
    records: int
    requested: int
    """Records that the request asked for."""
    bytes: int


class PageSizeChanged(Event, frozen=True, kw_only=True):
    """The next request asks for fewer records, or for more again."""

    read_id: int
    path: str
    old: int
    new: int


class ReadFinished(Event, frozen=True, kw_only=True):
    """A read is over: at its end, by an error, or abandoned."""

    read_id: int
    path: str
    records: int
    pages: int
    seconds: float
    error: str = ""
    """The error's name; empty if there was none."""


class Events:
    """Hands each event to all listeners."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._listeners: tuple[Callable[[Event], object], ...] = ()

    def subscribe(self, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Call *listener* with each event; return a function that stops it."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(
                other for other in self._listeners if other is not listener
            )

        return unsubscribe

    @property
    def listened(self) -> bool:
        """Whether there is a listener."""
        return bool(self._listeners)

    def next_number(self) -> int:
        """Return a new number, for a request or a read with several events."""
        return next(self._numbers)

    def emit(self, event: Event) -> None:
        """Hand *event* to all listeners.

        A listener that raises is logged, and the read goes on.
        """
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - whatever users' code may raise
                _log.exception("a listener failed on %s", type(event).__name__)
