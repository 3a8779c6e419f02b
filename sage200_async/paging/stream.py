"""One reading of a collection, page after page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from sage200_async.errors import Sage200Error
from sage200_async.paging.page_forms import RecordForm
from sage200_async.paging.page_reader import PageReader
from sage200_async.paging.plan import Plan
from sage200_async.paging.read_telemetry import ReadTelemetry, error_name

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from sage200_async.paging.page_forms import Form
    from sage200_async.paging.page_reader import Connection
    from sage200_async.paging.page_reader import Page as FetchedPage
    from sage200_async.settings import CompanyContext

R = TypeVar("R")
B = TypeVar("B")


class Page(Struct, Generic[R], frozen=True):
    """The records of one request."""

    records: list[R]
    """In the order the service returned them."""
    plan: Plan
    """Where the stream stands after this page."""
    rejected: int = 0
    """Records that did not fit, and went to the quarantine."""


class Stream(Generic[R]):
    """One reading of a collection; `plan` is where it stands.

    The next page is asked for when this one is used up. Leaving early, by
    ``break`` or an exception, strands nothing: no request is under way and no
    connection is held while the consumer works.

    Args:
        connection: The client.
        context: Which company.
        plan: Where the reading starts.
        model: What each record is.
        query: The query string of the first request, where it is written already.
        first_page: For `pages`: the first page, where it has arrived already.
    """

    def __init__(
        self,
        connection: Connection,
        context: CompanyContext,
        plan: Plan,
        model: type[R],
        query: str = "",
        *,
        first_page: FetchedPage | None = None,
    ) -> None:
        self.plan = plan
        self._first_page = first_page
        self._telemetry = telemetry = ReadTelemetry(connection.events, plan)
        self._reader = PageReader(
            connection, context, plan, model, telemetry=telemetry, query=query
        )
        self._form = RecordForm(model)

    def __aiter__(self) -> AsyncIterator[R]:
        """Read the records, one at a time."""
        return self.records()

    async def records(self) -> AsyncGenerator[R, None]:
        """Yield the records, one at a time."""
        self._telemetry.started()
        failure: BaseException | None = None
        try:
            while not self.plan.done:
                page = await self._reader.fetch_with_end(self.plan)
                async for some, plan in self._reader.slices(page, self._form):
                    for record in some.rows:
                        yield record
                    self.plan = plan
        except BaseException as error:
            failure = error
            raise
        finally:
            self._telemetry.finished(self.plan, error_name(failure))

    async def blocks(self, form: Form[B]) -> AsyncGenerator[B, None]:
        """Yield what *form* makes of the records, some at a time."""
        self._telemetry.started()
        failure: BaseException | None = None
        try:
            while not self.plan.done:
                page = await self._reader.fetch_with_end(self.plan)
                async for some, plan in self._reader.slices(page, form):
                    if len(some):
                        yield some.rows
                    self.plan = plan
        except BaseException as error:
            failure = error
            raise
        finally:
            self._telemetry.finished(self.plan, error_name(failure))

    async def pages(self) -> AsyncGenerator[Page[R], None]:
        """Yield the records, a page at a time."""
        self._telemetry.started()
        failure: BaseException | None = None
        try:
            while not self.plan.done:
                page = await self._page()
                self.plan = page.plan
                yield page
        except BaseException as error:
            failure = error
            raise
        finally:
            self._telemetry.finished(self.plan, error_name(failure))

    async def _page(self) -> Page[R]:
        records: list[R] = []
        plan, before = self.plan, self._reader.rejected
        try:
            page, self._first_page = self._first_page, None
            if page is None:
                page = await self._reader.fetch_with_end(plan)
            async for some, moved in self._reader.slices(page, self._form):
                records += some.rows
                plan = moved
        except Sage200Error as error:
            error.plan = self.plan  # nothing of the page was handed on
            raise
        return Page(records, plan, self._reader.rejected - before)
