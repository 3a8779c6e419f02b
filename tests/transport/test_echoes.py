"""A server that repeats all that it was sent gets no secret into an error or a log."""

import asyncio
import gzip
import html
import json
import logging
import pickle
import traceback
from urllib.parse import quote

import pytest
import rich.traceback
from aiohttp import web
from msgspec.structs import replace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sage200_async import AuthorizationRequest, Sage200Client, exchange_code
from sage200_async.auth.stores import MemoryStore
from sage200_async.errors import Sage200Error, TokenError
from sage200_async.telemetry import instrument

SIGN_IN = AuthorizationRequest(
    "https://app.example/cb", "hush-state", "hush-verifier/1"
)
REDIRECT_URL = "https://app.example/cb?code=hush-code%2F1&state=hush-state"
SENT = {
    "access_token": "hush-access/" + "a1B2" * 200,
    "refresh_token": "hush-refresh/0",
    "client_secret": "hush-secret&<0>",
    "subscription_key": "hush-key-0",
}


def as_json(text):
    """Return the error that ASP.NET makes of *text*."""
    body = {"Message": text, "ModelState": {text: [text]}}
    return 400, {"Content-Type": "application/json"}, json.dumps(body).encode()


ECHOES = {
    "a message": as_json,
    "a message at 200": lambda text: (200, {}, as_json(text)[2]),
    "escaped JSON": lambda text: (500, {}, as_json(text)[2].replace(b"/", b"\\/")),
    "problem details": lambda text: (
        422,
        {},
        json.dumps({"title": "No", "detail": text}).encode(),
    ),
    "OAuth's error": lambda text: (
        403,
        {},
        json.dumps({"error": "invalid_grant", "error_description": text}).encode(),
    ),
    "plain text": lambda text: (401, {}, text.encode()),
    "plain text at 200": lambda text: (200, {}, text.encode()),
    "HTML": lambda text: (503, {}, f"<html>{html.escape(text)}".encode()),
    "XML": lambda text: (
        500,
        {},
        f"<Error><Message>{html.escape(text)}</Message></Error>".encode(),
    ),
    "HTML at 200": lambda text: (200, {}, f"<html>{html.escape(text)}".encode()),
    "a record": lambda text: (200, {}, json.dumps([{"id": text, "x": text}]).encode()),
    "gzip": lambda text: (
        200,
        {"Content-Encoding": "gzip"},
        gzip.compress(json.dumps([{"id": text}]).encode()),
    ),
    "half of it": lambda text: (400, {}, text[: len(text) * 2 // 3].encode()),
    "headers": lambda text: (
        500,
        {"X-Request-Id": quote(text), "X-Echo": quote(text, safe=" :;&<>-_/=.")},
        b"",
    ),
    "a redirect": lambda text: (302, {"Location": f"/?{quote(text)}"}, b""),
    "another type": lambda text: (200, {}, json.dumps(text).encode()),
}


async def read(client):
    """Read a page."""
    return await client.customers.top(5).first()


VERBS = {
    "read": read,
    "get": lambda client: client.customers.get(5),
    "create": lambda client: client.customers.create({"reference": "A", "name": "B"}),
    "update": lambda client: client.customers.update(5, {"name": "B"}),
    "delete": lambda client: client.sop_orders.delete(5),
    "sites": lambda client: client.sites(),
}


class EchoServer:
    """Answers each request with what it was sent, in one form."""

    def __init__(self, echo):
        self.echo = echo
        self.received = ""

    async def __aenter__(self):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/"
        return self

    async def __aexit__(self, *_):
        await self.runner.cleanup()

    async def answer(self, request):
        headers = "; ".join(
            f"{name}: {value}" for name, value in request.headers.items()
        )
        form = await request.post()
        values = "; ".join(f"{name}={value}" for name, value in form.items())
        text = f"{headers}; {values}; {await request.text()}"
        self.received += text
        status, named, body = self.echo(text)
        return web.Response(status=status, headers=named, body=body)


def shown(error):
    """Yield all that programs show of an error: texts, pickles, variables."""
    yield from traceback.format_exception(error)
    yield repr(pickle.dumps(error))
    response = getattr(error, "response", None)
    if response is not None:
        yield repr((response.headers, bytes(response.body)))
    yield from rich_locals(error)


def rich_locals(error):
    """Yield each variable as rich shows it beside a traceback."""
    traceback = error.__traceback__
    while traceback and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    trace = rich.traceback.Traceback.extract(
        type(error),
        error,
        traceback,
        show_locals=True,
        locals_max_length=10_000,
        locals_max_string=10_000,
    )
    for stack in trace.stacks:
        for frame in stack.frames:
            for name, node in (frame.locals or {}).items():
                yield f"{frame.filename}: {name}={node}"


def echoed(helpers, echo, call, caplog):
    """Make a server repeat what *call* sends; return the error and all that is shown."""
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    texts, spans = [], InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))

    async def main():
        async with EchoServer(echo) as server:
            settings = replace(
                helpers.settings,
                **SENT,
                base_url=server.url,
                token_url=server.url,
                token_store=MemoryStore(),
                max_attempts=2,
            )
            with pytest.raises(Sage200Error) as caught:
                await call(settings, lambda event: texts.append(repr(event)), provider)
            return caught.value, server.received

    error, received = asyncio.run(main())
    texts += [span.to_json() for span in spans.get_finished_spans()]
    return error, received, [*texts, *shown(error), caplog.text]


