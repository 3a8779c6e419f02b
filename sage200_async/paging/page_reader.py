"""The page reader: one page of a plan, from the request to checked records."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from msgspec.structs import replace

from sage200_async.errors import (
    DecodeError,
    RequestError,
    RequestTimeout,
    Sage200Error,
)
from sage200_async.paging.company import require_company
from sage200_async.paging.end_of_stream import EndOfStream
from sage200_async.paging.evidence import Evidence
from sage200_async.paging.page_query import query_for
from sage200_async.paging.plan import Plan, advance, with_smaller_page
from sage200_async.paging.validator import PageValidator
from sage200_async.wire.headers import request_id, server_time
from sage200_async.wire.messages import AskForLess, company_request
from sage200_async.wire.splitting import key_in

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine

    from sage200_async.events import Events
    from sage200_async.paging.page_forms import Form, Slice
    from sage200_async.paging.plan import PageFacts
    from sage200_async.paging.read_telemetry import ReadTelemetry
    from sage200_async.paging.validator import Bounds, PageCheck
    from sage200_async.settings import CompanyContext
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Request, Response

B = TypeVar("B")
S = TypeVar("S")
T = TypeVar("T")


class Connection(Protocol):
    """What a reading needs of a client."""

    @property
    def transport(self) -> Transport:
        """Where requests go."""
        ...

    @property
    def events(self) -> Events:
        """Where events are reported."""
        ...

    @property
    def quarantine(self) -> Callable[[DecodeError], None] | None:
        """What takes the errors of records that do not fit."""
        ...


class Page(NamedTuple):
    """A response that is not decoded yet."""

    plan: Plan
    """What was asked in the end: perhaps for fewer records than at first."""
    request: Request
    response: Response
    max_key: int | None = None
    """The highest key, where it was asked for beside the page."""
    nothing_there: bool = False
    """Whether it was asked for, and nothing matched."""


class PageReader:
    """Reads the pages of one reading, for a stream or for several workers.

    A page is fetched to its end and its connection given back before the first
    record comes out. A page that times out, or that a gateway gives up on, is
    asked for again with half the size; it grows back slowly. Between slices of
    a page, other tasks get their turn.

    Args:
        connection: The client.
        context: Which company.
        plan: Where the reading starts.
        model: What each record is.
        telemetry: Reports the reading.
        query: The query string of the first request, where it is written already.
    """

    def __init__(
        self,
        connection: Connection,
        context: CompanyContext,
        plan: Plan,
        model: type,
        *,
        telemetry: ReadTelemetry,
        query: str = "",
    ) -> None:
        self._first = plan, query
        self.validator = PageValidator(plan)
        self.rejected = 0
        """Records that did not fit and went to the quarantine."""
        self.pages = plan.pages
        """Pages read, those before *plan* included."""
        self.began_at: float | None = None
        """When the reading began, by the server's clock, in seconds since 1970."""
        self._connection = connection
        self._context = context
        self.model = model
        """What each record is."""
        self.max_record_bytes = context.max_record_bytes
        """Bytes of one record at most."""
        self._telemetry = telemetry
        self.evidence = Evidence(self.ask, model, context.max_record_bytes)
        self.end = EndOfStream(
            self.evidence,
            lambda: require_company(connection.transport, context),
            self.validator,
            trusts_short_pages=context.trust_short_pages,
        )
        """Decides where the reading ends."""
        self._timeout = plan.options.timeout
        self._deadline: float | None = None

    async def fetch_with_end(self, plan: Plan) -> Page:
        """Fetch a page, and the highest key beside it where it is not known yet.

        Raises:
            RequestError: The page could not be had, after retries too.
            TokenError: There is no usable token.
            PagingError: The highest keys come in the wrong order.
        """
        if not self.end.wants_max_key(plan):
            return await self.fetch(plan)
        try:
            page, highest = await _both(self.fetch(plan), self.end.max_key(plan))
        except Sage200Error as error:
            error.plan = error.plan or plan
            raise
        return page._replace(max_key=highest, nothing_there=highest is None)

    async def fetch(self, plan: Plan) -> Page:
        """Send the request of the next page of *plan*, for less where it is too large.

        Raises:
            RequestError: The page could not be had, after retries too.
            TokenError: There is no usable token.
        """
        smaller, attempts, deadline = plan, 0, None
        while True:
            request = self._request(smaller, deadline)
            try:
                response = await self._send(request)
            except AskForLess as refusal:
                attempts += refusal.attempts
                deadline = refusal.deadline
                smaller = with_smaller_page(smaller)
            except Sage200Error as error:
                error.attempts += attempts
                place(error, smaller, request)
                raise
            else:
                self._telemetry.resized(plan, smaller)
                return Page(smaller, request, response)

    async def slices(
        self, page: Page, form: Form[B], within: Bounds | None = None
    ) -> AsyncGenerator[tuple[Slice[B], Plan], None]:
        """Decode and check *page*, a slice at a time; its body is used up.

        Args:
            page: As `fetch` or `fetch_with_end` returned it.
            form: What its records are turned into.
            within: The keys that are wanted; the rest of the page is left out,
                and nothing is decoded once they have all come.

        Yields:
            Records, and where the reading stands after them. The last ones may
            be no records: with them comes the plan of the next page.

        Raises:
            PagingError: The page cannot follow the one before.
            DecodeError: A record does not fit, or the response is no page.
            RequestError: What shows where the reading ends could not be had.
            TokenError: There is no usable token.
        """
        moved = plan = page.plan
        body = page.response.body
        try:
            check = self.validator.open(plan, body, within)
            check.expected = page.max_key
            reader = form.open(
                body,
                plan.key,
                self._quarantine(check),
                max_record_bytes=self.max_record_bytes,
            )
            while (served := await reader.next()) is not None:
                checked, room = check.accept(served), moved.remaining
                moved = check.position
                yield _at_most(room, checked), moved
                if within is not None and within.low >= within.high:
                    break
            facts = check.close(reader.notes)
            if within is None or within.low < within.high:
                moved = await self._advance(page, facts)
        except Sage200Error as error:
            place(error, moved, page.request, page.response)
            raise
        self._report(page, facts, moved)
        yield form.empty(), moved

    async def _advance(self, page: Page, facts: PageFacts) -> Plan:
        """Return the plan of the next page; what it rests on is asked for first."""
        plan = page.plan
        if page.max_key is not None:
            plan = replace(plan, max_key=page.max_key)
        nothing = page.nothing_there
        plan, is_last = await self.end.after(plan, facts, nothing_there=nothing)
        return advance(plan, facts, is_last=is_last)

    async def ask(self, plan: Plan, query: str) -> Response:
        """Send another query of the collection of *plan*.

        Raises:
            RequestError: There is no response, after retries too.
            TokenError: There is no usable token.
        """
        read_id = self._telemetry.read_id
        request = company_request(
            self._context, "GET", plan.path, query, read_id=read_id
        )
        try:
            response = await self._send(request)
        except RequestError as error:
            error.request = error.request or request
            raise
        if self.began_at is None:
            self.began_at = server_time(response.headers)
        return response

    def _request(self, plan: Plan, deadline: float | None) -> Request:
        first, query = self._first
        request = company_request(
            self._context,
            "GET",
            plan.path,
            query if query and plan is first else query_for(plan),
            reducible=plan.reducible,
            read_id=self._telemetry.read_id,
        )
        return request if deadline is None else replace(request, deadline=deadline)

    async def _send(self, request: Request) -> Response:
        seconds, transport = self._timeout, self._connection.transport
        if seconds is None:
            return await transport.send(request)
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                return await transport.send(request)
        except TimeoutError:
            message = (
                f"{request}: the reading was not over within {seconds:g} s: go on with "
                "query.resume(error.plan), or pass more to query.timeout()"
            )
        # Raised here, without the frames of libraries, which hold the token.
        raise RequestTimeout(message, phase="reading", seconds=seconds)

    def _quarantine(self, check: PageCheck) -> Callable[[DecodeError], None] | None:
        quarantine = self._connection.quarantine
        if quarantine is None:
            return None

        def reject(error: DecodeError) -> None:
            if check.reject(error):
                self.rejected += 1
                error.plan = check.position
                quarantine(error)

        return reject

    def _report(self, page: Page, facts: PageFacts, moved: Plan) -> None:
        self.pages += 1
        size = len(page.response.body)
        self._telemetry.page_read(page.plan, facts, size, self.pages)
        if moved.subqueries:
            self._telemetry.resized(page.plan, moved)


def _at_most(room: int | None, checked: Slice[B]) -> Slice[B]:
    return checked if room is None or room >= len(checked) else checked.part(0, room)


async def _both(
    one: Coroutine[Any, Any, S], other: Coroutine[Any, Any, T]
) -> tuple[S, T]:
    """Await both at once; the first error ends the other, and is raised."""
    tasks = asyncio.ensure_future(one), asyncio.ensure_future(other)
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def place(
    error: Sage200Error, plan: Plan, request: Request, response: Response | None = None
) -> None:
    """Add to *error* where the reading stands, and which request it is about."""
    if error.plan is None or plan.mode == "key":
        error.plan = plan
    if isinstance(error, RequestError) and error.request is None:
        error.request = request
    if response is not None:
        error.request_id = error.request_id or request_id(response.headers)
    if isinstance(error, DecodeError) and error.raw and plan.key is not None:
        error.add_note(f"{plan.path}: {plan.key} {key_in(error.raw, plan.key)}")
