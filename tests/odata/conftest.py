"""SAP CAP as the server, behind a gateway that makes a Sage 200 of it.

CAP parses queries, pages and counts with code that shares nothing with ours. The
gateway adds what OData does not have: tokens, sites, Sage's paths and headers, and
the bare arrays that Sage answers with.
"""

import asyncio
import functools
import json
import os
import random
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest
from aiohttp import web
from yarl import URL

from sage200_async import Sage200Client, Settings

CAP = os.environ.get("SAGE200_CAP")
HERE = Path(__file__).parent
SERVICES = ["limit100", "limit300", "limit1000", "unlimited"]
API = "/uk/sage200extra/accounts/v1/"
SITE, COMPANY = "6e0e0b7c-3f5a-4c0e-9a55-3f2f6d1f7a10", "1"
STARTED = datetime(2026, 3, 1, tzinfo=UTC)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


@pytest.fixture(scope="session")
def cap():
    """Run CAP; yield its URL."""
    if not CAP:
        pytest.skip("SAGE200_CAP does not name the folder of @sap/cds: nox -s odata")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [shutil.which("node"), HERE / "server.cjs", CAP, port]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, stderr=subprocess.DEVNULL) as process:
        try:
            # Before "ready" it says what it loads.
            assert any(line == b"ready\n" for line in process.stdout)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.stdin.close()  # it ends when its input does; see server.cjs


class Gateway:
    """A Sage 200 over HTTP, whose company is one of CAP's services.

    Args:
        upstream: The URL of the service.
        is_bare: Whether a list is a bare array and a count a bare number, as Sage's
            guides show them; otherwise they are wrapped, as CAP sends them.
    """

    def __init__(self, upstream, *, is_bare):
        self.upstream, self.is_bare = upstream, is_bare
        self.queries = []
        self.before = {}  # what is done before the query of that number
        self.uses = 1000  # requests after which an access token is refused
        self.access, self.refresh, self.issued, self.left = "", "hush-0", 0, 0

    async def __aenter__(self):
        app = web.Application()
        app.router.add_post("/token", self.answer_token)
        app.router.add_get(f"{API}sites", self.answer_sites)
        app.router.add_get(API + "{entity}", self.answer)
        app.router.add_get(API + "{entity}/{id}", self.answer)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_):
        await self.session.close()
        await self.runner.cleanup()

    @property
    def settings(self):
        """Return settings that lead here; the first request needs a token."""
        host, port = self.runner.addresses[0]
        return Settings(
            base_url=f"http://{host}:{port}{API}",
            token_url=f"http://{host}:{port}/token",
            client_id="client",
            client_secret="hush-secret",
            refresh_token=self.refresh,
            site=SITE,
            company=COMPANY,
            retries_per_second=1000.0,
        )

    async def answer_token(self, request):
        """Return new tokens for the newest refresh token, and for no other."""
        form = await request.post()
        if form["refresh_token"] != self.refresh:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.issued += 1
        self.access, self.refresh = f"hush-a{self.issued}", f"hush-{self.issued}"
        self.left = self.uses
        tokens = {"access_token": self.access, "refresh_token": self.refresh}
        return web.json_response(
            {**tokens, "token_type": "Bearer", "expires_in": 28_800}
        )

    def refuses(self, request):
        """Return whether the access token is missing, old, or used up."""
        if request.headers.get("Authorization") != f"Bearer {self.access}":
            return True
        self.left -= 1
        return self.left < 0

    async def answer_sites(self, request):
        """Return the only company, which needs no company to be asked for."""
        if self.refuses(request):
            return web.Response(status=401)
        return web.json_response([{"site_id": SITE, "company_id": int(COMPANY)}])

    async def answer(self, request):
        """Return what CAP does, in the form of this gateway."""
        if self.refuses(request):
            return web.Response(status=401)
        headers = request.headers
        if (headers.get("X-Site"), headers.get("X-Company")) != (SITE, COMPANY):
            return web.json_response({"Message": "no such company"}, status=400)
        self.queries.append(request.query_string)
        self.before.pop(len(self.queries), lambda: None)()
        status, body = await self.fetch(self.url_of(request))
        if self.is_bare and status == 200:
            body = bare(body)
        return web.Response(status=status, body=body, content_type="application/json")

    def url_of(self, request):
        """Return where CAP has it: `customers(7)` for `customers/7`."""
        entity, id_ = request.match_info["entity"], request.match_info.get("id")
        path = entity if id_ is None else f"{entity}({id_})"
        if self.is_bare and "$count" in request.query:
            path += "/$count"
        return URL(
            f"{self.upstream}/{path}?{request.rel_url.raw_query_string}", encoded=True
        )

    async def fetch(self, url):
        async with self.session.get(url) as reply:
            return reply.status, await reply.read()


