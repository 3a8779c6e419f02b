"""A few records of a collection: `first` and `one`, without the ballast of a stream."""

from __future__ import annotations

from operator import lt
from typing import TYPE_CHECKING, TypeVar

from sage200_async.errors import Sage200Error
from sage200_async.paging.page_forms import key_getter
from sage200_async.paging.page_reader import Page, place
from sage200_async.paging.read_telemetry import is_unobserved
from sage200_async.paging.stream import Stream
from sage200_async.wire.constructed import handing_on
from sage200_async.wire.messages import company_request
from sage200_async.wire.small_page import records_at_once

if TYPE_CHECKING:
    from sage200_async.paging.page_reader import Connection
    from sage200_async.paging.plan import Plan
    from sage200_async.settings import CompanyContext

R = TypeVar("R")


async def read_few(
    connection: Connection,
    context: CompanyContext,
    plan: Plan,
    model: type[R],
    query: str,
) -> list[R]:
    """Return all records of *plan*, which are few.

    Where the first page has as many as were asked for, with keys that ascend, nothing
    else has to be asked or shown. All else is left to a `Stream`, with that page: what
    is refused, what is set aside, and whether fewer are all.

    Args:
        connection: The client.
        context: Which company.
        plan: What is read; its ``remaining`` says how few.
        model: What each record is.
        query: The query string of its first request; empty where there is none.

    Raises:
        Sage200Error: As a `Stream` raises it.
    """
    page = None
    alone = query and plan.options.timeout is None and len(plan.subqueries) == 1
    if alone and is_unobserved(connection.events):
        page = await _fetch(connection, context, plan, query)
        body, most = page.response.body, context.max_record_bytes
        records = records_at_once(body, model, most)
        if records is not None and _are_all(records, plan, model):
            return handing_on(model)(records)
    stream = Stream(connection, context, plan, model, query, first_page=page)
    return [one async for some in stream.pages() for one in some.records]


async def _fetch(
    connection: Connection, context: CompanyContext, plan: Plan, query: str
) -> Page:
    request = company_request(context, "GET", plan.path, query)
    try:
        response = await connection.transport.send(request)
    except Sage200Error as error:
        place(error, plan, request)
        raise
    return Page(plan, request, response)


def _are_all(records: list[R], plan: Plan, model: type[R]) -> bool:
    """Return whether *records* are as many as were asked for, and in their order."""
    key_of = key_getter(model, plan.key)
    if key_of is None or len(records) != plan.remaining:
        return False
    keys = list(map(key_of, records))
    if set(map(type, keys)) != {int}:
        return False
    if plan.mode == "key":
        return all(map(lt, keys, keys[1:]))
    return len(set(keys)) == len(keys)
