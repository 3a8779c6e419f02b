"""Reads the response to a request to its end, with its body checked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from sage200_async.errors.base import bare
from sage200_async.wire.body import Body, whole_body
from sage200_async.wire.messages import Response

if TYPE_CHECKING:
    from sage200_async.transport.time_limits import Exchange
    from sage200_async.wire.messages import ChunkedBody, Request

_OK: Final = 200
_SUCCESS: Final = 2
_CHUNK: Final = 256 * 1024
_SMALL: Final = 64 * 1024
# Bytes of a body that are received without a pause: a few microseconds.


class Content(Protocol):
    """The content of a response on its way."""

    def at_eof(self) -> bool:
        """Return whether all of it has been read."""
        ...

    async def read(self, n: int) -> bytes:
        """Return up to *n* bytes, as soon as there are any."""
        ...


class Incoming(NamedTuple):
    """A response whose headers have come."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    content: Content
    """What has come of its body, and will come."""


async def receive(
    request: Request,
    response: Incoming,
    limit: int,
    exchange: Exchange,
    failures: tuple[type[Exception], ...],
) -> Response:
    """Read *response*, of an error only as much as is of use.

    Args:
        request: What was asked.
        response: Of whose body nothing was read yet.
        limit: Bytes of a body, decompressed, at most.
        exchange: Interrupts the task where no more comes in time.
        failures: What reading raises where the connection fails. Of an error they end
            the body, and of a success they are raised.

    Raises:
        ResponseTooLarge: It is larger than *limit*.
        IncompleteResponse: It is a success, and ends too early.
    """
    status, headers, content = response
    body: Body | None = None
    received: bytes | ChunkedBody | None = None
    try:
        first = await content.read(_CHUNK)
        if status == _OK and content.at_eof():
            received = whole_body(request, headers, first, limit)
        if received is None:
            body = Body(request, headers, limit)
            await _read_rest(response, body, first)
            received = body.content(status)
    except failures as error:
        if status // 100 == _SUCCESS:
            raise
        bare(error)  # its frames hold the body, in which tokens may be
        received = b"" if body is None else body.so_far()  # the status is known
    except asyncio.CancelledError:
        if status // 100 == _SUCCESS or not exchange.alone:
            raise
        received = b"" if body is None else body.so_far()
    if status // 100 != _SUCCESS:
        await asyncio.sleep(0)  # many gateways close the connection after an error
    return Response(status, headers, received)


async def _read_rest(response: Incoming, body: Body, chunk: bytes) -> None:
    """Read *response* into *body* and check its end, or read the start of an error.

    Args:
        response: The response.
        body: Where it goes.
        chunk: What has been read of it.
    """
    content = response.content
    while chunk:
        for _ in body.take(chunk):
            if body.is_enough(response.status):
                return
            if body.size > _SMALL:
                await asyncio.sleep(0)
        chunk = b"" if content.at_eof() else await content.read(_CHUNK)
    for _ in body.closing(response.status):
        await asyncio.sleep(0)
