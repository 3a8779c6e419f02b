"""Emits an event, and writes a log line, for each request and its outcome."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sage200_async.errors import ResponseLike, StatusError
from sage200_async.events import Events, RequestFinished, RequestSent
from sage200_async.wire.headers import request_id

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sage200_async.transport.base import Clock, Transport
    from sage200_async.wire.messages import Request, Response

_log = logging.getLogger(__name__)


class EventTransport:
    """Passes requests on, and reports them as events and in the log at debug level."""

    def __init__(self, inner: Transport, events: Events, clock: Clock) -> None:
        self._inner = inner
        self._events = events
        self._clock = clock

    def send(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Send *request*; emit `RequestSent` and `RequestFinished` if anybody listens."""
        if self._events.listened or _log.isEnabledFor(logging.DEBUG):
            return self._reported(request)
        return self._inner.send(request)

    async def _reported(self, request: Request) -> Response:
        number = self._events.next_number()
        self._events.emit(
            RequestSent(
                request_number=number,
                request=str(request),
                method=request.method,
                host=urlsplit(request.base_url).netloc,
                path=request.path,
                read_id=request.read_id,
            )
        )
        started = self._clock.monotonic()
        try:
            response = await self._inner.send(request)
        except BaseException as error:
            name = type(error).__name__
            self._finish(request, number, started, _response_of(error), name)
            raise
        self._finish(request, number, started, response)
        return response

    def _finish(
        self,
        request: Request,
        number: int,
        started: float,
        response: ResponseLike | None,
        error: str = "",
    ) -> None:
        event = RequestFinished(
            request_number=number,
            request=str(request),
            seconds=self._clock.monotonic() - started,
            status=response.status if response else 0,
            bytes=len(response.body) if response else 0,
            error=error,
            request_id=request_id(response.headers) if response else "",
            read_id=request.read_id,
        )
        _log.debug(
            "%s: %s, %d bytes, %.3f s",
            event.request or "token endpoint",
            error or event.status,
            event.bytes,
            event.seconds,
        )
        self._events.emit(event)


def _response_of(error: BaseException) -> ResponseLike | None:
    """Return the response that *error* is about, or None."""
    return error.response if isinstance(error, StatusError) else None
