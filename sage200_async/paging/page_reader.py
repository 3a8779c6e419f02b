"""Pages asked for: by plan, and for less where a page is too heavy."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from sage200_async.errors import (
    RequestError,
    RequestTimeout,
    Sage200Error,
    SettingsError,
)
from sage200_async.events import PageRead, PageSizeChanged
from sage200_async.paging.plan import lesser, query_for
from sage200_async.wire.headers import company_headers, request_id
from sage200_async.wire.messages import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.errors import DecodeError
    from sage200_async.events import Events
    from sage200_async.paging.plan import PageFacts, Plan
    from sage200_async.settings import CompanyContext
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Response

_log = logging.getLogger(__name__)


class Connection(Protocol):
    """What a reading needs of a client."""

    @property
    def transport(self) -> Transport:
        """Where requests go."""
        ...

    @property
    def events(self) -> Events:
        """Who is told of what happens."""
        ...

    @property
    def quarantine(self) -> Callable[[DecodeError], None] | None:
        """What takes the errors of records that do not fit."""
        ...


def request_to(
    context: CompanyContext, method: str, path: str, query: str = ""
) -> Request:
    """Make a request about one company.

    Raises:
        SettingsError: The site or the company is not known.
    """
    for name in ("site", "company"):
        if not getattr(context, name):
            message = (
                f"{name} is missing: set SAGE200_{name.upper()}, or take it from "
                "a row of client.sites()"
            )
            raise SettingsError(message, name=name)
    return Request(
        method=method,
        base_url=context.base_url,
        path=path,
        query=query,
        headers=company_headers(context),
    )


class Fetcher:
    """Asks for the pages of one reading.

    A page that times out, or that a gateway gives up on, is asked for again
    with half the size; it grows back slowly. Nothing is lost: the plan says
    where to go on.
    """

    def __init__(
        self, connection: Connection, context: CompanyContext, timeout: float | None
    ) -> None:
        self.number = connection.events.number()
        self._connection = connection
        self._context = context
        self._timeout = timeout
        self._ends: float | None = None

    async def fetch(self, plan: Plan) -> tuple[Plan, Response]:
        """Ask for the next page of *plan*.

        Returns:
            The plan whose page came, which may be for less, and the reply.

        Raises:
            RequestError: The page could not be had, also after retries.
            TokenError: There is no usable token.
        """
        request = self._request(plan)
        try:
            response = await self._asked(request)
        except Sage200Error as error:
            self.tell(error, plan)
            raise
        answered = _answered(plan, request, response)
        self.resized(plan, answered)
        return answered, response

    def _request(self, plan: Plan) -> Request:
        """Make the request of a page, with what to ask instead if it is too heavy."""
        made = request_to(self._context, "GET", plan.path, query_for(plan))
        less = lesser(plan)
        instead = None if less is None else self._request(less)
        return replace(made, instead=instead, read_id=self.number)

    async def _asked(self, request: Request) -> Response:
        seconds = self._timeout
        if self._ends is None and seconds is not None:
            self._ends = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(self._ends):
                return await self._connection.transport.send(request)
        except TimeoutError as error:
            message = f"{request}: the reading was not over within {seconds:g} s"
            raise RequestTimeout(message, phase="reading", seconds=seconds) from error

    def tell(
        self, error: Sage200Error, plan: Plan, response: Response | None = None
    ) -> None:
        """Tell *error* where the reading stands, and which request it is about."""
        if error.plan is None or plan.mode == "key":
            error.plan = plan
        if isinstance(error, RequestError) and error.request is None:
            error.request = self._request(plan)
        if response is not None:
            error.request_id = error.request_id or request_id(response.headers)

    def resized(self, plan: Plan, now: Plan) -> None:
        """Tell of pages that will be larger or smaller than those of *plan*."""
        was, size = plan.sizing.size, now.sizing.size
        if was != size:
            _log.info("%s: %d records to a page, %d before", plan.path, size, was)
            told = PageSizeChanged(
                read_id=self.number, path=plan.path, old=was, new=size
            )
            self._connection.events.emit(told)

    def read(self, plan: Plan, facts: PageFacts, response: Response, page: int) -> None:
        """Tell of a page, by its number, that was read."""
        _log.debug("%s: page %d read", plan.path, page)
        self._connection.events.emit(
            PageRead(
                read_id=self.number,
                path=plan.path,
                page=page,
                records=facts.given,
                requested=plan.asked,
                bytes=len(response.body),
            )
        )


def _answered(plan: Plan, request: Request, response: Response) -> Plan:
    """Give the plan whose page came: that of *request*, or one for less."""
    sent, answered = request, response.request or request
    while sent is not answered and sent.instead is not None:
        plan, sent = lesser(plan) or plan, sent.instead
    return plan
