"""The whole pipe: from a plan to records, page by page."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from msgspec.structs import replace

from sage200_async.errors import RequestError, Sage200Error, SettingsError, TimedOut
from sage200_async.events import PageRead, PageSizeChanged, ReadBegun, ReadEnded
from sage200_async.records import Page
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.guard import Guard
from sage200_async.wire.headers import company_headers, request_id
from sage200_async.wire.messages import Request
from sage200_async.wire.paging import advance, lesser, query_for, standing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from sage200_async.errors import DecodeError
    from sage200_async.events import Events
    from sage200_async.settings import Target
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Response
    from sage200_async.wire.paging import PageFacts, Plan

_log = logging.getLogger(__name__)

R = TypeVar("R")


class Connection(Protocol):
    """What a stream needs of a client."""

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


def request_to(target: Target, method: str, path: str, query: str = "") -> Request:
    """Make a request about one company.

    Raises:
        SettingsError: The site or the company is not known.
    """
    for name in ("site", "company"):
        if not getattr(target, name):
            message = (
                f"{name} is missing: set SAGE200_{name.upper()}, or take it from "
                "a row of client.sites()"
            )
            raise SettingsError(message, name=name)
    return Request(
        method=method,
        base_url=target.base_url,
        path=path,
        query=query,
        headers=company_headers(target),
    )


class Stream(Generic[R]):
    """One reading of a collection; `plan` says where it stands.

    A page is read to its end, and its connection given back, before its first
    record comes out; the next page is asked for when this one is used up.
    Between slices of a page, other tasks get their turn.

    A page that times out, or that a gateway gives up on, is asked for again
    with half the size; it grows back slowly. Nothing is lost: the plan says
    where to go on.
    """

    def __init__(
        self,
        connection: Connection,
        target: Target,
        plan: Plan,
        model: type[R],
    ) -> None:
        self.plan = plan
        self._connection = connection
        self._target = target
        self._number = connection.events.number()
        self._ends: float | None = None
        self._guard = Guard[R](plan, mapping=not hasattr(model, "__struct_fields__"))
        aside = self._set_aside if connection.quarantine else None
        self._reader = SliceReader(model, aside)

    def __aiter__(self) -> AsyncIterator[R]:
        """Read the records, one at a time."""
        return self.records()

    async def records(self) -> AsyncGenerator[R, None]:
        """Yield the records, one at a time."""
        told = self._begun()
        try:
            while not self.plan.done:
                async for records in self._slices():
                    for record in records:
                        yield record
        except BaseException as error:
            told.error = _name(error)
            raise
        finally:
            told.end(self.plan)

    async def pages(self) -> AsyncGenerator[Page[R], None]:
        """Yield the records, a page at a time."""
        told = self._begun()
        try:
            while not self.plan.done:
                yield await self._page()
        except BaseException as error:
            told.error = _name(error)
            raise
        finally:
            told.end(self.plan)

    async def _page(self) -> Page[R]:
        begun = self.plan
        try:
            records = [each async for some in self._slices() for each in some]
        except Sage200Error as error:
            self.plan = error.plan = begun  # nothing of the page was handed on
            raise
        return Page(records, self.plan)

    def _begun(self) -> _Reading:
        return _Reading(self._connection.events, self._number, self.plan)

    def _set_aside(self, error: DecodeError) -> None:
        """Count a record that does not fit, and hand its error on."""
        self._guard.set_aside(self.plan, error)
        error.plan = self.plan
        if self._connection.quarantine is not None:
            self._connection.quarantine(error)

    async def _slices(self) -> AsyncGenerator[list[R], None]:
        """Read the next page and yield it in slices, moving the plan on."""
        guard, response = self._guard, None
        request = self._request(self.plan)
        try:
            response = await self._asked(request)
            plan = self.plan = self._answered(request, response)
            room = plan.left
            guard.open_page(plan, response.body)
            for served in self._reader.slices(response.body):
                records = guard.admit(plan, served)
                self.plan = standing(plan, guard.so_far(plan))
                yield records if room is None else records[:room]
                room = None if room is None else max(0, room - len(records))
                await asyncio.sleep(0)
            facts = guard.close_page(plan)
            self.plan = advance(plan, facts)
        except Sage200Error as error:
            self._tell(error, request, response)
            raise
        self._page_read(plan, facts, response)

    def _request(self, plan: Plan) -> Request:
        """Make the request of a page, with what to ask instead if it is too heavy."""
        made = request_to(self._target, "GET", plan.path, query_for(plan))
        less = lesser(plan)
        instead = None if less is None else self._request(less)
        return replace(made, instead=instead, read=self._number)

    async def _asked(self, request: Request) -> Response:
        seconds = self.plan.options.timeout
        if self._ends is None and seconds is not None:
            self._ends = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(self._ends):
                return await self._connection.transport.send(request)
        except TimeoutError as error:
            message = f"{request}: the reading was not over within {seconds:g} s"
            raise TimedOut(message, phase="reading", seconds=seconds) from error

    def _answered(self, request: Request, response: Response) -> Plan:
        """Give the plan whose page came: that of *request*, or one for less."""
        plan, sent = self.plan, request
        answered = response.request or request
        while sent is not answered and sent.instead is not None:
            plan, sent = lesser(plan) or plan, sent.instead
        self._resized(self.plan, plan)
        return plan

    def _resized(self, plan: Plan, now: Plan) -> None:
        was, size = plan.sizing.size, now.sizing.size
        if was != size:
            _log.info("%s: %d records to a page, %d before", plan.path, size, was)
            told = PageSizeChanged(read=self._number, path=plan.path, was=was, now=size)
            self._connection.events.emit(told)

    def _page_read(self, plan: Plan, facts: PageFacts, response: Response) -> None:
        _log.debug("%s: page %d read", plan.path, self.plan.pages)
        self._connection.events.emit(
            PageRead(
                read=self._number,
                path=plan.path,
                page=self.plan.pages,
                records=facts.given,
                asked=plan.asked,
                bytes=len(response.body),
            )
        )
        if self.plan.parts:
            self._resized(plan, self.plan)

    def _tell(
        self, error: Sage200Error, request: Request, response: Response | None
    ) -> None:
        """Tell *error* where the stream stands, and which request it is about."""
        if error.plan is None or self.plan.mode == "key":
            error.plan = self.plan
        if isinstance(error, RequestError):
            error.request = error.request or request
        if response is not None:
            error.request_id = error.request_id or request_id(response.headers)


class _Reading:
    """Tells of a reading as a whole: of its beginning, and of its end."""

    def __init__(self, events: Events, number: int, plan: Plan) -> None:
        self._events = events
        self._number = number
        self._plan = plan
        self._at = time.monotonic()
        self.error = ""
        strategy = "none" if plan.done else plan.mode
        events.emit(ReadBegun(read=number, path=plan.path, strategy=strategy))

    def end(self, plan: Plan) -> None:
        """Tell that it is over, and that *plan* is where it got to."""
        self._events.emit(
            ReadEnded(
                read=self._number,
                path=plan.path,
                records=plan.records - self._plan.records,
                pages=plan.pages - self._plan.pages,
                seconds=time.monotonic() - self._at,
                error=self.error,
            )
        )


def _name(error: BaseException) -> str:
    """Name what ended a reading; that nobody reads on is no error."""
    return "" if isinstance(error, GeneratorExit) else type(error).__name__