def bare(body):
    """Return the array or the record in *body*, without what OData says of it."""
    if not body.startswith(b"{"):
        return body
    fields = _FIELDS.decode(body)
    own = {name: raw for name, raw in fields.items() if not name.startswith("@")}
    return msgspec.json.encode(own["value"] if own.keys() == {"value"} else own)


class Source:
    """The rows of a company by key, each with the stamp of its last change."""

    def __init__(self, cap, entity="customers", seed=1):
        self.cap, self.entity, self.random = cap, entity, random.Random(seed)
        self.rows, self.last, self.now = {}, 0, STARTED

    def insert(self, count):
        """Add rows above all others, with gaps between their keys."""
        for _ in range(count):
            self.last += self.random.randint(1, 9)
            self.rows[self.last] = {"id": self.last}
            self.change([self.last])

    def change(self, keys):
        """Change rows, one after another."""
        for key in keys:
            self.now += timedelta(milliseconds=self.random.randint(0, 90_000))
            self.rows[key] |= self.values(key)

    def values(self, key):
        """Return a text that is new each time, and the stamp."""
        name = "document_no" if self.entity == "sop_orders" else "name"
        text = f"{key} at {self.random.random()}"
        return {name: text, "date_time_updated": stamp(self.now)}

    def delete(self, keys):
        """Take rows away, for good."""
        for key in keys:
            del self.rows[key]

    def some(self, count):
        """Choose that many keys, or all that there are."""
        return self.random.sample(sorted(self.rows), min(count, len(self.rows)))

    def serve(self):
        """Have CAP serve these rows, and no others, from now on."""
        replace_rows(self.cap, self.entity, list(self.rows.values()))


def replace_rows(cap, entity, rows):
    """Have CAP serve *rows* as an entity, and no others."""
    body = json.dumps(rows, default=as_json).encode()
    headers = {"content-type": "application/json"}
    url = f"{cap}/rows/{entity}"
    request = urllib.request.Request(url, body, headers, method="PUT")
    with urllib.request.urlopen(request) as reply:
        assert reply.status == 204


def as_json(value):
    """Write a time as CAP does, in milliseconds, and a decimal as a number."""
    return stamp(value) if isinstance(value, datetime) else float(value)


def stamp(at):
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Server(NamedTuple):
    """One of CAP's services, and the form in which its answers arrive."""

    cap: str
    service: str
    form: str

    def gateway(self):
        """Return a gateway to it, to be entered."""
        return Gateway(f"{self.cap}/{self.service}", is_bare=self.form == "bare")

    def run(self, body, **options):
        """Run a coroutine function with a client of this server and its gateway."""

        async def main():
            async with (
                self.gateway() as gateway,
                Sage200Client(
                    msgspec.structs.replace(gateway.settings, **options)
                ) as client,
            ):
                return await body(client, gateway)

        return asyncio.run(main())


@pytest.fixture(params=["bare", "wrapped"])
def form(request):
    """Return how lists and counts arrive."""
    return request.param


@pytest.fixture(params=SERVICES)
def server(request, cap, form):
    """Return each of CAP's services, in each form; indirect for others."""
    return Server(cap, request.param, form)


class Session(NamedTuple):
    """A client and its gateway, for all examples of a property."""

    run: Callable[[Coroutine[Any, Any, Any]], Any]
    client: Sage200Client
    gateway: Gateway
    cap: str

    def reach(self, service, *, is_bare):
        """Be answered by another of CAP's services from now on, in this form."""
        self.gateway.upstream = f"{self.cap}/{service}"
        self.gateway.is_bare = is_bare


@pytest.fixture(scope="module")
def session(cap):
    """Run a client; at first its server has no page limit, and answers as Sage does."""
    with asyncio.Runner() as runner:
        gateway = Server(cap, "unlimited", "bare").gateway()
        runner.run(gateway.__aenter__())
        client = Sage200Client(gateway.settings)
        runner.run(client.__aenter__())
        yield Session(runner.run, client, gateway, cap)
        runner.run(client.close())
        runner.run(gateway.__aexit__())


@pytest.fixture(scope="session")
def source(cap):
    """Return a function that makes rows of an entity, and has CAP serve them."""

    def make(count, entity="customers", seed=1):
        rows = Source(cap, entity, seed)
        rows.insert(count)
        rows.serve()
        return rows

    return make


@pytest.fixture(scope="session")
def order_lines(cap):
    """Return a function that gives each order lines; it returns their codes."""

    def make(orders):
        codes = {key: [f"{key}-{n}" for n in range(key % 4)] for key in orders.rows}
        lines = Source(cap, "sop_order_lines")
        for key, texts in codes.items():
            for code in texts:
                number = len(lines.rows) + 1
                line = {"id": number, "sop_order_id": key, "code": code}
                lines.rows[number] = {**line, "line_quantity": 1.5}
        lines.serve()
        return codes

    return make


@pytest.fixture(scope="session")
def put_rows(cap):
    """Return a function that replaces all rows of an entity."""
    return functools.partial(replace_rows, cap)
