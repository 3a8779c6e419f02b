"""Reads the response to a request whole, with its body checked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import aiohttp

from sage200_async.errors import IncompleteResponse
from sage200_async.errors.base import bare
from sage200_async.wire.body import Body, whole_body
from sage200_async.wire.messages import Response

if TYPE_CHECKING:
    from sage200_async.wire.messages import ChunkedBody, Request

_OK: Final = 200
_SUCCESS: Final = 2
_CHUNK: Final = 256 * 1024
_SMALL: Final = 64 * 1024
# Bytes of a body that are received without a pause: a few microseconds.


async def receive(
    request: Request, response: aiohttp.ClientResponse, limit: int
) -> Response:
    """Read *response*, of an error only as much as is of use.

    Args:
        request: What was asked.
        response: aiohttp's, of which nothing was read yet.
        limit: Bytes of a body, decompressed, at most.

    Raises:
        ResponseTooLarge: It is larger than *limit*.
        IncompleteResponse: It is a success, and ends too early.
        aiohttp.ClientError: It is a success, and the connection fails.
        TimeoutError: It is a success, and no more comes in time.
    """
    headers = {name.lower(): value for name, value in response.headers.items()}
    status = response.status
    body: Body | None = None
    received: bytes | ChunkedBody | None = None
    try:
        first = await response.content.read(_CHUNK)
        if status == _OK and response.content.at_eof():
            received = whole_body(request, headers, first, limit)
        if received is None:
            body = Body(request, headers, limit)
            await _read_rest(response, body, first)
            received = body.content(status)
    except (aiohttp.ClientError, TimeoutError, IncompleteResponse) as error:
        if status // 100 == _SUCCESS:
            raise
        bare(error)  # its frames hold the body, in which tokens may be
        received = b"" if body is None else body.so_far()  # the status is known
    if status // 100 != _SUCCESS:
        await asyncio.sleep(0)  # many gateways close the connection after an error
    return Response(status, headers, received)


async def _read_rest(
    response: aiohttp.ClientResponse, body: Body, chunk: bytes
) -> None:
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
