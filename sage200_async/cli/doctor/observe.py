"""What is looked at outside of requests: names, proxies, connections and clocks."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct

from sage200_async.errors import StatusError
from sage200_async.transport.connections import proxy_for
from sage200_async.transport.http import HttpTransport
from sage200_async.wire.headers import server_time
from sage200_async.wire.messages import Request, Response

if TYPE_CHECKING:
    from sage200_async import Settings
    from sage200_async.transport.base import Clock

_PROXY: Final = 407
_PORTS: Final = {"http": 80, "https": 443}


class Target(Struct, frozen=True):
    """A server that requests go to, and the proxy in between."""

    url: str
    proxy: str = ""
    """Without a password; empty for none."""

    @property
    def host(self) -> str:
        """The server's name."""
        return urlsplit(self.url).hostname or ""

    @property
    def first_hop(self) -> tuple[str, int]:
        """What this machine connects to: the proxy, else the server."""
        parts = urlsplit(self.proxy or self.url)
        return parts.hostname or "", parts.port or _PORTS[parts.scheme]


def targets(settings: Settings) -> list[Target]:
    """Return the API's server and that of tokens.

    Raises:
        SettingsError: The proxy of the system is no HTTP proxy.
    """
    urls = (settings.base_url, settings.token_url)
    proxies = [proxy_for(url, settings.proxy) for url in urls]
    return [
        Target(url, "" if proxy is None else proxy.url)
        for url, proxy in zip(urls, proxies, strict=True)
    ]


async def why_no_address(host: str, port: int) -> str:
    """Return why *host* has no address; "" if it has one."""
    loop = asyncio.get_running_loop()
    try:
        await loop.getaddrinfo(host, port)
    except (OSError, UnicodeError) as error:
        return getattr(error, "strerror", None) or type(error).__name__
    return ""


async def why_no_connection(host: str, port: int, seconds: float) -> str:
    """Return why nothing takes connections there; "" if something does."""
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except OSError as error:
        return os.strerror(error.errno) if error.errno else str(error)
    writer.close()
    return ""


async def contact(url: str, settings: Settings, clock: Clock) -> float | None:
    """Send a request without a token; return the server's clock, if it says.

    Args:
        url: Any answer of it will do.
        settings: Time-outs, the proxy and certificates.
        clock: This machine's.

    Returns:
        Seconds since 1970, or None.

    Raises:
        TransportError: There was no answer.
        StatusError: The proxy wants another user or password.
        SettingsError: The ``ca_file`` cannot be read.
    """
    http = HttpTransport(settings, clock, connections=1, keep_alive=False)
    await http.open()
    try:
        response = await http.send(Request(method="GET", path="", base_url=url))
    except StatusError as error:
        if isinstance(error.response, Response) and error.response.status == _PROXY:
            raise
        return None if error.response is None else server_time(error.response.headers)
    finally:
        await http.close()
    return server_time(response.headers)
