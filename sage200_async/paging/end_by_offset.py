"""Where a stream by offset ends: at the last record in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from sage200_async.errors import PagingError
from sage200_async.limits import PAGE_MAX
from sage200_async.paging.page_query import last_read_query, query_for, reversed_query
from sage200_async.paging.plan import position

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sage200_async.paging.evidence import Evidence
    from sage200_async.paging.plan import PageFacts, Plan
    from sage200_async.paging.validator import PageValidator

_STEP: Final = 8
# By how much more is looked back where the last records read are gone.


class EndByOffset:
    """Decides whether a page by offset is the last.

    Args:
        evidence: Asks for keys and rows.
        is_over: Returns whether no record matches, beside one that is known.
        recent: What was read lately.
    """

    def __init__(
        self,
        evidence: Evidence,
        is_over: Callable[[Plan, int | None], Awaitable[bool]],
        recent: PageValidator,
    ) -> None:
        self._evidence = evidence
        self._is_over = is_over
        self._recent = recent

    async def reached(self, plan: Plan, page: PageFacts) -> bool:
        """Return whether *page* ends the subquery of *plan*.

        Raises:
            PagingError: Responses contradict each other, again and again.
        """
        if page.served > plan.requested:
            raise _longer(plan, page.served)
        notes, read = page.notes, plan.offset + page.served
        if page.served == plan.requested or (page.served and notes.more):
            return False
        if plan.key is None and page.served == 1:
            return False  # the server may show one record at a time
        here = position(plan, page)
        incomplete = notes.more or (notes.total is not None and read < notes.total)
        over = not incomplete and await self._nothing_after(here)
        if not over and not page.served:
            self._evidence.contradicted(here)
        return over

    async def _nothing_after(self, plan: Plan) -> bool:
        """Return whether none follows the records before the offset of *plan*.

        With a key, the last record in the order shows it: it arrived lately. It may have
        moved there since it was read, which cannot be distinguished from a response that was
        cut off. Without a key, the last record read is asked for with the next one.
        """
        if plan.key is None:
            if self._recent.last_record is not None:
                return await self._is_last_record(plan)
            return await self._nothing_beyond(plan, None)
        keys = await self._evidence.keys(plan, reversed_query(plan))
        last = keys[0] if keys else None
        if last is not None and last in self._recent.keys_lately:
            return True
        if not self._recent.keys_lately:  # nothing was read, or by an earlier run
            return await self._nothing_beyond(plan, last)
        return last is None and await self._is_over(
            replace(plan, after_key=None, mode="key"),
            next(iter(self._recent.keys_lately), None),
        )

    async def _is_last_record(self, plan: Plan) -> bool:
        """Return whether the last record read is there still, and none follows."""
        records = await self._evidence.records(plan, last_read_query(plan, 1))
        if not records:  # it has gone
            return await self._nothing_beyond(plan, None)
        return records == [self._recent.last_record]

    async def _nothing_beyond(self, plan: Plan, last: int | None) -> bool:
        """Return whether the records before the offset of *plan* are the last.

        Rows may have gone meanwhile, so that there are fewer than were read: it is
        looked further and further back.

        Args:
            plan: Where the reading stands.
            last: The key of the last record in its order, or None.
        """
        if plan.offset == plan.options.skip > 0:
            total = await self._evidence.count(plan)
            if total is not None:
                return total <= plan.offset
        if plan.offset == 0:
            if plan.key is not None:
                return last is None
            return not await self._evidence.rows(
                plan, query_for(replace(plan, remaining=1))
            )
        rows: list[dict[str, Any]] = []
        back, furthest = 1, min(plan.offset, PAGE_MAX - 1)
        while not rows:
            back = min(back, furthest)
            rows = await self._evidence.rows(plan, last_read_query(plan, back))
            if not rows and back == furthest:
                return last is None
            back *= _STEP
        back //= _STEP
        same = plan.key is None or rows[-1].get(plan.key) == last
        return same and len(rows) <= back


def _longer(plan: Plan, served: int) -> PagingError:
    message = (
        f"{plan.path}: expected at most {plan.requested} records, got {served}: the "
        "server ignores $top, and reading on by $skip could lose records"
    )
    return PagingError(message, plan=plan)
