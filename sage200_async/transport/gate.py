"""Refuses what a client cannot send, before anything is done for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sage200_async.transport.base import Transport
    from sage200_async.transport.http import HttpTransport
    from sage200_async.wire.messages import Request, Response


class Gate:
    """Lets requests through while the pool is open, in the event loop of its opening.

    It is the outermost: a closed client neither reads the token store nor
    starts a refresh, and futures of two event loops never meet in a queue.
    """

    def __init__(self, inner: Transport, http: HttpTransport) -> None:
        self._inner = inner
        self._http = http

    def send(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Send *request*.

        Raises:
            ClientClosed: The pool is not open, or not in this event loop.
        """
        self._http.require_open()
        return self._inner.send(request)
