"""The web application: headers, statuses, faults, and the record of requests."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from sage200_async.sandbox.behaviour import Behaviour
from sage200_async.sandbox.data.company import COMPANIES, COMPANY, SITE
from sage200_async.sandbox.oauth.endpoints import add_endpoints
from sage200_async.sandbox.query.grammar import FilterError
from sage200_async.sandbox.query.options import QueryOptionError
from sage200_async.sandbox.server.faults import SLOW_PAGE_FAULTS, Fault, answer_wrongly
from sage200_async.sandbox.server.gate import Gate
from sage200_async.sandbox.server.handlers import ApiRequest, handle
from sage200_async.sandbox.server.http_errors import (
    HttpError,
    bad_request_for,
    forbidden,
    path_not_found,
    unauthorized,
)
from sage200_async.sandbox.server.routes import load_routes
from sage200_async.sandbox.server.start_page import StartPage
from sage200_async.sandbox.store.lazy_tables import StoreState
from sage200_async.sandbox.store.records import WriteError
from sage200_async.sandbox.store.rows import encode

if TYPE_CHECKING:
    from sage200_async.sandbox.companies import Companies
    from sage200_async.sandbox.oauth.authorization_server import AuthorizationServer
    from sage200_async.sandbox.server.routes import Route

BASES: Final = {
    "professional": "/uk/sage200extra/accounts/v1/",
    "standard": "/uk/sage200/accounts/v1/",
}
"""Base paths of the two editions; that of the other edition is 404."""
_MAX_BODY: Final = 64 * 1024**2
_COLLECTION_VERBS: Final = {"GET": "list", "POST": "create", "PUT": "update_many"}
_COMPANY_NUMBERS: Final = {str(number): number for number in COMPANIES}
_RECORD_VERBS: Final = {"GET": "get", "PUT": "update", "DELETE": "delete"}

RequestHook = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""Awaited before an API request; a response that it returns is sent instead."""


class RecordedRequest(Struct):
    """One API request that the sandbox received."""

    method: str
    path: str
    """Below the base URL, as in ``customers/27825``."""
    query: dict[str, str]
    """Percent-decoded."""
    raw_query: str
    """As it was sent."""
    status: int = 0
    """Status of the response; 0 until then, or if none was sent."""
    records: int = 0
    """Number of records in the response."""


class ServerState(Struct, frozen=True):
    """What a server holds at one time, the records of its companies included."""

    companies: dict[int, StoreState]
    behaviour: Behaviour
    requests: tuple[RecordedRequest, ...]
    faults: tuple[Fault | None, ...]
    request_hook: RequestHook | None
    random: tuple[Any, ...]


