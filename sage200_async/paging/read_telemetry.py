"""The events and the log of a reading."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from sage200_async.events import (
    PageRead,
    PageSizeChanged,
    ReadFinished,
    ReadStarted,
)

if TYPE_CHECKING:
    from sage200_async.events import Events
    from sage200_async.paging.plan import PageFacts, Plan

_log = logging.getLogger(__name__)


class ReadTelemetry:
    """Reports one reading of a collection, from its start to its end."""

    def __init__(self, events: Events, plan: Plan) -> None:
        self.read_id = events.next_number()
        """The reading's number within the client."""
        self._events = events
        self._start = plan
        self._started_at = 0.0

    def started(self) -> None:
        """Report that the reading starts."""
        self._started_at = time.monotonic()
        plan = self._start
        strategy = "none" if plan.done else plan.mode
        self._events.emit(
            ReadStarted(read_id=self.read_id, path=plan.path, strategy=strategy)
        )

    def page_read(self, plan: Plan, facts: PageFacts, size: int, number: int) -> None:
        """Report a page that was read.

        Args:
            plan: What was asked.
            facts: What came.
            size: Bytes of the response's body.
            number: The page's number, from 1.
        """
        _log.debug("%s: page %d read", plan.path, number)
        self._events.emit(
            PageRead(
                read_id=self.read_id,
                path=plan.path,
                page=number,
                records=facts.accepted,
                requested=plan.requested,
                bytes=size,
            )
        )

    def resized(self, plan: Plan, changed: Plan) -> None:
        """Report that pages will be larger or smaller than those of *plan*, if so."""
        old, new = plan.page_size.current, changed.page_size.current
        if old == new:
            return
        _log.info("%s: %d records to a page, %d before", plan.path, new, old)
        self._events.emit(
            PageSizeChanged(read_id=self.read_id, path=plan.path, old=old, new=new)
        )

    def finished(self, plan: Plan, error: str = "") -> None:
        """Report that the reading is over, at *plan*, by its end or by an error."""
        self._events.emit(
            ReadFinished(
                read_id=self.read_id,
                path=plan.path,
                records=plan.records - self._start.records,
                pages=plan.pages - self._start.pages,
                seconds=time.monotonic() - self._started_at,
                error=error,
            )
        )


def is_unobserved(events: Events) -> bool:
    """Return whether nobody would see what a `ReadTelemetry` reports."""
    return not (events.listened or _log.isEnabledFor(logging.DEBUG))


def error_name(error: BaseException | None) -> str:
    """Return the error's name; an abandoned iterator is not an error."""
    ended = error is None or isinstance(error, GeneratorExit)
    return "" if ended else type(error).__name__
