"""Faults by script: what a server, its gateway and the line between can do wrong."""

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

_PAUSE: Final = 0.005
# Seconds between two looks at a connection.
_AT_ONCE: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
# SO_LINGER of no seconds: closing resets. Windows has it in shorts.


class Fault(Struct, frozen=True, kw_only=True):
    """One way to answer a request wrongly.

    Without any of its fields, the true reply is sent.

    Example:
        >>> busy = Fault(status=503, headers={"Retry-After": "7"})
        >>> lost = Fault(carried_out=True, cut=0, then="reset")
        >>> half = Fault(cut=0.5, then="close")
    """

    status: int = 0
    """Sent instead of the true reply; 0 for that one, or 200 with a *body*."""
    headers: dict[str, str] = {}
    """Sent beside the reply's own, or instead of them."""
    body: bytes | None = None
    """Sent instead of the true reply's."""
    raw: bytes | None = None
    """Sent instead of a reply, as it is: head, body and all."""
    carried_out: bool = False
    """Whether the request is carried out even if its true reply is not sent."""
    delay: float = 0.0
    """Seconds before anything happens."""
    length: int | None = 0
    """Bytes by which ``Content-Length`` is wrong; None for a reply without it,
    which ends where the connection does."""
    cut: int | float | None = None
    """Where the reply, head and all, is cut: after so many bytes, before so many
    if it is negative, or after that share if it is no whole number."""
    then: Literal["keep", "close", "reset", "stall"] = "keep"
    """What becomes of the connection: it is kept, closed, reset, or kept while
    nothing more comes until the client gives up."""

    @property
    def truthful(self) -> bool:
        """Whether something of the true reply is sent."""
        instead = self.status or self.body is not None or self.raw is not None
        return not instead and self.cut != 0


_TIMED_OUT: Final = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"
TOO_SLOW: Final = {
    "504": Fault(
        status=504, headers={"Content-Type": "text/html"}, body=_TIMED_OUT, then="close"
    ),
    "silence": Fault(cut=0, then="stall"),
}
"""How a page that takes too long fails: at the gateway, or at the client."""


class _Said(web.StreamResponse):
    """A reply that has been written already."""

    def __init__(self, status: int, *, keep: bool) -> None:
        super().__init__()
        self.set_status(status, "")
        self._keep = keep

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection is kept."""
        return self._keep

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Do nothing: the head is written."""
        del request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: the body is written."""
        del data


async def play(
    fault: Fault,
    request: web.Request,
    truth: Callable[[], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """Answer *request* as *fault* says.

    Args:
        fault: What to do wrong.
        request: What to answer.
        truth: Carries the request out and gives the true reply.
    """
    await asyncio.sleep(fault.delay)
    reply: web.StreamResponse = web.Response(status=fault.status or 200)
    if fault.carried_out or fault.truthful:
        true = await truth()
        reply = true if fault.truthful else reply
    said = fault.raw if fault.raw is not None else _written(fault, request, reply)
    part = said[: _place(fault.cut, len(said))]
    await _send(request, part)
    await _leave(request, fault.then)
    status = reply.status if part and fault.raw is None else 0
    return _Said(status, keep=fault.then == "keep")


def _place(cut: float | None, size: int) -> int | None:
    return int(cut * size) if isinstance(cut, float) else cut


def _written(fault: Fault, request: web.Request, reply: web.StreamResponse) -> bytes:
    """Write a reply as it goes over the wire."""
    body, headers = _packed(request, reply)
    body = body if fault.body is None else fault.body
    if fault.length is not None:
        headers["Content-Length"] = str(len(body) + fault.length)
    head = [f"HTTP/1.1 {reply.status} {reply.reason}"]
    head += [f"{name}: {value}" for name, value in (headers | fault.headers).items()]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def _packed(
    request: web.Request, reply: web.StreamResponse
) -> tuple[bytes, dict[str, str]]:
    """Give a reply's body and headers, compressed where they would be."""
    headers = {"Content-Type": reply.headers.get("Content-Type", "application/json")}
    body = reply.body if isinstance(reply, web.Response) else b""
    plain = body if isinstance(body, bytes) else b""
    if reply.compression and "gzip" in request.headers.get("Accept-Encoding", ""):
        return gzip.compress(plain), {**headers, "Content-Encoding": "gzip"}
    return plain, headers


async def _send(request: web.Request, part: bytes) -> None:
    """Write *part*, and wait until it has left: a reset would drop the rest."""
    if part and request.transport is not None:
        request.transport.write(part)
    await _while(lambda: _unsent(request) > 0)


async def _while(lasts: Callable[[], bool]) -> None:
    while lasts():  # noqa: ASYNC110 - a transport has no event for it
        await asyncio.sleep(_PAUSE)


def _unsent(request: web.Request) -> int:
    transport = request.transport
    if not isinstance(transport, asyncio.WriteTransport) or transport.is_closing():
        return 0
    return transport.get_write_buffer_size()


async def _leave(request: web.Request, then: str) -> None:
    transport = request.transport
    if then == "stall":
        await _while(lambda: not _gone(request))
    elif then == "reset" and isinstance(transport, asyncio.WriteTransport):
        line: socket.socket = transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
