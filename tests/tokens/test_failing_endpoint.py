"""Short-lived tokens, and a token endpoint that fails in every way for a while."""

import asyncio
import itertools
import json
import sys
import time
from pathlib import Path

import pytest
from aiohttp import web
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.auth import token_endpoint
from sage200_async.errors import Sage200Error
from sage200_async.sandbox import Behaviour, Sandbox

WORKER = Path(__file__).with_name("busy_worker.py")
NAMES = ("base_url", "client_id", "client_secret", "refresh_token", "site", "company")
PROCESSES = 5
TASKS = 50
LIFE = 2
LIVES = (1, 2, 5, 3)
# Seconds, of one token after the other.
SECONDS = 7.0
FAILS_FROM, FAILS_TO = 1.0, 4.0
ROUNDING = 0.05
RECORDS = {"customers": 3}


def oauth_error(status, error):
    """Return a function that makes a JSON error."""
    return lambda: web.json_response({"error": error}, status=status)


FAILURES = [
    lambda: web.Response(status=429, headers={"Retry-After": "1"}),
    oauth_error(400, "temporarily_unavailable"),
    lambda: web.Response(status=403, text="<html>Blocked", content_type="text/html"),
    "hang",
    "reset",
    oauth_error(500, "server_error"),
    lambda: web.Response(text="<html>Sign in", content_type="text/html"),
]


class TokenEndpoint:
    """A token endpoint before the sandbox's, which fails for some seconds."""

    def __init__(self, sandbox, lives=None):
        self.behaviour = sandbox.behaviour
        self.lives = lives
        self.issuer = sandbox._authorization_server
        self.started = time.monotonic()
        self.failures = itertools.cycle(FAILURES)
        self.asked = []
        """When, with the status, or 0."""

    @property
    def elapsed(self):
        """Seconds since the start."""
        return time.monotonic() - self.started

    async def __aenter__(self):
        app = web.Application()
        app.router.add_post("/oauth/token", self.answer)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/oauth/token"
        return self

    async def __aexit__(self, *_):
        await self.runner.cleanup()

    async def answer(self, request):
        at = self.elapsed
        if not FAILS_FROM <= at < FAILS_TO:
            if self.lives is not None:
                self.behaviour.token_seconds = next(self.lives)
            status, body = self.issuer.token(await request.post(), "https://issuer/")
            self.asked.append((at, status))
            return web.json_response(body, status=status)
        failure = next(self.failures)
        if failure == "hang":
            self.asked.append((at, 0))
            await asyncio.sleep(60)
        if failure == "reset":
            self.asked.append((at, 0))
            request.transport.abort()
            return web.Response()
        response = failure()
        self.asked.append((at, response.status))
        return response

    def gaps(self):
        """Yield how often it had failed in a row, and the seconds until it was asked."""
        failures = 0
        for (at, status), (later, _) in itertools.pairwise(self.asked):
            failed = status != 200 or FAILS_FROM <= at < FAILS_TO
            failures = failures + 1 if failed else 0
            if failures:
                yield failures, status, later - at


async def ask_until(end, client, endpoint, errors):
    """Send a request again and again."""
    while endpoint.elapsed < end:
        try:
            await client.customers.select("id").first()
        except Sage200Error as error:
            errors.append((endpoint.elapsed, error))
        await asyncio.sleep(0.05)


def require_pace(endpoint):
    """Check that the endpoint was asked in its own time, and works in the end."""
    gaps = list(endpoint.gaps())
    assert len(gaps) >= 2
    for failures, status, gap in gaps:
        least = max(0.5 * 2 ** (failures - 1), 1.0 if status == 429 else 0)
        assert gap >= least - ROUNDING
    assert endpoint.asked[-1][1] == 200
    assert len(endpoint.asked) <= 2 * SECONDS


async def read_while_it_fails(clients, store):
    """Let tasks of some clients read; return the endpoint, errors and statuses."""
    errors = []
    async with (
        Sandbox(records=RECORDS, behaviour=Behaviour(token_seconds=LIFE)) as sandbox,
        TokenEndpoint(sandbox) as endpoint,
    ):
        settings = replace(sandbox.settings, token_url=endpoint.url, token_store=store)
        opened = [Sage200Client(settings) for _ in range(clients)]
        for client in opened:
            await client.__aenter__()
        await asyncio.gather(
            *(
                ask_until(SECONDS, opened[number % clients], endpoint, errors)
                for number in range(TASKS)
            )
        )
        for client in opened:
            await client.close()
        return endpoint, errors, [request.status for request in sandbox.requests]


def test_an_endpoint_that_fails_for_a_while(record_property, tmp_path, monkeypatch):
    """No request fails, the endpoint is asked in its own time, and all heals by itself."""
    monkeypatch.setattr(token_endpoint, "TOKEN_WAIT", 0.3)
    stores = {clients: (tmp_path / f"{clients}.json").as_uri() for clients in (1, 5)}

    async def main():  # both at once: they wait for most of the time
        runs = (read_while_it_fails(*store) for store in stores.items())
        return await asyncio.gather(*runs)

    for clients, run in zip(stores, asyncio.run(main()), strict=True):
        endpoint, errors, statuses = run
        name = f"endpoint fails for 3 s, {clients} clients"
        record_property("fault", (name, "complete", len(endpoint.asked)))
        assert errors == []
        require_pace(endpoint)
        # A token that was issued expires on its way once in each task at most.
        issued = [status for _, status in endpoint.asked].count(200)
        assert statuses.count(401) <= issued * TASKS


async def started(settings):
    """Return a worker that waits for its line."""
    pipe = asyncio.subprocess.PIPE
    arguments = {**settings, "tasks": TASKS // PROCESSES, "seconds": SECONDS}
    process = await asyncio.create_subprocess_exec(
        sys.executable, WORKER, json.dumps(arguments), stdin=pipe, stdout=pipe
    )
    assert (await process.stdout.readline()).strip() == b"ready"
    return process


async def errors_of(process):
    """Let a worker go, and return its errors."""
    output, _ = await process.communicate(b"go\n")
    return json.loads(output)


@pytest.mark.parametrize("kind", ["file", "redis"])
def test_five_processes_and_an_endpoint_that_fails_for_a_while(
    request, record_property, tmp_path, kind
):
    """Processes that share a store ask the endpoint as often as one would."""
    url = (tmp_path / "tokens.json").as_uri()
    if kind == "redis":
        url = request.getfixturevalue("redis_url") + "?name=failing"

    async def main():
        behaviour = Behaviour()
        async with (
            Sandbox(records=RECORDS, behaviour=behaviour) as sandbox,
            TokenEndpoint(sandbox, itertools.cycle(LIVES)) as endpoint,
        ):
            settings = {name: getattr(sandbox.settings, name) for name in NAMES}
            settings |= {"token_url": endpoint.url, "token_store": url}
            workers = await asyncio.gather(
                *(started(settings) for _ in range(PROCESSES))
            )
            endpoint.started = time.monotonic()
            errors = await asyncio.gather(*map(errors_of, workers))
            return endpoint, list(itertools.chain(*errors))

    endpoint, errors = asyncio.run(main())
    asked = len(endpoint.asked)
    name = f"endpoint fails for 3 s, {PROCESSES} processes, {kind}"
    record_property("fault", (name, "complete", asked))
    assert errors == []
    require_pace(endpoint)
