"""An aiohttp.web service that reads Sage 200: one client from start-up to clean-up.

Install, and run it:

    pip install "sage200-async[file,redis]"
    python -m aiohttp.web -H 127.0.0.1 -P 8080 aiohttp_app:create_app

Settings come from the environment (``SAGE200_CLIENT_ID`` and so on). Several processes
share their tokens, and so one sign-in: ``SAGE200_TOKEN_STORE=redis://host/0``, or
``file:///var/lib/sage200/tokens.json`` on one machine. ``sage200 login`` fills it.

``create_app`` runs in each worker of Gunicorn, too:
``gunicorn -k aiohttp.GunicornWebWorker -w 2 "aiohttp_app:create_app()"``.
"""

import logging
from collections.abc import AsyncIterator, Sequence

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from sage200_async import Sage200Client
from sage200_async.errors import NotFound, Sage200Error

log = logging.getLogger(__name__)
SAGE = web.AppKey("sage", Sage200Client)
json = msgspec.json.Encoder(decimal_format="number")  # money stays exact


async def sage(app: web.Application) -> AsyncIterator[None]:
    async with Sage200Client() as client:
        app[SAGE] = client
        yield  # noqa: ASYNC119 - aiohttp runs it to its end


async def customer(request: web.Request) -> web.Response:
    record = await request.app[SAGE].customers.get(int(request.match_info["id"]))
    return web.Response(body=json.encode(record), content_type="application/json")


async def customers(request: web.Request) -> web.StreamResponse:
    """Stream NDJSON; memory holds one page, and a slow caller slows the read."""
    pages = request.app[SAGE].customers.page_size(500).pages()
    try:
        first = await anext(pages, None)  # what fails before it has a status
        response = web.StreamResponse()
        response.content_type = "application/x-ndjson"
        await response.prepare(request)
        request["is_streaming"] = True
        await response.write(json.encode_lines(first.records if first else []))
        async for page in pages:
            await response.write(json.encode_lines(page.records))
        await response.write_eof()
    finally:
        await pages.aclose()
    return response


@web.middleware
async def failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with a status that the caller can act on; the log has the reason."""
    try:
        return await handler(request)
    except NotFound:
        return web.json_response({"error": "no such record"}, status=404)
    except Sage200Error as error:
        log.error("%s %s: %s", request.method, request.path, error)  # noqa: TRY400
        if "is_streaming" in request:  # aiohttp closes: the caller sees that it is cut
            raise
        if error.retryable:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "30"}) from None
        raise web.HTTPBadGateway(text="Sage 200 cannot be read") from None


def create_app(arguments: Sequence[str] = ()) -> web.Application:
    app = web.Application(middlewares=[failures])
    app.cleanup_ctx.append(sage)
    app.add_routes(
        [
            web.get(r"/customers/{id:\d+}", customer),
            web.get("/customers", customers),
        ]
    )
    return app
