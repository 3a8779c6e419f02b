"""Faults by script: what a server, its gateway and the network can do wrong."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import struct
from typing import TYPE_CHECKING, Final, Literal

from aiohttp import web
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.abc import AbstractStreamWriter

_POLL_SECONDS: Final = 0.005
_LINGER_ZERO: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
# SO_LINGER with a timeout of 0: closing resets. Windows uses shorts.


class Fault(Struct, frozen=True, kw_only=True):
    """One way to answer a request wrongly.

    Without any field, the true response is sent.

    Example:
        >>> busy = Fault(status=503, headers={"Retry-After": "7"})
        >>> lost = Fault(carried_out=True, cut=0, then="reset")
        >>> half = Fault(cut=0.5, then="close")
    """

    status: int = 0
    """Status to send instead; 0 for the true one, or 200 with a *body*."""
    headers: dict[str, str] = {}
    """Headers to send in addition to the true ones, or in place of them."""
    body: bytes | None = None
    """Body to send instead of the true one."""
    raw: bytes | None = None
    """Bytes to send instead of a response, head included."""
    carried_out: bool = False
    """Whether to carry out the request even if its true response is not sent."""
    delay: float = 0.0
    """Seconds before anything happens."""
    length: int | None = 0
    """Bytes to add to ``Content-Length``. None leaves the header out: the response
    then ends with the connection."""
    cut: int | float | None = None
    """Where to cut the response, head included: an int counts bytes, from the end
    if negative; a float is a share of the response, 0.0 to 1.0."""
    then: Literal["keep", "close", "reset", "stall"] = "keep"
    """What to do with the connection afterwards: keep it, close it, reset it, or
    send nothing more until the client gives up."""

    @property
    def sends_true_response(self) -> bool:
        """Whether at least a part of the true response is sent."""
        replaced = self.status or self.body is not None or self.raw is not None
        return not replaced and self.cut != 0


_TIMEOUT_PAGE: Final = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"
SLOW_PAGE_FAULTS: Final = {
    "504": Fault(
        status=504,
        headers={"Content-Type": "text/html"},
        body=_TIMEOUT_PAGE,
        then="close",
    ),
    "silence": Fault(cut=0, then="stall"),
}
"""The faults of a page that takes too long: at the gateway, or at the client."""


class _SentResponse(web.StreamResponse):
    """A response that has been sent already."""

    def __init__(self, status: int, *, keep: bool) -> None:
        super().__init__()
        self.set_status(status, "")
        self._keep = keep

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection is kept."""
        return self._keep

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Do nothing: the head has been sent."""
        del request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: the body has been sent."""
        del data


async def answer_wrongly(
    fault: Fault,
    request: web.Request,
    carry_out: Callable[[], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """Answer *request* as *fault* says.

    Args:
        fault: What to do wrong.
        request: The request.
        carry_out: Carries the request out and returns the true response.
    """
    await asyncio.sleep(fault.delay)
    response: web.StreamResponse = web.Response(status=fault.status or 200)
    if fault.carried_out or fault.sends_true_response:
        true_response = await carry_out()
        response = true_response if fault.sends_true_response else response
    raw = _on_the_wire(fault, request, response) if fault.raw is None else fault.raw
    part = raw[: _cut_position(fault.cut, len(raw))]
    await _send(request, part)
    await _end(request, fault.then)
    status = response.status if part and fault.raw is None else 0
    return _SentResponse(status, keep=fault.then == "keep")


def _cut_position(cut: float | None, size: int) -> int | None:
    return int(cut * size) if isinstance(cut, float) else cut


def _on_the_wire(
    fault: Fault, request: web.Request, response: web.StreamResponse
) -> bytes:
    """Return the bytes of a response, head included."""
    body, headers = _body_and_headers(request, response)
    body = body if fault.body is None else fault.body
    if fault.length is not None:
        headers["Content-Length"] = str(len(body) + fault.length)
    head = [f"HTTP/1.1 {response.status} {response.reason}"]
    head += [f"{name}: {value}" for name, value in (headers | fault.headers).items()]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def _body_and_headers(
    request: web.Request, response: web.StreamResponse
) -> tuple[bytes, dict[str, str]]:
    """Return the body and headers of a response, compressed if it would be."""
    headers = {"Content-Type": response.headers.get("Content-Type", "application/json")}
    body = response.body if isinstance(response, web.Response) else b""
    plain = body if isinstance(body, bytes) else b""
    if response.compression and "gzip" in request.headers.get("Accept-Encoding", ""):
        return gzip.compress(plain), {**headers, "Content-Encoding": "gzip"}
    return plain, headers


async def _send(request: web.Request, part: bytes) -> None:
    """Send *part*, and wait until it has left: a reset would drop the rest."""
    if part and request.transport is not None:
        request.transport.write(part)
    await _wait_while(lambda: _unsent_bytes(request) > 0)


async def _wait_while(condition: Callable[[], bool]) -> None:
    while condition():  # noqa: ASYNC110 - a transport has no event for it
        await asyncio.sleep(_POLL_SECONDS)


def _unsent_bytes(request: web.Request) -> int:
    transport = request.transport
    if not isinstance(transport, asyncio.WriteTransport) or transport.is_closing():
        return 0
    return transport.get_write_buffer_size()


async def _end(request: web.Request, then: str) -> None:
    transport = request.transport
    if then == "stall":
        await _wait_while(lambda: not _is_disconnected(request))
    elif then == "reset" and isinstance(transport, asyncio.WriteTransport):
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        transport.abort()


def _is_disconnected(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
