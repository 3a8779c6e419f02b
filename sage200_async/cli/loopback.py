"""The end of a sign-in on this machine: a server that accepts one redirect.

Source: RFC 8252, 7.3 and 8.3.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sage200_async.auth.oauth import has_state
from sage200_async.cli.html import ALREADY_USED, NOT_FOUND, NOT_OURS
from sage200_async.errors import SettingsError

if TYPE_CHECKING:
    from typing import Self

_MAX_HEAD_BYTES: Final = 32 * 1024
# The limit for a request's head.
_TIMEOUT: Final = 10.0
# Seconds. Browsers open connections in advance, and send nothing on them.
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
# A name may resolve to something else; browsers try both addresses of localhost.


class Loopback:
    """Listens on this machine for one redirect, and shows the browser a page.

    Requests for other paths, such as the icon, get 404 and change nothing. Nor do
    redirects with another state: any page that the browser shows can send such a
    request. A second redirect gets a page that says that the sign-in has ended.

    Args:
        redirect_uri: http on a loopback address; port 0 takes a free one.
    """

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri
        self.ignored = 0
        """Redirects that had another state, or none."""
        self._state = ""
        self._path = urlsplit(redirect_uri).path or "/"
        self._redirect: asyncio.Future[str] = asyncio.Future()
        self._page: asyncio.Future[str] = asyncio.Future()
        self._redirect_task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Start to listen.

        Raises:
            SettingsError: The port cannot be used.
        """
        url = urlsplit(self.redirect_uri)
        host = _ADDRESSES.get(url.hostname or "", url.hostname)
        port = 80 if url.port is None else url.port
        try:
            self._server = await asyncio.start_server(
                self._connected, host, port, limit=_MAX_HEAD_BYTES
            )
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            message = f"cannot listen on port {port} ({reason}); choose another"
            raise SettingsError(message, name="port") from error
        if port == 0:
            free_port = self._server.sockets[0].getsockname()[1]
            netloc = url.netloc.removesuffix(":0")
            self.redirect_uri = url._replace(netloc=f"{netloc}:{free_port}").geturl()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, and close the other connections."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def redirect(self, state: str) -> str:
        """Wait for the browser; return the address that it was redirected to.

        Args:
            state: Of the sign-in in progress; redirects with another are ignored.
        """
        self._state = state
        return await asyncio.shield(self._redirect)

    async def show(self, page: str) -> None:
        """Send *page* to the browser, and wait until it is sent."""
        self._page.set_result(page)
        if self._redirect_task is not None:
            await asyncio.wait([self._redirect_task], timeout=_TIMEOUT)

    def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer the one request of a connection."""
        disconnected = (
            ConnectionError,
            EOFError,
            asyncio.LimitOverrunError,
            TimeoutError,
        )
        with contextlib.suppress(*disconnected):
            try:
                head = await asyncio.wait_for(
                    reader.readuntil(b"\r\n\r\n"), timeout=_TIMEOUT
                )
                writer.write(await self._response(head.decode("latin-1")))
                await writer.drain()
            finally:
                writer.close()
            await writer.wait_closed()

    async def _response(self, head: str) -> bytes:
        """Return the response; for the redirect, wait for its page."""
        method, _, rest = head.partition(" ")
        target = rest.partition(" ")[0]
        if target.partition("?")[0] != self._path:
            return _encode_response(HTTPStatus.NOT_FOUND, NOT_FOUND)
        if method != "GET":
            return _encode_response(HTTPStatus.METHOD_NOT_ALLOWED, NOT_FOUND)
        if not (self._state and has_state(target, self._state)):
            self.ignored += 1
            return _encode_response(HTTPStatus.BAD_REQUEST, NOT_OURS)
        if self._redirect.done():
            return _encode_response(HTTPStatus.GONE, ALREADY_USED)
        url = urlsplit(self.redirect_uri)
        self._redirect_task = asyncio.current_task()
        self._redirect.set_result(f"{url.scheme}://{url.netloc}{target}")
        return _encode_response(HTTPStatus.OK, await self._page)


def _encode_response(status: HTTPStatus, page: str) -> bytes:
    body = page.encode()
    line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
    head = f"{line}{_HEADERS}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
