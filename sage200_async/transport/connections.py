"""How connections are made: through which proxy, and which certificates are trusted."""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import yarl
from msgspec import Struct

from sage200_async._url_checks import require_proxy
from sage200_async.errors import SettingsError
from sage200_async.errors.known_secrets import remember
from sage200_async.odata.encoding import join

if TYPE_CHECKING:
    from sage200_async.wire.messages import Request

_LOOPBACK: Final = re.compile(r"localhost|127(\.\d+){3}|::1", re.IGNORECASE)


class Proxy(NamedTuple):
    """A proxy. Its URL has no password, so that no error can show one."""

    url: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.url!r})"


def proxy_for(url: str, setting: str) -> Proxy | None:
    """Return the proxy for *url*, or None where there is none.

    Args:
        url: Where a request goes.
        setting: ``Settings.proxy``; if it is empty, that of the system applies:
            ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``, or what Windows and
            macOS have set; none for this machine itself.

    Raises:
        SettingsError: That of the system is no HTTP proxy.

    Example:
        >>> proxy_for("https://api.columbus.sage.com/", "http://me:a%40b@proxy:8080")
        Proxy('http://proxy:8080')
        >>> proxy_for("https://api.columbus.sage.com/", "direct") is None
        True
    """
    address = setting or _of_system(url)
    if address in {"", "direct"}:
        return None
    scheme, _, rest = address.partition("//")
    userinfo, _, host = rest.rstrip("/").rpartition("@")
    user, _, password = userinfo.partition(":")
    return Proxy(f"{scheme}//{host}", unquote(user), unquote(password))


class Route(Struct, frozen=True):
    """How requests below one base URL are sent."""

    base: yarl.URL
    proxy: dict[str, Any] = {}
    """What aiohttp needs to know of the proxy."""
    headers: dict[str, str] = {}
    """What a proxy that makes no tunnel needs in each request."""

    def url_of(self, request: Request) -> yarl.URL:
        """Return the URL of *request*; without a path it is the base URL itself."""
        if not request.path:
            return self.base
        return yarl.URL.build(
            scheme=self.base.scheme,
            authority=self.base.raw_authority,
            path=join(self.base.raw_path, request.path),
            query_string=request.query,
            encoded=True,
        )


def route_to(base_url: str, setting: str) -> Route:
    """Return the route of requests below *base_url*.

    Args:
        base_url: Percent-encoded.
        setting: ``Settings.proxy``.

    Raises:
        SettingsError: The proxy of the system is no HTTP proxy.
    """
    base, proxy = yarl.URL(base_url, encoded=True), proxy_for(base_url, setting)
    if proxy is None:
        return Route(base)
    if not proxy.user:
        return Route(base, {"proxy": proxy.url})
    login = b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
    remember(proxy.password, login)
    headers = {"Proxy-Authorization": f"Basic {login}"}
    if base.scheme == "https":  # a tunnel: the proxy sees no headers but these
        return Route(base, {"proxy": proxy.url, "proxy_headers": headers})
    return Route(base, {"proxy": proxy.url}, headers)


def _of_system(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or _LOOPBACK.fullmatch(host) or proxy_bypass(host):
        return ""
    address = getproxies().get(parts.scheme, "")
    if address and "//" not in address:
        address = f"http://{address}"
    try:
        require_proxy(address)
    except SettingsError as error:
        failure = error.with_traceback(None)
    else:
        return address
    del address  # it may have a password, and tracebacks may show variables
    raise failure


def tls_context(ca_file: str, ssl_context: ssl.SSLContext | None) -> ssl.SSLContext:
    """Return a context that trusts the certificates in *ca_file* as well as the system's.

    Args:
        ca_file: Certificates (PEM).
        ssl_context: The caller's own, which is not changed; so None is expected.

    Raises:
        SettingsError: Both are given, or the file cannot be read.
    """
    if ssl_context is not None:
        message = (
            "ca_file: a client with an ssl_context trusts what that has loaded: "
            "leave ca_file out, or use ssl_context.load_verify_locations"
        )
        raise SettingsError(message, name="ca_file")
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        reason = getattr(error, "strerror", None) or error
        message = f"ca_file: expected certificates (PEM), got {ca_file!r}: {reason}"
        raise SettingsError(message, name="ca_file") from None
    return context


def require_verification(context: object) -> ssl.SSLContext | None:
    """Return *context*.

    Raises:
        SettingsError: It does not verify certificates and host names.
    """
    if context is None:
        return None
    if not isinstance(context, ssl.SSLContext):
        message = f"ssl_context: expected an ssl.SSLContext, got {context!r}"
        raise SettingsError(message, name="ssl_context")
    if context.verify_mode != ssl.CERT_REQUIRED or not context.check_hostname:
        message = (
            "ssl_context: expected one that verifies certificates and host names, such "
            "as ssl.create_default_context(cafile=...)"
        )
        raise SettingsError(message, name="ssl_context")
    return context
