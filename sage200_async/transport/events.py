"""Tells of each request that leaves, and of what came of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sage200_async.errors import ResponseLike, StatusError
from sage200_async.events import Events, RequestFinished, RequestSent
from sage200_async.wire.headers import request_id

if TYPE_CHECKING:
    from sage200_async.transport.base import Clock, Transport
    from sage200_async.wire.messages import Request, Response

_log = logging.getLogger(__name__)


class EventTransport:
    """Passes requests on; tells of them as events, and in the log at debug level."""

    def __init__(self, inner: Transport, events: Events, clock: Clock) -> None:
        self._inner = inner
        self._events = events
        self._clock = clock

    async def send(self, request: Request) -> Response:
        """Send *request*, and tell of it."""
        number = self._events.number()
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
        begun = self._clock.monotonic()
        try:
            response = await self._inner.send(request)
        except BaseException as error:
            self._ended(request, number, begun, _answer_in(error), type(error).__name__)
            raise
        self._ended(request, number, begun, response)
        return response

    def _ended(
        self,
        request: Request,
        number: int,
        begun: float,
        response: ResponseLike | None,
        error: str = "",
    ) -> None:
        ended = RequestFinished(
            request_number=number,
            request=str(request),
            seconds=self._clock.monotonic() - begun,
            status=response.status if response else 0,
            bytes=len(response.body) if response else 0,
            error=error,
            request_id=request_id(response.headers) if response else "",
            read_id=request.read_id,
        )
        _log.debug(
            "%s: %s, %d bytes, %.3f s",
            ended.request or "token endpoint",
            error or ended.status,
            ended.bytes,
            ended.seconds,
        )
        self._events.emit(ended)


def _answer_in(error: BaseException) -> ResponseLike | None:
    """Give the reply that an error is about, where there is one."""
    return error.response if isinstance(error, StatusError) else None
