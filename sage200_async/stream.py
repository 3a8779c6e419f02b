"""The whole pipe: from a plan to records, page by page."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from sage200_async.errors import RequestError, Sage200Error, SettingsError
from sage200_async.records import Page
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.guard import Guard
from sage200_async.wire.headers import company_headers
from sage200_async.wire.messages import Request
from sage200_async.wire.paging import advance, query_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sage200_async.errors import DecodeError
    from sage200_async.settings import Target
    from sage200_async.transport.base import Transport
    from sage200_async.wire.paging import Plan

_log = logging.getLogger(__name__)

R = TypeVar("R")


class Connection(Protocol):
    """What a stream needs of a client."""

    @property
    def transport(self) -> Transport:
        """Where requests go."""
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
        self._guard = Guard[R](plan, mapping=not hasattr(model, "__struct_fields__"))
        aside = self._set_aside if connection.quarantine else None
        self._reader = SliceReader(model, aside)

    async def records(self) -> AsyncGenerator[R, None]:
        """Yield the records, one at a time."""
        while not self.plan.done:
            async for records in self._slices():
                for record in records:
                    yield record

    async def pages(self) -> AsyncGenerator[Page[R], None]:
        """Yield the records, a page at a time."""
        while not self.plan.done:
            records = [each async for some in self._slices() for each in some]
            yield Page(records, self.plan)

    def _set_aside(self, error: DecodeError) -> None:
        """Count a record that does not fit, and hand its error on."""
        self._guard.set_aside(self.plan, error)
        error.plan = self.plan
        if self._connection.quarantine is not None:
            self._connection.quarantine(error)

    async def _slices(self) -> AsyncGenerator[list[R], None]:
        """Read the next page and yield it in slices; then move the plan on."""
        plan, guard = self.plan, self._guard
        request = request_to(self._target, "GET", plan.path, query_for(plan))
        room = plan.left
        try:
            response = await self._connection.transport.send(request)
            guard.open_page(plan, response.body)
            for served in self._reader.slices(response.body):
                records = guard.admit(plan, served)
                yield records if room is None else records[:room]
                room = None if room is None else max(0, room - len(records))
                await asyncio.sleep(0)
            self.plan = advance(plan, guard.close_page(plan))
        except Sage200Error as error:
            error.plan = error.plan or plan
            if isinstance(error, RequestError):
                error.request = error.request or request
            raise
        _log.debug("%s: page %d read", plan.path, self.plan.pages)
