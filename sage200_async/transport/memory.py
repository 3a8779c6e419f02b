"""A transport without a network, for tests: ours and yours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sage200_async.transport.base import Clock
from sage200_async.wire.messages import Request, Response
from sage200_async.wire.status import check

if TYPE_CHECKING:
    from collections.abc import Callable


class MemoryTransport:
    """Answers from a function, and remembers what it was asked.

    Args:
        answer: Takes a request, gives a response, or raises.

    Example:
        >>> memory = MemoryTransport(lambda request: reply([{"id": 7}]))
        >>> response = run(memory.send(Request(method="GET", path="customers")))
        >>> response.body, memory.requests
        (b'[{"id":7}]', [GET customers])
    """

    def __init__(
        self, answer: Callable[[Request], Response], clock: Clock | None = None
    ) -> None:
        self._answer = answer
        self._clock = clock or Clock()
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Response:
        """Answer *request*."""
        self.requests.append(request)
        return check(request, self._answer(request), self._clock.now())


def reply(value: Any, status: int = 200, **headers: str) -> Response:
    """Make a response with a JSON body; ``_`` in header names stands for ``-``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, named, msgspec.json.encode(value))
