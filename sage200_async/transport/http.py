"""The HTTP client: aiohttp, with its errors translated to ours."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from sage200_async._version import __version__
from sage200_async.errors import (
    ClientClosed,
    ConnectError,
    IncompleteResponse,
    RequestTimeout,
    Sage200Error,
    TransportError,
)
from sage200_async.errors.base import bare
from sage200_async.errors.foreign_text import one_line
from sage200_async.transport.base import Call
from sage200_async.transport.connections import (
    Route,
    require_verification,
    route_to,
    tls_context,
)
from sage200_async.transport.receive import Incoming, receive
from sage200_async.transport.time_limits import Expired, TimeLimits
from sage200_async.wire.status import check

if TYPE_CHECKING:
    import ssl

    from aiohttp.connector import Connection

    from sage200_async.settings import Settings
    from sage200_async.transport.base import Clock
    from sage200_async.transport.time_limits import Cause, Phase
    from sage200_async.wire.messages import Request, Response

_HEADERS: Final = {
    "user-agent": f"sage200-async/{__version__}",
    "accept": "application/json",
    "accept-encoding": "gzip",
}
_LARGE_PAGE: Final = 16 * 1024 * 1024
# Bytes of the largest pages, about.

ERROR_TYPES: Final[tuple[tuple[type[Exception], type[TransportError]], ...]] = (
    (aiohttp.ClientConnectorError, ConnectError),
    (aiohttp.ClientHttpProxyError, ConnectError),
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
"""aiohttp's errors and ours, most specific first."""

_FAILURES: Final = (aiohttp.ClientError, TimeoutError)
_CUT_SHORT: Final = (*_FAILURES, IncompleteResponse)
_INVALID_URL: Final = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)
_NOT_RETRYABLE: Final = (
    aiohttp.ClientSSLError,
    aiohttp.ClientConnectorCertificateError,
    *_INVALID_URL,
)
# Sending the same request again does not help.
_TIMEOUTS: Final = {
    "connect": "no connection",
    "read": "no further bytes",
    "total": "no complete response",
}
_QUOTED: Final = re.compile(r"\n|\bb?['\"]")
_QUOTING: Final = (aiohttp.ClientResponseError, aiohttp.ClientPayloadError)
# Where an error begins to quote what is not HTTP: it may be the rest of an earlier
# response, with a token in it, and of any length.
_REFUSED_CLASS: Final = 4
_PROXY_ADVICE: Final = (
    "check the setting proxy (SAGE200_PROXY, else HTTPS_PROXY), its user and password"
)
_OPEN_IT: Final = "use `async with Sage200Client(...) as client`"
_FORKED: Final = "The client was opened before this process was forked from its owner"


class _Connector(aiohttp.TCPConnector):
    """A pool that closes a connection on which unrequested data has arrived.

    aiohttp would take it for the response to the next request, and from then on
    return each response to the wrong request: one customer for another.
    """

    time_limits: TimeLimits | None = None
    """What has to know when a request has its connection."""

    async def connect(self, *args: Any, **kwargs: Any) -> Connection:
        """Return a connection on which no data has arrived."""
        call = Call.current()
        call.held = True
        connection = await super().connect(*args, **kwargs)
        for _ in range(self.limit):
            protocol = connection.protocol
            if protocol is None or not protocol.should_close:
                break
            connection.close()
            connection = await super().connect(*args, **kwargs)
        call.held = False
        limits = self.time_limits
        exchange = None if limits is None else limits.current()
        if exchange is not None:
            exchange.connected = True
        return connection