FAILING = [
    (name, verb)
    for name in ECHOES
    for verb in VERBS
    if verb != "delete" or name not in {"a record", "gzip"}  # an array is no error
]


@pytest.mark.parametrize(("name", "verb"), FAILING)
def test_the_api_repeats_the_bearer(helpers, caplog, name, verb):
    """Whatever form repeats the bearer and the key, neither is shown anywhere."""

    async def call(settings, listener, provider):
        async with Sage200Client(settings, clock=helpers.Clock()) as client:
            client.subscribe(listener)
            instrument(client, provider)
            await VERBS[verb](client)

    error, received, texts = echoed(helpers, ECHOES[name], call, caplog)
    for secret in ("access_token", "subscription_key"):
        assert SENT[secret] in received
    assert not [text for text in texts if "hush" in text]
    assert len(str(error)) < 2_000
    assert str(error).isprintable()


@pytest.mark.parametrize("name", ECHOES)
def test_the_token_endpoint_repeats_the_refresh_token(helpers, caplog, name):
    """A refresh that fails shows neither the refresh token nor the client secret."""

    async def call(settings, listener, provider):
        settings = replace(settings, access_token="")
        async with Sage200Client(settings, clock=helpers.Clock()) as client:
            client.subscribe(listener)
            instrument(client, provider)
            await read(client)

    error, received, texts = echoed(helpers, ECHOES[name], call, caplog)
    assert isinstance(error, TokenError)
    for secret in ("refresh_token", "client_secret"):
        assert SENT[secret] in received
    assert not [text for text in texts if "hush" in text]
    assert str(error).isprintable()


@pytest.mark.parametrize("name", ECHOES)
def test_the_token_endpoint_repeats_the_code(helpers, caplog, name):
    """A sign-in that fails shows neither the code nor the code verifier."""

    async def call(settings, *_):
        await exchange_code(settings, SIGN_IN, REDIRECT_URL)

    error, received, texts = echoed(helpers, ECHOES[name], call, caplog)
    assert isinstance(error, TokenError)
    for secret in ("hush-code/1", "hush-verifier/1"):
        assert secret in received
    assert not [text for text in texts if "hush" in text]
    assert str(error).isprintable()


@pytest.mark.parametrize("stalls", ["headers", "body", "all"])
def test_a_call_that_takes_too_long(helpers, stalls):
    """The error for a call that is cut off in aiohttp's hands holds no token."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"
    data = {"headers": head, "body": head + b"\r\n[", "all": b""}[stalls]

    async def main():
        async with helpers.RawServer(lambda *_: (data, "stall")) as server:
            settings = replace(
                helpers.settings, base_url=server.url, total_timeout=1.0, **SENT
            )
            async with Sage200Client(settings) as client:
                with pytest.raises(Sage200Error) as caught:
                    await read(client)
            return caught.value, server.heads

    error, heads = asyncio.run(main())
    assert "hush-access" in heads[0]
    assert not [text for text in shown(error) if "hush" in text]
