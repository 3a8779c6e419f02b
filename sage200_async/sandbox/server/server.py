"""The HTTP side: routes, headers, statuses and bodies as the service has them."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from aiohttp import web
from msgspec import Struct

from sage200_async.sandbox.data.company import COMPANY, SITE
from sage200_async.sandbox.oauth.consent import authorize
from sage200_async.sandbox.query.grammar import FilterError
from sage200_async.sandbox.query.options import QueryOptionError
from sage200_async.sandbox.server.faults import TOO_SLOW, play
from sage200_async.sandbox.server.handlers import Asked, answer
from sage200_async.sandbox.server.http_errors import FORBIDDEN, Problem, nowhere
from sage200_async.sandbox.server.writes import WriteError
from sage200_async.sandbox.store.rows import encode

if TYPE_CHECKING:
    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.oauth.identity import Identity
    from sage200_async.sandbox.server.faults import Fault
    from sage200_async.sandbox.server.routes import Route
    from sage200_async.sandbox.store.store import Store

BASES: Final = {
    "professional": "/uk/sage200extra/accounts/v1/",
    "standard": "/uk/sage200/accounts/v1/",
}
"""Base paths of the two editions; that of the other one is 404."""
_BODY_LIMIT: Final = 64 * 1024**2
_ON_MANY: Final = {"GET": "list", "POST": "create", "PUT": "update_many"}
_ON_ONE: Final = {"GET": "get", "PUT": "update", "DELETE": "delete"}

RequestHook = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


class RecordedRequest(Struct):
    """One API request that the sandbox was sent."""

    method: str
    path: str
    """Below the base URL, as in ``customers/27825``."""
    query: dict[str, str]
    """Percent-decoded."""
    raw_query: str
    """As it was sent."""
    status: int = 0
    """What was answered; 0 until then, or when nothing was."""
    records: int = 0
    """How many records were served."""


class Server:
    """Answers HTTP requests from a store."""

    def __init__(self, store: Store, identity: Identity, behaviour: Behaviour) -> None:
        self.store = store
        self.identity = identity
        self.behaviour = behaviour
        self.seen: list[RecordedRequest] = []
        self.in_flight = 0
        self.before: RequestHook | None = None
        self.faults: deque[Fault | None] = deque()
        self._random = random.Random(0)

    def application(self) -> web.Application:
        """Make the application, with its routes."""
        app = web.Application(client_max_size=_BODY_LIMIT)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/authorize", self._authorize)
        app.router.add_post("/oauth/token", self._token)
        for base in BASES.values():
            app.router.add_route("*", base + "{path:.*}", self._api)
        return app

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        return await authorize(request, self.identity)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        is_form = request.content_type == "application/x-www-form-urlencoded"
        form = dict(parse_qsl(await request.text())) if is_form else None
        await asyncio.sleep(self.behaviour.token_delay)
        status, body = self.identity.token(form)
        return _json(encode(body), status)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        raw_query = request.raw_path.partition("?")[2]
        path = request.match_info["path"]
        seen = RecordedRequest(request.method, path, dict(request.query), raw_query)
        self.seen.append(seen)
        self.in_flight += 1
        try:
            response = await self._played(request, seen)
            seen.status = response.status
            return response
        finally:
            self.in_flight -= 1

    async def _played(
        self, request: web.Request, seen: RecordedRequest
    ) -> web.StreamResponse:
        """Answer truly, unless the script or the size of the page is against it."""

        async def truth() -> web.StreamResponse:
            return await self._hooked(request, seen)

        fault = self.faults.popleft() if self.faults else None
        if fault is None:
            response = await truth()
            if not 0 < self.behaviour.slow_above < seen.records:
                return response
            seen.records = 0
            fault = TOO_SLOW[self.behaviour.slow_as]
        return await play(fault, request, truth)

    async def _hooked(
        self, request: web.Request, seen: RecordedRequest
    ) -> web.StreamResponse:
        answer = await self.before(request) if self.before is not None else None
        if answer is not None:
            return answer
        await asyncio.sleep(self.behaviour.delay)
        try:
            response = await self._answer(request, seen)
        except (QueryOptionError, FilterError, WriteError) as error:
            response = _message(400, str(error))
        except Problem as problem:
            response = _message(problem.status, problem.message)
        if self.behaviour.compress:
            response.enable_compression()
        return response

    async def _answer(
        self, request: web.Request, seen: RecordedRequest
    ) -> web.Response:
        limit = self.behaviour.max_query
        if limit and len(seen.raw_query) > limit:
            return web.Response(
                status=404, content_type="text/html", text="<h1>404.15</h1>"
            )
        self._admit(request, seen.path)
        route, ids = self._found(request, seen)
        self._allow(route)
        key = ids.pop() if len(ids) == len(route.names) else None
        verb = _verb(request.method, route, key)
        if verb not in route.verbs:
            raise nowhere(seen.path)
        body = (
            await request.read() if verb in {"create", "update", "update_many"} else b""
        )
        salt = self._random.randrange(104_729)
        asked = Asked(route, verb, tuple(ids), key, _query(seen.raw_query), body, salt)
        made, seen.records = await asyncio.to_thread(
            answer, self.store, asked, self.behaviour
        )
        return _json(made) if made else web.Response()

    def _admit(self, request: web.Request, path: str) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        headers = request.headers
        here = (
            headers.get("X-Site", "").lower() == SITE
            and headers.get("X-Company", "") == str(COMPANY)
        ) or path.rstrip("/") == "sites"
        if scheme.lower() != "bearer" or not self.identity.knows(token) or not here:
            raise Problem(401)

    def _found(
        self, request: web.Request, seen: RecordedRequest
    ) -> tuple[Route, list[int]]:
        """Find the route that a path names, and the ids in it."""
        edition = self.behaviour.edition
        parts = seen.path.removesuffix("/").split("/")
        route = self.store.catalog.routes.get(tuple(parts[::2]))
        if (
            route is None
            or not all(map(_is_id, parts[1::2]))
            or not request.path.startswith(BASES[edition])
            or (route.professional_only and edition == "standard")
        ):
            raise nowhere(seen.path)
        return route, [int(part) for part in parts[1::2]]

    def _allow(self, route: Route) -> None:
        """Refuse what the user's role may not use."""
        if {route.area, *route.names} & self.behaviour.forbidden:
            raise Problem(403, FORBIDDEN)


def _verb(method: str, route: Route, key: int | None) -> str:
    """Name what a request does; ``""`` for what no path can."""
    if route.single:
        return "get" if method == "GET" and key is None else ""
    return (_ON_MANY if key is None else _ON_ONE).get(method, "")


def _query(raw: str) -> dict[str, str]:
    query: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        if name in query:
            raise QueryOptionError(f"The query parameter '{name}' is given twice.")
        query[name] = value
    return query


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19  # noqa: PLR2004 - within 64 bits


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")


def _message(status: int, message: str) -> web.Response:
    if not message:
        return web.Response(status=status)
    return _json(encode({"Message": message}), status)