class Server:
    """Answers HTTP requests from the stores of some companies.

    Args:
        companies: The records.
        authorization_server: Issues and checks tokens.
        behaviour: The sandbox's switches.
    """

    def __init__(
        self,
        companies: Companies,
        authorization_server: AuthorizationServer,
        behaviour: Behaviour,
    ) -> None:
        self.behaviour = behaviour
        self.requests: list[RecordedRequest] = []
        self.in_flight = 0
        self.request_hook: RequestHook | None = None
        self.faults: deque[Fault | None] = deque()
        self._companies = companies
        self._authorization_server = authorization_server
        self._random = random.Random(0)
        self._gate = Gate()

    def snapshot(self) -> ServerState:
        """Return the state between two requests. To be called in the event loop."""
        with self._gate.alone(begins_generation=False):
            return ServerState(
                self._companies.snapshot(),
                replace(self.behaviour),
                tuple(self.requests),
                tuple(self.faults),
                self.request_hook,
                self._random.getstate(),
            )

    def restore(self, state: ServerState) -> None:
        """Return to an earlier state. To be called in the event loop.

        Requests that are being carried out are finished first. Those that have
        arrived and still wait are refused with 503.
        """
        with self._gate.alone(begins_generation=True):
            self._companies.restore(state.companies)
        self.behaviour = replace(state.behaviour)
        self.requests[:] = state.requests
        self.faults = deque(state.faults)
        self.request_hook = state.request_hook
        self._random.setstate(state.random)

    def application(self, hosts: Iterable[str] = ()) -> web.Application:
        """Return the application with its routes.

        Args:
            hosts: Names by which its start page may be opened, besides ``localhost``.
        """
        app = web.Application(client_max_size=_MAX_BODY)
        add_endpoints(app, self._authorization_server)
        StartPage(self._authorization_server, BASES, hosts).add_to(app)
        for base in BASES.values():
            app.router.add_route("*", base + r"{path:[\s\S]*}", self._api)
        return app

    async def _api(self, request: web.Request) -> web.StreamResponse:
        raw_query = request.raw_path.partition("?")[2]
        path = request.match_info["path"]
        record = RecordedRequest(request.method, path, dict(request.query), raw_query)
        self.requests.append(record)
        self.in_flight += 1
        try:
            response = await self._answer(request, record)
            record.status = response.status
            return response
        finally:
            self.in_flight -= 1

    async def _answer(
        self, request: web.Request, record: RecordedRequest
    ) -> web.StreamResponse:
        """Send the true response, unless a fault is due or the page is too large."""
        generation = self._gate.generation

        async def carry_out() -> web.StreamResponse:
            return await self._answer_truly(request, record, generation)

        fault = self.faults.popleft() if self.faults else None
        if fault is None:
            response = await carry_out()
            if not 0 < self.behaviour.slow_above < record.records:
                return response
            record.records = 0
            fault = SLOW_PAGE_FAULTS[self.behaviour.slow_as]
        return await answer_wrongly(fault, request, carry_out)

    async def _answer_truly(
        self, request: web.Request, record: RecordedRequest, generation: int
    ) -> web.StreamResponse:
        if self.request_hook is not None:
            hook_response = await self.request_hook(request)
            if hook_response is not None:
                return hook_response
        await asyncio.sleep(self.behaviour.delay)
        try:
            response = await self._carry_out(request, record, generation)
        except (QueryOptionError, FilterError, WriteError) as error:
            response = _message(400, str(error))
        except HttpError as error:
            response = _message(error.status, error.message)
        except Exception as error:
            refusal = bad_request_for(error)
            if refusal is None:
                raise
            response = _message(refusal.status, refusal.message)
        if self.behaviour.compress:
            response.enable_compression()
        return response

    async def _carry_out(
        self, request: web.Request, record: RecordedRequest, generation: int
    ) -> web.Response:
        limit = self.behaviour.max_query
        if limit and len(record.raw_query) > limit:
            return web.Response(
                status=404, content_type="text/html", text="<h1>404.15</h1>"
            )
        company = self._authorize_request(request, record.path)
        api_request = await self._api_request(request, record)
        body, record.records = await asyncio.to_thread(
            self._handle, company, api_request, generation
        )
        return _json(body) if body else web.Response()

    def _handle(
        self, company: int, request: ApiRequest, generation: int
    ) -> tuple[bytes, int]:
        with self._gate.request(generation):
            return handle(self._companies.store(company), request, self.behaviour)

    async def _api_request(
        self, request: web.Request, record: RecordedRequest
    ) -> ApiRequest:
        """Return the request with its route, ids and verb."""
        route, ids = self._route(request, record.path)
        if {route.area, *route.names} & self.behaviour.forbidden:
            raise forbidden()
        key = ids.pop() if len(ids) == len(route.names) else None
        verb = _verb(request.method, route, key)
        if verb not in route.verbs:
            raise path_not_found(record.path)
        has_body = verb in {"create", "update", "update_many"}
        return ApiRequest(
            route=route,
            verb=verb,
            parents=tuple(ids),
            key=key,
            query=_query(record.raw_query),
            body=await request.read() if has_body else b"",
            salt=self._random.randrange(104_729),
        )

    def _authorize_request(self, request: web.Request, path: str) -> int:
        """Return the number of the company that a request is for.

        The token is checked, and the site and company except for ``sites``.
        """
        headers = request.headers
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        company = None
        if path.rstrip("/") == "sites":
            company = COMPANY
        elif headers.get("X-Site", "").lower() == SITE:
            company = _COMPANY_NUMBERS.get(headers.get("X-Company", ""))
        if (
            scheme.lower() != "bearer"
            or not self._authorization_server.accepts(token)
            or company is None
        ):
            raise unauthorized()
        return company

    def _route(self, request: web.Request, path: str) -> tuple[Route, list[int]]:
        """Return the route of a path, and the ids in it."""
        edition = self.behaviour.edition
        parts = path.removesuffix("/").split("/")
        route = load_routes().get(tuple(parts[::2]))
        if (
            route is None
            or not all(map(_is_id, parts[1::2]))
            or not request.path.startswith(BASES[edition])
            or (route.professional_only and edition == "standard")
        ):
            raise path_not_found(path)
        return route, [int(part) for part in parts[1::2]]


def _verb(method: str, route: Route, key: int | None) -> str:
    """Return what a request does, as in ``update``; ``""`` if no path can do that."""
    if route.is_single:
        return "get" if method == "GET" and key is None else ""
    return (_COLLECTION_VERBS if key is None else _RECORD_VERBS).get(method, "")


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
    text = message.encode(errors="replace").decode()  # it may repeat half a pair
    return _json(encode({"Message": text}), status)
