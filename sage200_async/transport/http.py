"""The only HTTP client: aiohttp, and its errors in our words."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp
import yarl

from sage200_async._version import __version__
from sage200_async.errors import (
    ClientClosed,
    ConnectError,
    IncompleteResponse,
    RequestTimeout,
    TransportError,
)
from sage200_async.odata.encoding import join
from sage200_async.wire.body import Body
from sage200_async.wire.messages import Response
from sage200_async.wire.status import check

if TYPE_CHECKING:
    from aiohttp.connector import Connection

    from sage200_async.settings import Settings
    from sage200_async.transport.base import Clock
    from sage200_async.wire.messages import Request

_HEADERS: Final = {
    "user-agent": f"sage200-async/{__version__}",
    "accept": "application/json",
    "accept-encoding": "gzip",
}
_CHUNK: Final = 256 * 1024
_PAGE: Final = 16 * 1024 * 1024
# Bytes of the largest pages, about.

FOREIGN: Final[tuple[tuple[type[Exception], type[TransportError]], ...]] = (
    (aiohttp.ClientConnectorError, ConnectError),
    (aiohttp.InvalidURL, ConnectError),
    (aiohttp.NonHttpUrlClientError, ConnectError),
    (aiohttp.RedirectClientError, IncompleteResponse),
    (aiohttp.ConnectionTimeoutError, RequestTimeout),
    (aiohttp.ServerTimeoutError, RequestTimeout),
    (aiohttp.ClientConnectionError, IncompleteResponse),
    (aiohttp.ClientPayloadError, IncompleteResponse),
    (aiohttp.ClientResponseError, IncompleteResponse),
    (TimeoutError, RequestTimeout),
    (aiohttp.ClientError, IncompleteResponse),
)
"""aiohttp's errors and ours, the most specific first."""

_MISADDRESSED: Final = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)
_LASTING: Final = (
    aiohttp.ClientSSLError,
    aiohttp.ClientConnectorCertificateError,
    *_MISADDRESSED,
)
# These do not go away by asking again.
_LACKED: Final = {
    "connect": "no connection",
    "read": "no further bytes",
    "total": "no whole reply",
}


class _Connector(aiohttp.TCPConnector):
    """A pool that closes a connection on which something came that nobody asked for.

    aiohttp would take it for the reply to the next request, and from then on
    each reply for that to the next: one customer for another.
    """

    async def connect(self, *args: Any, **kwargs: Any) -> Connection:
        """Give a connection on which nothing has come."""
        connection = await super().connect(*args, **kwargs)
        for _ in range(self.limit):
            protocol = connection.protocol
            if protocol is None or not protocol.should_close:
                break
            connection.close()
            connection = await super().connect(*args, **kwargs)
        return connection


class HttpTransport:
    """Sends requests over a pool of connections, and reads replies whole.

    TLS is always verified. Redirects are not followed: a token must not go to
    another host. Nothing of a reply is left in the pool when `send` returns,
    so whoever consumes the reply holds no connection.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the pool; connections are made as they are needed."""
        if self._session is not None:
            raise ClientClosed("the client is open already: it is opened once")
        settings = self._settings
        bytes(_PAGE)  # untouched, and freed
        # What is freed at the top of its heap, glibc hands back to the system if it
        # is more than twice the largest block that was ever freed, 256 KB else
        # (mallopt(3), M_MMAP_THRESHOLD). Each page would be mapped in anew.
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=settings.max_connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,  # wire/body.py does, in measured pieces
            timeout=aiohttp.ClientTimeout(
                total=settings.request_timeout,
                connect=settings.connect_timeout,  # the name's look-up, too
                sock_read=settings.read_timeout,
            ),
        )
        # aiohttp would send a PUT again by itself when a connection drops; a
        # PUT that adds rows must not be. It has no public switch for it
        # (aio-libs/aiohttp #10790). Attempts are counted in transport/retry.py.
        self._session._retry_connection = False  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, request: Request) -> Response:
        """Send *request* once and read the reply to its end.

        Raises:
            TransportError: No whole reply came.
            ResponseTooLarge: One came that is more than the settings allow.
            StatusError: The reply is no success.
            ClientClosed: The pool is closed.
        """
        if self._session is None:
            raise ClientClosed("the client is closed, or was never opened")
        try:
            response = await self._exchange(self._session, request)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise translate(error, request, self._settings) from error
        return check(request, response, self._clock.now())

    async def _exchange(
        self, session: aiohttp.ClientSession, request: Request
    ) -> Response:
        url = join(request.base_url, request.path, request.query)
        async with session.request(
            request.method,
            yarl.URL(url if request.path else request.base_url, encoded=True),
            headers=request.headers,
            data=request.body or None,
            allow_redirects=False,
        ) as reply:
            headers = {name.lower(): value for name, value in reply.headers.items()}
            body = Body(request, headers, self._settings.max_response_bytes)
            async for chunk in reply.content.iter_chunked(_CHUNK):
                for _ in body.take(chunk):
                    await asyncio.sleep(0)
            return Response(reply.status, headers, body.whole(reply.status))


def translate(error: Exception, request: Request, settings: Settings) -> TransportError:
    """Put one of aiohttp's errors into our words."""
    ours = next(ours for theirs, ours in FOREIGN if isinstance(error, theirs))
    if ours is RequestTimeout:
        phase, seconds = _phase(error, settings)
        message = f"{request}: {_LACKED[phase]} within {seconds:g} s"
        return RequestTimeout(message, request=request, phase=phase, seconds=seconds)
    made = ours(f"{request}: {_reason(error)}", request=request)
    made.retryable = not isinstance(error, _LASTING)
    return made


def _reason(error: Exception) -> str:
    """Say on one line what went wrong, without the token and the whole query."""
    text = str(error)
    if isinstance(error, _MISADDRESSED):
        text = ""  # it is the URL
    if isinstance(error, aiohttp.ClientResponseError):
        _redact(error)
        text = error.message
    return " ".join(text.split()) or type(error).__name__


def _redact(error: aiohttp.ClientResponseError) -> None:
    """Take the request's headers and query out of an error that will be a cause."""
    told, no_headers = error.request_info, cast("Any", {})
    url = told.real_url.with_query(None)
    error.request_info = aiohttp.RequestInfo(url, told.method, no_headers, url)
    error.args = (error.request_info, error.history)


def _phase(error: Exception, settings: Settings) -> tuple[str, float]:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "connect", settings.connect_timeout
    if isinstance(error, aiohttp.ServerTimeoutError):
        return "read", settings.read_timeout
    return "total", settings.request_timeout
