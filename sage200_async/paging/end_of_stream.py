"""Where a stream ends: seen in what the service shows, not inferred from a short page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.errors import BadRequest, PagingError
from sage200_async.limits import PAGE_DEFAULT, PAGE_FLOOR
from sage200_async.odata.expressions import And, Comparison, In
from sage200_async.paging.end_by_offset import EndByOffset
from sage200_async.paging.page_query import (
    any_query,
    rest_query,
)
from sage200_async.paging.page_size import PageSize
from sage200_async.paging.plan import Plan, position

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sage200_async.paging.evidence import Evidence
    from sage200_async.paging.plan import PageFacts
    from sage200_async.paging.validator import PageValidator

_WITNESSES: Final = 8
# Records that are tried to show that a response is the collection's own: where others
# delete all the time, one after the other may be gone when it is asked for.


class EndOfStream:
    """Decides whether a page is the last of its subquery.

    A short or an empty page proves nothing: servers return fewer records than
    ``$top`` asks for, gateways cut responses, and tunnels answer ``[]``. By key, a
    reading is over when the record of the highest key arrived, as it was when the
    reading began; if it has gone meanwhile, when a response shows that nothing else is
    left, beside a record that is known to exist. By offset, when the last record in
    the order arrived.

    Args:
        evidence: Asks for keys and rows.
        require_company: Raises `ExtractError` unless the company can be reached.
        recent: What was read lately.
        trusts_short_pages: Whether a page that is shorter than requested, and than
            500 records, is believed to be the last.

    Source:
        500 without ``$top``: Sage 200 API guide, "Query parameters".
    """

    def __init__(
        self,
        evidence: Evidence,
        require_company: Callable[[], Awaitable[None]],
        recent: PageValidator,
        *,
        trusts_short_pages: bool = False,
    ) -> None:
        self._evidence = evidence
        self.require_company = require_company
        """Raises `ExtractError` unless the company can be reached."""
        self._recent = recent
        self._trusts = trusts_short_pages
        self._refuses_descending = False

    def wants_max_key(self, plan: Plan) -> bool:
        """Return whether *plan* is read up to a highest key that is not known yet."""
        unlimited = plan.mode == "key" and plan.remaining is None
        unknown = unlimited and plan.max_key is None and not plan.part_of_read
        trusting = self._trusts or self._refuses_descending
        return unknown and not trusting and _keys_pinned(plan) is None

    async def max_key(self, plan: Plan) -> int | None:
        """Return the highest key of the first subquery; None where nothing matches."""
        try:
            return await self._evidence.edge(plan, descending=True)
        except BadRequest:
            self._refuses_descending = True
            return None

    async def after(
        self, plan: Plan, page: PageFacts, *, nothing_there: bool = False
    ) -> tuple[Plan, bool]:
        """Return whether a page ends its subquery, and the plan to go on from.

        Args:
            plan: Whose page it is.
            page: What arrived.
            nothing_there: Whether the highest key was asked for beside the page, and
                nothing matched.

        Raises:
            PagingError: Responses contradict each other, again and again.
        """
        if plan.remaining is not None and page.accepted >= plan.remaining:
            return plan, False
        if self._trusts and not plan.part_of_read:
            short = page.served < min(plan.requested, PAGE_DEFAULT)
            if page.notes.more and not page.served:
                self._evidence.contradicted(position(plan, page))
            return plan, short and not page.notes.more
        if plan.mode == "key":
            empty = nothing_there and page.last_key is None and not page.served
            return (plan, True) if empty else await self._after_by_key(plan, page)
        try:
            if plan.mode == "single":
                return plan, await self._is_whole(plan, page)
            return plan, await self._ends_by_offset(plan, page)
        except BadRequest:  # no $skip, or no such order: nothing can be shown
            return plan, plan.mode == "single" or not page.served

    async def _ends_by_offset(self, plan: Plan, page: PageFacts) -> bool:
        end = EndByOffset(self._evidence, self.is_over, self._recent)
        return await end.reached(plan, page)

    async def _after_by_key(self, plan: Plan, page: PageFacts) -> tuple[Plan, bool]:
        last, max_key = page.last_key, plan.max_key
        if not plan.part_of_read and _all_returned(plan, page):
            return plan, True
        if max_key is not None and last is not None and last >= max_key:
            if last == max_key or plan.part_of_read:
                return plan, True
            # The page was asked for beside the highest key: more may have come since.
            if not page.has_max_key:
                await self._require_gone(plan, max_key, last)
            plan = replace(plan, max_key=None)
        elif page.served and (max_key is not None or page.served >= plan.requested):
            return plan, False
        here = replace(position(plan, page), max_key=plan.max_key)
        over = await self._nothing_left(here, empty=not page.served)
        if not over and page.served and plan.remaining is not None:
            # The server has a limit below the pages requested.
            served = max(page.served, PAGE_FLOOR)
            size = PageSize(served, served)
            plan = replace(plan, page_size=size)
        return plan, over

    async def _require_gone(self, plan: Plan, key: int, last: int) -> None:
        """Raise if the record of *key* can be had, which a page passed over.

        Raises:
            PagingError: It can.
        """
        edge = replace(plan, after_key=key - 1, max_key=key)
        if await self.is_over(edge, last):
            return
        message = (
            f"{plan.path}: a page up to {plan.key} {last} arrived without {key}, though it "
            "is there: the page is of another collection, or a gateway answers for the "
            "server"
        )
        raise PagingError(message, plan=plan)

    async def _nothing_left(self, plan: Plan, *, empty: bool) -> bool:
        """Return whether no unread record matches, where *plan* stands after a page."""
        try:
            over = await self.is_over(plan, plan.after_key)
        except BadRequest:
            if plan.part_of_read:
                raise  # nothing is certified that cannot be shown
            return empty
        if not over and empty:
            self._evidence.contradicted(plan)
        return over

    async def is_over(self, plan: Plan, known: int | None) -> bool:
        """Return whether no record matches above ``plan.after_key``, up to its ``max_key``.

        Args:
            plan: Where the reading stands.
            known: The key of a record that was read, or None.
        """
        if known is None and plan.max_key is None:
            return await self._evidence.edge(plan, descending=True) is None
        for attempt in range(_WITNESSES):
            if known is not None:
                keys = await self._evidence.keys(plan, rest_query(plan, known))
                if keys:
                    return keys == [known]
            # It has gone meanwhile: another record has to be shown.
            known, usable = await self._known_key(plan, descending=attempt % 2 == 1)
            if known is None:  # nothing is left of the whole collection
                await self.require_company()
                return True
            if not usable:  # the collection is there: does anything of it match?
                return await self._evidence.edge(plan, descending=True) is None
            self._require_own(plan, known)
        return False

    def _require_own(self, plan: Plan, key: int) -> None:
        """Raise if the record of *key* should have been the first of the stream.

        Raises:
            PagingError: It lies below the first one, and nothing is filtered.
        """
        first = self._recent.first_key
        if plan.subqueries[0] is not None or first is None or key >= first:
            return
        if key in self._recent.rejected_keys:
            return
        message = (
            f"{plan.path}: the reading began at {plan.key} {first}, and {key} is there: "
            "the pages are of another collection, or a gateway answers for the server"
        )
        raise PagingError(message, plan=plan)

    async def _known_key(
        self, plan: Plan, *, descending: bool
    ) -> tuple[int | None, bool]:
        """Return a key of the collection, and whether it can be no unread one.

        Args:
            plan: Where the reading stands.
            descending: Whether the highest key is tried first.
        """
        low, high = plan.after_key, plan.max_key
        key: int | None = None
        for down in (descending, not descending):
            keys = await self._evidence.keys(plan, any_query(plan, descending=down))
            key = keys[0] if keys else None
            if key is None:
                continue
            if (low is not None and key <= low) or (high is not None and key > high):
                return key, True
        return key, False

    async def _is_whole(self, plan: Plan, page: PageFacts) -> bool:
        """Return whether one page, in no order, is all there is."""
        total = page.notes.total
        if page.served >= plan.requested or page.notes.more:
            return False
        if total is None:
            total = await self._evidence.count(plan)
        return total is None or total <= page.served


def _all_returned(plan: Plan, page: PageFacts) -> bool:
    """Return whether the filter names the keys, and a record of each arrived."""
    pinned = _keys_pinned(plan)
    return pinned is not None and (pinned == 1 or plan.offset + page.served >= pinned)


def _keys_pinned(plan: Plan) -> int | None:
    """Return how many keys the filter names one by one; None where it names none."""
    condition = plan.subqueries[0] if plan.subqueries else None
    terms = condition.terms if isinstance(condition, And) else (condition,)
    for term in terms:
        if isinstance(term, Comparison) and term.field == plan.key:
            if term.operator == "eq":
                return 1
        elif isinstance(term, In) and term.field == plan.key:
            return len(set(term.literals))
    return None
