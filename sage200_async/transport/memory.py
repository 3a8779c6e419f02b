"""A transport without a network, for your tests and ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sage200_async.transport.base import Clock
from sage200_async.wire.messages import Request, Response
from sage200_async.wire.status import check

if TYPE_CHECKING:
    from collections.abc import Callable


class MemoryTransport:
    """Responds by calling a function, and records the requests.

    Args:
        handler: Takes a request; returns a response, or raises.

    Example:
        >>> memory = MemoryTransport(lambda request: reply([{"id": 7}]))
        >>> response = run(memory.send(Request(method="GET", path="customers")))
        >>> response.body, memory.requests
        (b'[{"id":7}]', [GET customers])
    """

    def __init__(
        self, handler: Callable[[Request], Response], clock: Clock | None = None
    ) -> None:
        self._handler = handler
        self._clock = clock or Clock()
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Response:
        """Record *request* and return the handler's response.

        Raises:
            StatusError: The response has an error status.
        """
        self.requests.append(request)
        return check(request, self._handler(request), self._clock.now())


def reply(value: Any, status: int = 200, **headers: str) -> Response:
    """Return a response with a JSON body; ``_`` in header names stands for ``-``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, named, msgspec.json.encode(value))
