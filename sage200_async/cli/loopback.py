"""The end of a sign-in on this machine: a server that takes one redirect.

Source: RFC 8252, 7.3 and 8.3.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sage200_async.cli.html import NOWHERE, OVER
from sage200_async.errors import SettingsError

if TYPE_CHECKING:
    from typing import Self

_LIMIT: Final = 32 * 1024
# Bytes of a request's head.
_PATIENCE: Final = 10.0
# Seconds: browsers open connections ahead, and send nothing on them.
_HEADERS: Final = (
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cache-Control: no-store\r\n"
    "Connection: close\r\n"
)
_ADDRESSES: Final = {"localhost": "127.0.0.1"}
# A name may lead elsewhere; browsers try both of localhost's addresses.


class Loopback:
    """Listens on this machine for one redirect, and shows the browser a page.

    Other paths, such as a browser's look for an icon, are not found and
    change nothing. A second redirect is told that it is late.

    Args:
        redirect_uri: http on a loopback address; port 0 takes a free one.
    """

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri
        self._path = urlsplit(redirect_uri).path or "/"
        self._redirect: asyncio.Future[str] = asyncio.Future()
        self._page: asyncio.Future[str] = asyncio.Future()
        self._bearer: asyncio.Task[None] | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            SettingsError: The port is not to be had.
        """
        parts = urlsplit(self.redirect_uri)
        host = _ADDRESSES.get(parts.hostname or "", parts.hostname)
        port = 80 if parts.port is None else parts.port
        try:
            self._server = await asyncio.start_server(
                self._connected, host, port, limit=_LIMIT
            )
        except OSError as error:
            why = os.strerror(error.errno or 0)
            message = f"port: expected one to listen at, got {port} ({why})"
            raise SettingsError(message, name="port") from error
        if port == 0:
            taken = self._server.sockets[0].getsockname()[1]
            netloc = parts.netloc.removesuffix(":0")
            self.redirect_uri = parts._replace(netloc=f"{netloc}:{taken}").geturl()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, and end what is left of other connections."""
        if self._server is not None:
            self._server.close()
        for task in self._talks:
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def redirect(self) -> str:
        """Wait for the browser; give the address that it came back to."""
        return await asyncio.shield(self._redirect)

    async def show(self, page: str) -> None:
        """Show *page* to the browser that came, and wait until it has it."""
        self._page.set_result(page)
        if self._bearer is not None:
            await asyncio.wait([self._bearer], timeout=_PATIENCE)

    def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer the one request of a connection."""
        gone = (ConnectionError, EOFError, asyncio.LimitOverrunError, TimeoutError)
        with contextlib.suppress(*gone):
            try:
                head = await asyncio.wait_for(
                    reader.readuntil(b"\r\n\r\n"), timeout=_PATIENCE
                )
                writer.write(await self._answer(head.decode("latin-1")))
                await writer.drain()
            finally:
                writer.close()
            await writer.wait_closed()

    async def _answer(self, head: str) -> bytes:
        method, _, rest = head.partition(" ")
        target = rest.partition(" ")[0]
        if target.partition("?")[0] != self._path:
            return _reply(HTTPStatus.NOT_FOUND, NOWHERE)
        if method != "GET":
            return _reply(HTTPStatus.METHOD_NOT_ALLOWED, NOWHERE)
        if self._redirect.done():
            return _reply(HTTPStatus.GONE, OVER)
        parts = urlsplit(self.redirect_uri)
        self._bearer = asyncio.current_task()
        self._redirect.set_result(f"{parts.scheme}://{parts.netloc}{target}")
        return _reply(HTTPStatus.OK, await self._page)


def _reply(status: HTTPStatus, page: str) -> bytes:
    body = page.encode()
    line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
    head = f"{line}{_HEADERS}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