class HttpTransport:
    """Sends requests over a pool of connections, and reads each response whole.

    TLS is always verified. Redirects are not followed: a token must not go to
    another host. The connection is back in the pool when `send` returns, so
    the consumer of a response holds none.

    Args:
        settings: Time-outs and limits.
        clock: The time.
        connections: Connections at most; ``max_connections`` by default. The
            token endpoint has a transport of its own, with one: a refresh must
            not wait for a connection that pages hold.
        keep_alive: Whether connections are kept for later requests.
        ssl_context: Verifies certificates, instead of one for ``ca_file``.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        connections: int | None = None,
        keep_alive: bool = True,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._connections = connections or settings.max_connections
        self._keep_alive = keep_alive
        self._ssl_context = require_verification(ssl_context)
        self._routes: dict[str, Route] = {}
        """By base URL."""
        self._time_limits = TimeLimits(settings)
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0  # the one that opened it

    async def open(self) -> None:
        """Create the pool; connections are made when they are needed.

        Raises:
            ClientClosed: It is open already.
            SettingsError: The ``ca_file`` cannot be read.
        """
        if self._session is not None:
            message = f"The client is already open: {_OPEN_IT}, once for each client"
            raise ClientClosed(message)
        settings = self._settings
        context = self._ssl_context
        if settings.ca_file:  # a file, and certificates to parse
            context = await asyncio.to_thread(tls_context, settings.ca_file, context)
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._time_limits = TimeLimits(settings)  # the loop may be another one
        bytes(_LARGE_PAGE)  # allocated, not touched, and freed
        # glibc returns free memory at the top of its heap to the system if it is
        # more than twice the largest block freed so far, which is 256 KB at first
        # (mallopt(3), M_MMAP_THRESHOLD). Each page would be mapped in anew.
        connector = _Connector(
            limit=self._connections,
            force_close=not self._keep_alive,
            ssl=True if context is None else context,
        )
        connector.time_limits = self._time_limits
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,  # wire/body.py does, in small steps
            timeout=aiohttp.ClientTimeout(),  # none: see `TimeLimits`
        )
        # aiohttp would repeat a PUT by itself when a connection drops; a PUT that
        # adds rows must not be repeated. There is no public switch for it
        # (aio-libs/aiohttp #10790). Retries are the matter of transport/retry.py.
        self._session._retry_connection = False  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    async def close(self) -> None:
        """Close every connection.

        Raises:
            ClientClosed: They are of another process, or of a loop that still exists.
        """
        session = self._session
        if session is None:
            return
        if self._loop is None or not self._loop.is_closed():
            self.require_open()
        self._session = None
        self._time_limits.close()
        with contextlib.suppress(RuntimeError):  # of a loop that is closed
            await session.close()

    def require_open(self) -> aiohttp.ClientSession:
        """Return the pool.

        Raises:
            ClientClosed: It is not open, or not in this process and event loop.
        """
        if self._session is None:
            raise ClientClosed(f"The client is not open: {_OPEN_IT}")
        if os.getpid() != self._process:  # one connection would carry both's responses
            raise ClientClosed(f"{_FORKED}: {_OPEN_IT} in every process")
        if asyncio.get_running_loop() is not self._loop:
            message = (
                "The client was opened in another event loop, and its connections "
                f"belong to that: {_OPEN_IT} in every loop"
            )
            raise ClientClosed(message)
        return self._session

    async def send(self, request: Request) -> Response:
        """Send *request* once and read the whole response.

        Raises:
            TransportError: No complete response came.
            ResponseTooLarge: It is larger than ``max_response_bytes``.
            StatusError: It has an error status.
            ClientClosed: The pool is not open, or not in this event loop.
        """
        session = self.require_open()
        failure: Sage200Error
        try:
            response = await self._exchange(session, request)
        except Expired as error:
            failure = _late(request, error.cause, self._settings)
        except _FAILURES as error:
            failure = translate(error, request, self._settings)
        except TransportError as error:
            failure = bare(error)
        except RuntimeError:  # aiohttp's, of a session that was closed meanwhile
            if not session.closed:
                raise
            failure = _late(request, "closed", self._settings)
        else:
            return check(request, response, self._clock.now())
        raise failure  # without aiohttp's frames, which hold the token

    async def _exchange(
        self, session: aiohttp.ClientSession, request: Request
    ) -> Response:
        route = self._routes.get(request.base_url) or self._route(request.base_url)
        if not request.idempotent:
            # An idle connection may have been closed: one turn sees it, the next acts.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        with self._time_limits.exchange() as exchange:
            response = await session.request(
                request.method,
                route.url_of(request),
                data=request.body or None,
                headers={**request.headers, **route.headers},
                allow_redirects=False,
                **route.proxy,
            )
            exchange.content = response.content
            headers = {name.lower(): value for name, value in response.headers.items()}
            incoming = Incoming(response.status, headers, response.content)
            limit = self._settings.max_response_bytes
            try:
                return await receive(request, incoming, limit, exchange, _CUT_SHORT)
            finally:
                if not response.closed:  # as it is once all has been read
                    response.close()

    def _route(self, base_url: str) -> Route:
        route = self._routes[base_url] = route_to(base_url, self._settings.proxy)
        return route


def translate(error: Exception, request: Request, settings: Settings) -> TransportError:
    """Return our error for one of aiohttp's."""
    error_type = next(ours for theirs, ours in ERROR_TYPES if isinstance(error, theirs))
    if error_type is RequestTimeout:
        return _late(request, _phase(error), settings)
    translated = error_type(f"{request}: {_reason(error)}", request=request)
    translated.retryable = not (isinstance(error, _NOT_RETRYABLE) or _is_refused(error))
    return translated


def _is_refused(error: Exception) -> bool:
    """Return whether a proxy refuses to connect, for a reason that stays."""
    return (
        isinstance(error, aiohttp.ClientHttpProxyError)
        and error.status // 100 == _REFUSED_CLASS
    )


def _reason(error: Exception) -> str:
    """Return the reason on one line, without the token and the whole query."""
    text = str(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        text = text.replace(" ssl:default", "", 1)  # said of plain http, too
    if isinstance(error, _INVALID_URL):
        text = ""  # its text is the whole URL
    if isinstance(error, aiohttp.ClientResponseError):
        text = error.message
    if isinstance(error, aiohttp.ClientHttpProxyError):
        text = f"the proxy answered {error.status} {text}; {_PROXY_ADVICE}"
    if isinstance(error, _QUOTING):
        text = _QUOTED.split(text, maxsplit=1)[0].rstrip(": \n")
    return one_line(text) or type(error).__name__


def _late(request: Request, phase: Cause, settings: Settings) -> TransportError:
    """Return the error of a request that was interrupted, mostly by a limit of time."""
    if phase == "closed":
        message = f"{request}: the client was closed before all of the response came"
        return IncompleteResponse(message, request=request)
    seconds = {
        "connect": settings.connect_timeout,
        "read": settings.read_timeout,
        "total": settings.request_timeout,
    }[phase]
    message = f"{request}: {_TIMEOUTS[phase]} within {seconds:g} s"
    return RequestTimeout(message, request=request, phase=phase, seconds=seconds)


def _phase(error: Exception) -> Phase:
    """Return the limit that is exceeded where the system says so, before `TimeLimits` does."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "connect"
    return "read" if isinstance(error, aiohttp.ServerTimeoutError) else "total"
