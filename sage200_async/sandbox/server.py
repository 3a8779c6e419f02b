"""The HTTP side: routes, headers, statuses and bodies as the service has them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web
from msgspec import Struct
from yarl import URL

from sage200_async.sandbox import writes
from sage200_async.sandbox.grammar import FilterError
from sage200_async.sandbox.pages import collection, served
from sage200_async.sandbox.questions import (
    QuestionError,
    question,
    question_about_one,
)
from sage200_async.sandbox.rows import decode, encode
from sage200_async.sandbox.writes import WriteError

if TYPE_CHECKING:
    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.oauth import Identity
    from sage200_async.sandbox.schema import Table
    from sage200_async.sandbox.store import Store

BASE: Final = "/uk/sage200extra/accounts/v1/"
SITE: Final = "7a2f6f0e-5d1c-4c0b-9b53-1f0e3a9d2c11"
COMPANY: Final = 7
_SITES: Final = [
    {
        "company_id": number,
        "company_name": name,
        "tenant_id": 4711,
        "site_id": SITE,
        "site_name": "Sandbox Trading Group",
        "site_short_name": "SANDBOX",
    }
    for number, name in ((COMPANY, "Sandbox Trading Ltd"), (8, "Sandbox Ireland Ltd"))
]
_FORBIDDEN: Final = "The requested operation is forbidden for this account."
_DUPLICATES: Final = {
    "reference": "The account reference already exists. You cannot have two accounts "
    "with the same account reference.",
    "code": "The product code already exists. You cannot have two products with the "
    "same product code.",
}
# The first: Sage 200 API guide, "Getting started".
_EXPANDED_ON_WRITE: Final = frozenset({"sop_orders", "sop_quotes", "pop_orders"})
# prismatic-io/components, examplePayloads.ts: replies to POST sop_orders.
_BODY_LIMIT: Final = 64 * 1024**2
_VERBS: Final = {"GET": "get", "PUT": "update", "DELETE": "delete"}

Before = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


class Seen(Struct):
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


class Problem(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Server:
    """Answers HTTP requests from a store."""

    def __init__(self, store: Store, identity: Identity, behaviour: Behaviour) -> None:
        self.store = store
        self.identity = identity
        self.behaviour = behaviour
        self.seen: list[Seen] = []
        self.in_flight = 0
        self.before: Before | None = None
        self._random = random.Random(0)

    def application(self) -> web.Application:
        """Make the application, with its routes."""
        app = web.Application(client_max_size=_BODY_LIMIT)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/oauth/token", self._token)
        app.router.add_route("*", BASE + "{path:.*}", self._api)
        return app

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        try:
            code = self.identity.authorize(request.query)
        except ValueError as error:
            return web.Response(status=400, text=str(error))
        given = {"code": code, "state": request.query.get("state", "")}
        back = URL(request.query["redirect_uri"]).update_query(given)
        return web.Response(status=302, headers={"Location": str(back)})

    async def _token(self, request: web.Request) -> web.StreamResponse:
        is_form = request.content_type == "application/x-www-form-urlencoded"
        form = dict(parse_qsl(await request.text())) if is_form else None
        await asyncio.sleep(self.behaviour.token_delay)
        status, body = self.identity.token(form)
        return _json(encode(body), status)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        raw_query = request.raw_path.partition("?")[2]
        path = request.match_info["path"]
        seen = Seen(request.method, path, dict(request.query), raw_query)
        self.seen.append(seen)
        self.in_flight += 1
        try:
            response = await self._hooked(request, seen)
            seen.status = response.status
            return response
        finally:
            self.in_flight -= 1

    async def _hooked(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        answer = await self.before(request) if self.before is not None else None
        if answer is not None:
            return answer
        await asyncio.sleep(self.behaviour.delay)
        try:
            response = await self._answer(request, seen)
        except (QuestionError, FilterError, WriteError) as error:
            response = _message(400, str(error))
        except Problem as problem:
            response = _message(problem.status, problem.message)
        if self.behaviour.compress:
            response.enable_compression()
        return response

    async def _answer(self, request: web.Request, seen: Seen) -> web.Response:
        limit = self.behaviour.max_query
        if limit and len(seen.raw_query) > limit:
            return web.Response(
                status=404, content_type="text/html", text="<h1>404.15</h1>"
            )
        self._admit(request, seen.path)
        if seen.path.rstrip("/") == "sites":
            sites = [] if self.behaviour.empty_sites else _SITES
            return _json(encode(sites if request.method == "GET" else _nowhere(seen)))
        resource, key = self._found(seen)
        if resource in self.behaviour.forbidden:
            raise Problem(403, _FORBIDDEN)
        table = self.store.tables[resource]
        query = _query(seen.raw_query)
        verb = _verb(request.method, key)
        if verb not in table.verbs:
            _nowhere(seen)
        if verb == "list":
            return await self._list(table, query, seen)
        if verb == "get" and key is not None:
            return await self._get(table, key, query, seen)
        if query:
            raise QuestionError("No query parameter is supported here.")
        body = await self._body(request) if verb != "delete" else {}
        write = {"create": self._create, "update": self._update}.get(verb, self._delete)
        return await asyncio.to_thread(write, table, key or 0, body)

    def _admit(self, request: web.Request, path: str) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        headers = request.headers
        here = (
            headers.get("X-Site", "").lower() == SITE
            and headers.get("X-Company", "") == str(COMPANY)
        ) or path.rstrip("/") == "sites"
        if scheme.lower() != "bearer" or not self.identity.knows(token) or not here:
            raise Problem(401)

    def _found(self, seen: Seen) -> tuple[str, int | None]:
        """Find the resource and the id that a path names."""
        resource, _, rest = seen.path.removesuffix("/").partition("/")
        if resource not in self.store.tables or (rest and not _is_id(rest)):
            _nowhere(seen)
        return resource, int(rest) if rest else None

    async def _list(
        self, table: Table, query: dict[str, str], seen: Seen
    ) -> web.Response:
        salt = self._random.randrange(104_729)
        asked = question(table, query, self.behaviour, salt)
        body, seen.records = await asyncio.to_thread(
            collection, self.store, table, asked, self.behaviour
        )
        return _json(body)

    async def _get(
        self, table: Table, key: int, query: dict[str, str], seen: Seen
    ) -> web.Response:
        chosen = question_about_one(table, query, self.behaviour)
        sql = f'SELECT key, body, members FROM "{table.path}" WHERE key = ?'  # noqa: S608 - the catalogue's
        rows = await asyncio.to_thread(self.store.ask, sql, (key,))
        if not rows:
            raise _missing(table, key)
        seen.records = 1
        return _json(b"".join(served(self.store, table, rows, chosen)))

    async def _body(self, request: web.Request) -> dict[str, Any]:
        try:
            body = decode(await request.read())
        except (ValueError, msgspec.MsgspecError) as error:
            raise WriteError(f"The body is no JSON: {error}") from error
        if not isinstance(body, dict):
            raise WriteError("The body must be a JSON object.")
        return body  # pyright: ignore[reportUnknownVariableType] - keys are text in JSON

    def _create(self, table: Table, key: int, body: dict[str, Any]) -> web.Response:
        del key
        dates = self.behaviour.bare_dates
        values = writes.accepted(table.shape, body, bare_dates=dates)
        if name := writes.missing(table.shape, values):
            raise WriteError(f"{name}: a value is required.")
        self._refuse_duplicate(table, values, 0)
        return self._written(table, self.store.insert(table.path, values), new=True)

    def _update(self, table: Table, key: int, body: dict[str, Any]) -> web.Response:
        dates = self.behaviour.bare_dates
        values = writes.accepted(table.shape, body, bare_dates=dates)
        self._refuse_duplicate(table, values, key)
        try:
            record = self.store.update(table.path, key, values)
        except KeyError:
            raise _missing(table, key) from None
        return self._written(table, record, new=False)

    def _delete(self, table: Table, key: int, body: dict[str, Any]) -> web.Response:
        del body
        try:
            self.store.delete(table.path, key)
        except KeyError:
            raise _missing(table, key) from None
        return web.Response()

    def _refuse_duplicate(self, table: Table, values: dict[str, Any], key: int) -> None:
        for name, message in _DUPLICATES.items():
            value = values.get(name)
            if value and self.store.holds(table.path, name, value, but=key):
                raise WriteError(message)

    def _written(
        self, table: Table, record: dict[str, Any], *, new: bool
    ) -> web.Response:
        """Answer a write: orders come expanded, new records without stamps."""
        expanded = table.path in _EXPANDED_ON_WRITE
        left_out: set[str] = set() if expanded else set(table.shape.members)
        if new:
            left_out |= {"date_time_created", "date_time_updated"}
        shown = {name: value for name, value in record.items() if name not in left_out}
        return _json(encode(shown))


def _verb(method: str, key: int | None) -> str:
    if key is None:
        return {"GET": "list", "POST": "create"}.get(method, "")
    return _VERBS.get(method, "")


def _query(raw: str) -> dict[str, str]:
    query: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        if name in query:
            raise QuestionError(f"The query parameter '{name}' is given twice.")
        query[name] = value
    return query


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19  # noqa: PLR2004 - within 64 bits


def _nowhere(seen: Seen) -> Any:
    raise Problem(404, f"No HTTP resource was found that matches {seen.path!r}.")


def _missing(table: Table, key: int) -> Problem:
    return Problem(404, f"There is no record with the id {key} in {table.path}.")


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")


def _message(status: int, message: str) -> web.Response:
    if not message:
        return web.Response(status=status)
    return _json(encode({"Message": message}), status)
