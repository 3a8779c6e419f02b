"""A FastAPI service that reads Sage 200: one client for the life of each worker.

Install, and run it:

    pip install "sage200-async[file,redis]" fastapi uvicorn
    uvicorn fastapi_app:app --workers 2

Settings come from the environment (``SAGE200_CLIENT_ID`` and so on). Workers share
their tokens, and so one sign-in: ``SAGE200_TOKEN_STORE=redis://host/0``, or
``file:///var/lib/sage200/tokens.json`` on one machine. ``sage200 login`` fills it.

Uvicorn starts the lifespan in each worker, after the worker's start, so each has a
client of its own. On SIGTERM it ends the requests under way, then closes the client.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, TypedDict

import msgspec
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from sage200_async import Sage200Client
from sage200_async.catalog import Customer
from sage200_async.errors import NotFound, Sage200Error

log = logging.getLogger(__name__)
json = msgspec.json.Encoder(decimal_format="number")  # money stays exact


class State(TypedDict):
    sage: Sage200Client


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[State]:
    async with Sage200Client() as client:
        yield {"sage": client}


app = FastAPI(title="Customers of Sage 200", lifespan=lifespan)


def get_client(request: Request) -> Sage200Client:
    client: Sage200Client = request.state.sage
    return client


Client = Annotated[Sage200Client, Depends(get_client)]


@app.get("/customers/{customer_id}")
async def customer(customer_id: int, client: Client) -> Response:
    record = await client.customers.get(customer_id)
    return Response(json.encode(record), media_type="application/json")


@app.get("/customers")
async def customers(
    client: Client, min_balance: Decimal | None = None
) -> StreamingResponse:
    """Stream NDJSON; memory holds one page, and a caller that leaves ends the read."""
    query = client.customers.page_size(500)
    if min_balance is not None:
        query = query.filter(Customer.fields.balance >= min_balance)
    pages = query.pages()
    first = await anext(pages, None)  # what fails before the first page has a status

    async def lines() -> AsyncIterator[bytes]:
        try:
            yield json.encode_lines(first.records if first else [])
            async for page in pages:
                yield json.encode_lines(page.records)
        finally:
            await pages.aclose()

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@app.exception_handler(Sage200Error)
async def failed(request: Request, error: Sage200Error) -> JSONResponse:
    """Answer with a status that the caller can act on; the log has the reason.

    An error in the middle of a stream ends the connection instead: the caller sees
    that the response is cut.
    """
    if isinstance(error, NotFound):
        return JSONResponse({"error": "no such record"}, 404)
    log.error("%s %s: %s", request.method, request.url.path, error)
    if error.retryable:
        return JSONResponse({"error": "try again"}, 503, {"Retry-After": "30"})
    return JSONResponse({"error": "Sage 200 cannot be read"}, 502)
