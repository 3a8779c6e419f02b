"""What happens, as values that can be listened to.

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
    """A request leaves, to the API or to the token endpoint."""

    request_number: int
    """Its number within the client; `RequestFinished` has the same."""
    request: str
    """Method, path and the beginning of the query."""
    method: str
    host: str
    path: str
    """Below the base URL; empty for the token endpoint."""
    read_id: int = 0
    """The reading that it belongs to, or 0."""


class RequestFinished(Event, frozen=True, kw_only=True):
    """A request has its reply, or will have none."""

    request_number: int
    request: str
    seconds: float
    status: int = 0
    """Of the reply; 0 where none came."""
    bytes: int = 0
    """Of the reply's body, inflated."""
    error: str = ""
    """The name of what went wrong, such as ``RequestTimeout``."""
    request_id: str = ""
    """What the server calls the request, where it says so."""
    read_id: int = 0


class RetryScheduled(Event, frozen=True, kw_only=True):
    """A request will be sent again."""

    request: str
    attempts: int
    """Times that it has been sent."""
    delay: float
    """Seconds until it is sent again."""
    error: str
    page_reduced: bool = False
    """Whether it will ask for fewer records."""
    read_id: int = 0


class TokenRefreshed(Event, frozen=True, kw_only=True):
    """New tokens are stored."""

    seconds: float
    """What the token endpoint and the store took."""
    expires_at: float | None = None
    """When the access token ends, in seconds since 1970."""


class SignInExpiring(Event, frozen=True, kw_only=True):
    """A person has to sign in again soon: ten days are left, or fewer."""

    ends_at: float
    """In seconds since 1970."""
    days_left: float


class ConcurrencyChanged(Event, frozen=True, kw_only=True):
    """More requests, or fewer, may be in flight to a host."""

    host: str
    old: int
    new: int


class ReadStarted(Event, frozen=True, kw_only=True):
    """A collection is read."""

    read_id: int
    """The reading's number within the client."""
    path: str
    strategy: str
    """``key``, ``offset``, ``single`` or ``none``."""


class PageRead(Event, frozen=True, kw_only=True):
    """A page was read, and all its records handed on."""

    read_id: int
    path: str
    page: int
    """Its number, from 1."""
    records: int
    requested: int
    """Records that it was asked for."""
    bytes: int


class PageSizeChanged(Event, frozen=True, kw_only=True):
    """The next page will be asked for fewer records, or for more again."""

    read_id: int
    path: str
    old: int
    new: int


class ReadFinished(Event, frozen=True, kw_only=True):
    """A reading is over: at its end, by an error, or because nobody reads on."""

    read_id: int
    path: str
    records: int
    pages: int
    seconds: float
    error: str = ""
    """The name of the error that ended it; empty where none did."""


class Events:
    """Hands each event to whoever listens."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._listeners: tuple[Callable[[Event], object], ...] = ()

    def subscribe(self, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Call *listener* with each event; give what ends that."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            kept = (each for each in self._listeners if each is not listener)
            self._listeners = tuple(kept)

        return unsubscribe

    def number(self) -> int:
        """Give the next number, for what is told of more than once."""
        return next(self._numbers)

    def emit(self, event: Event) -> None:
        """Hand *event* on.

        A listener that fails is logged and does no harm: watching must not
        cost a record.
        """
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - whatever users' code may raise
                _log.exception("a listener failed on %s", type(event).__name__)
