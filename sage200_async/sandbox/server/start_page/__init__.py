"""The start page: what is here, how to reach it, and a form that builds a query.

Its files are served as they are. What differs between sandboxes is in ``start.json``,
a token among it: the page is served to requests for names of this sandbox only, so that
a page of somebody else whose name resolves to it (DNS rebinding) cannot read that.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from yarl import URL

from sage200_async.sandbox.data.company import COMPANIES, SITE
from sage200_async.sandbox.oauth.requests import CLIENT_ID, CLIENT_SECRET
from sage200_async.sandbox.oauth.state import Grant
from sage200_async.sandbox.server.routes import load_routes
from sage200_async.sandbox.store.rows import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sage200_async.sandbox.oauth.authorization_server import AuthorizationServer

_FOLDER: Final = Path(__file__).parent
_TYPES: Final = {
    "index.html": "text/html",
    "start.css": "text/css",
    "start.js": "text/javascript",
}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_TOKEN_SECONDS: Final = 30 * 86_400


class StartPage:
    """Serves the page.

    Args:
        authorization_server: Issues the token that the page shows and uses.
        bases: The path of the API, by edition.
        hosts: Names of the sandbox, besides ``localhost`` and all addresses.
    """

    def __init__(
        self,
        authorization_server: AuthorizationServer,
        bases: Mapping[str, str],
        hosts: Iterable[str],
    ) -> None:
        self._authorization_server = authorization_server
        self._bases = bases
        self._hosts = {"localhost", *(host.lower() for host in hosts)}

    def add_to(self, app: web.Application) -> None:
        """Add its paths to an application."""
        for name in _TYPES:
            path = "/" if name == "index.html" else f"/{name}"
            app.router.add_get(path, self._file(name))
        app.router.add_get("/start.json", self._content)

    def _file(self, name: str) -> Any:
        async def serve(request: web.Request) -> web.Response:
            self._check_host(request)
            text = (_FOLDER / name).read_text(encoding="utf-8")
            return web.Response(text=text, content_type=_TYPES[name], headers=_HEADERS)

        return serve

    async def _content(self, request: web.Request) -> web.Response:
        self._check_host(request)
        edition = self._authorization_server.behaviour.edition
        issuer = f"{request.scheme}://{request.host}/"
        content = {
            "edition": edition.title(),
            "base_path": self._bases[edition],
            "site": SITE,
            "companies": [
                {"number": number, "name": name} for number, name in COMPANIES.items()
            ],
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "access_token": self._authorization_server.issue_access_token(
                issuer, Grant(), _TOKEN_SECONDS
            ),
            "resources": _resources(is_standard=edition == "standard"),
        }
        return web.Response(
            body=encode(content), content_type="application/json", headers=_HEADERS
        )

    def _check_host(self, request: web.Request) -> None:
        """Check that a request names this sandbox: no name but its own, or an address.

        Raises:
            web.HTTPForbidden: It names another host.
        """
        try:
            url = URL(f"http://{request.host}")
        except ValueError:
            url = URL()
        host = url.host or ""
        if host not in self._hosts and not _is_address(host):
            raise web.HTTPForbidden(
                text=f"The start page is not served to the host {host!r}: open it by "
                "localhost, an IP address, or the name that the sandbox was started "
                "with (sage200 sandbox --allow-http NAME, or public_host)."
            )


def _is_address(host: str) -> bool:
    """Whether a host is an IP address, which no name server has a say in."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _resources(*, is_standard: bool) -> list[str]:
    """Return the collections that can be listed by a path without ids."""
    return sorted(
        route.name
        for route in load_routes().values()
        if len(route.names) == 1
        and "list" in route.verbs
        and not (is_standard and route.professional_only)
    )
