"""The whole pipe: from a plan to records, page by page."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from sage200_async.errors import Sage200Error
from sage200_async.events import ReadFinished, ReadStarted
from sage200_async.paging.page_reader import Fetcher
from sage200_async.paging.plan import Plan, advance, standing
from sage200_async.paging.validator import PageValidator
from sage200_async.wire.decode import SliceReader, decoders_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from sage200_async.errors import DecodeError
    from sage200_async.events import Events
    from sage200_async.paging.page_reader import Connection
    from sage200_async.settings import CompanyContext

R = TypeVar("R")


class Page(Struct, Generic[R], frozen=True):
    """The records of one request."""

    records: list[R]
    """In the order the service gave them."""
    plan: Plan
    """Where the stream stands after this page."""


class Stream(Generic[R]):
    """One reading of a collection; `plan` says where it stands.

    A page is read to its end, and its connection given back, before its first
    record comes out; the next page is asked for when this one is used up.
    Between slices of a page, other tasks get their turn.
    """

    def __init__(
        self,
        connection: Connection,
        context: CompanyContext,
        plan: Plan,
        model: type[R],
    ) -> None:
        self.plan = plan
        self._connection = connection
        self._fetcher = Fetcher(connection, context, plan.options.timeout)
        self._guard = PageValidator[R](
            plan, mapping=not hasattr(model, "__struct_fields__")
        )
        aside = self._set_aside if connection.quarantine else None
        self._reader = SliceReader(model, aside)
        self._model = model

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

    def _begun(self) -> Reading:
        return Reading(self._connection.events, self._fetcher.number, self.plan)

    def _set_aside(self, error: DecodeError) -> None:
        """Count a record that does not fit, and hand its error on."""
        self._guard.set_aside(self.plan, error)
        error.plan = self.plan
        if self._connection.quarantine is not None:
            self._connection.quarantine(error)

    async def _slices(self) -> AsyncGenerator[list[R], None]:
        """Read the next page and yield it in slices, moving the plan on."""
        guard, fetcher = self._guard, self._fetcher
        plan, response = await fetcher.fetch(self.plan)
        self.plan = plan
        room = plan.left
        for _ in decoders_for(self._model):
            await asyncio.sleep(0)
        try:
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
            fetcher.tell(error, self.plan, response)
            raise
        fetcher.read(plan, facts, response, self.plan.pages)
        if self.plan.parts:
            fetcher.resized(plan, self.plan)


class Reading:
    """Tells of a reading as a whole: of its beginning, and of its end."""

    def __init__(self, events: Events, number: int, plan: Plan) -> None:
        self._events = events
        self._number = number
        self._plan = plan
        self._at = time.monotonic()
        self.error = ""
        strategy = "none" if plan.done else plan.mode
        events.emit(ReadStarted(read_id=number, path=plan.path, strategy=strategy))

    def end(self, plan: Plan) -> None:
        """Tell that it is over, and that *plan* is where it got to."""
        self._events.emit(
            ReadFinished(
                read_id=self._number,
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
