"""Where a stream ends: seen in what the service shows, not inferred from a short page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec.structs import replace

from sage200_async.errors import BadRequest, PagingError, RequestError
from sage200_async.limits import PAGE_DEFAULT, PAGE_MAX
from sage200_async.odata.expressions import And, Comparison, In
from sage200_async.paging.page_query import (
    any_query,
    count_query,
    edge_query,
    last_read_query,
    query_for,
    rest_query,
    reversed_query,
)
from sage200_async.paging.page_size import PageSize
from sage200_async.paging.plan import Plan, position
from sage200_async.paging.validator import wrong_key
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.json_types import Untyped
from sage200_async.wire.responses import read_count, read_rows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from sage200_async.paging.plan import PageFacts
    from sage200_async.wire.messages import Response

_TRIES: Final = 3
# Times that a contradiction is asked about before it is an error.
_STEP: Final = 8
# By how much more is looked back where the last records read are gone.


class Ask(Protocol):
    """Sends a query of a plan's collection."""

    async def __call__(self, plan: Plan, query: str) -> Response:
        """Return the response."""
        ...


class EndOfStream:
    """Decides whether a page is the last of its subquery.

    A short or an empty page proves nothing: servers return fewer records than
    ``$top`` asks for, gateways cut responses, and tunnels answer ``[]``. By key, a
    reading is over when the record of the highest key came, as it was when the
    reading began; if it has gone meanwhile, when a response shows that nothing else is
    left, beside a record that is known to exist. By offset, when the last record in
    the order came.

    Args:
        ask: Sends a query.
        require_company: Raises `ExtractError` unless the company can be reached.
        keys_lately: Returns the keys of the last page that had records, by offset.
        trusts_short_pages: Whether a page that is shorter than requested, and than
            500 records, is believed to be the last.

    Source:
        500 without ``$top``: Sage 200 API guide, "Query parameters".
    """

    def __init__(
        self,
        ask: Ask,
        require_company: Callable[[], Awaitable[None]],
        keys_lately: Callable[[], Collection[int]],
        *,
        trusts_short_pages: bool = False,
    ) -> None:
        self._ask = ask
        self._require_company = require_company
        self._keys_lately = keys_lately
        self._trusts = trusts_short_pages
        self._refuses_descending = False
        self._contradictions: Counter[tuple[int, int | None, int]] = Counter()

    def wants_max_key(self, plan: Plan) -> bool:
        """Return whether *plan* is read up to a highest key that is not known yet."""
        unlimited = plan.mode == "key" and plan.remaining is None
        unknown = unlimited and plan.max_key is None and not plan.part_of_read
        trusting = self._trusts or self._refuses_descending
        return unknown and not trusting and _keys_pinned(plan) is None

    async def max_key(self, plan: Plan) -> int | None:
        """Return the highest key of the first subquery; None where nothing matches."""
        try:
            return await self.edge(plan, descending=True)
        except BadRequest:
            self._refuses_descending = True
            return None

    async def edge(self, plan: Plan, *, descending: bool) -> int | None:
        """Return the first key of the first subquery in one order, or None.

        Raises:
            PagingError: The response is in the other order, however often it is
                asked for.
        """
        query = edge_query(plan, descending=descending)
        keys: list[int] = []
        for _ in range(_TRIES):
            keys = await self._keys(plan, query)
            if keys == sorted(keys, reverse=descending):
                return keys[0] if keys else None
        order = "descending" if descending else "ascending"
        message = (
            f"{plan.path}: expected {plan.key} in {order} order, got {keys[:2]}: the server "
            "ignores $orderby, and reading on could lose records"
        )
        raise PagingError(message, plan=plan)

    async def after(
        self, plan: Plan, page: PageFacts, *, nothing_there: bool = False
    ) -> tuple[Plan, bool]:
        """Return whether a page ends its subquery, and the plan to go on from.

        Args:
            plan: Whose page it is.
            page: What came.
            nothing_there: Whether the highest key was asked for beside the page, and
                nothing matched.

        Raises:
            PagingError: Responses contradict each other, again and again.
        """
        if plan.remaining is not None and page.accepted >= plan.remaining:
            return plan, False
        if self._trusts and not plan.part_of_read:
            short = page.served < min(plan.requested, PAGE_DEFAULT)
            return plan, short and not page.notes.more
        if plan.mode == "key":
            empty = nothing_there and page.last_key is None and not page.served
            return (plan, True) if empty else await self._after_by_key(plan, page)
        ends = self._is_whole if plan.mode == "single" else self._ends_by_offset
        try:
            return plan, await ends(plan, page)
        except BadRequest:  # no $skip, or no such order: nothing can be shown
            return plan, True

    async def _after_by_key(self, plan: Plan, page: PageFacts) -> tuple[Plan, bool]:
        last, max_key = page.last_key, plan.max_key
        if not plan.part_of_read and _all_came(plan, page):
            return plan, True
        if max_key is not None and last is not None and last >= max_key:
            if last == max_key or plan.part_of_read:
                return plan, True
            # The page was asked for beside the highest key: more may have come since.
            if not page.max_key_came:
                await self._require_gone(plan, max_key, last)
            plan = replace(plan, max_key=None)
        elif page.served and (max_key is not None or page.served >= plan.requested):
            return plan, False
        here = replace(position(plan, page), max_key=plan.max_key)
        over = await self._nothing_left(here, empty=not page.served)
        if not over and page.served and plan.remaining is not None:
            # The server has a limit below the pages requested.
            size = PageSize(page.served, page.served)
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
            f"{plan.path}: a page up to {plan.key} {last} came without {key}, though it "
            "is there: the page is of another collection, or a gateway answers for the "
            "server"
        )
        raise PagingError(message, plan=plan)

    async def _nothing_left(self, plan: Plan, *, empty: bool) -> bool:
        """Return whether no unread record matches, where *plan* stands after a page."""
        try:
            over = await self.is_over(plan, plan.after_key)
        except BadRequest:
            return empty
        if not over and empty:
            self._contradicted(plan)
        return over

    async def is_over(self, plan: Plan, known: int | None) -> bool:
        """Return whether no record matches above ``plan.after_key``, up to its ``max_key``.

        Args:
            plan: Where the reading stands.
            known: The key of a record that was read, or None.
        """
        if known is None and plan.max_key is None:
            return await self.edge(plan, descending=True) is None
        for attempt in range(_TRIES):
            if known is not None:
                keys = await self._keys(plan, rest_query(plan, known))
                if keys:
                    return keys == [known]
            # It has gone meanwhile: another record has to be shown.
            known = await self._known_key(plan, descending=attempt % 2 == 1)
            if known is None:  # nothing is left of the whole collection
                await self._require_company()
                return True
        return False

    async def _known_key(self, plan: Plan, *, descending: bool) -> int | None:
        """Return a key of the collection that cannot be unread; None where it is empty.

        Args:
            plan: Where the reading stands.
            descending: Whether the highest key is tried first.
        """
        low, high = plan.after_key, plan.max_key
        key: int | None = None
        for down in (descending, not descending):
            keys = await self._keys(plan, any_query(plan, descending=down))
            key = keys[0] if keys else None
            unread = key is not None and (low is None or key > low)
            if not unread or (high is not None and key is not None and key > high):
                break
        return key

    async def _ends_by_offset(self, plan: Plan, page: PageFacts) -> bool:
        if page.served > plan.requested:
            raise _longer(plan, page.served)
        notes, read = page.notes, plan.offset + page.served
        if page.served == plan.requested or (page.served and notes.more):
            return False
        here = position(plan, page)
        incomplete = notes.more or (notes.total is not None and read < notes.total)
        over = not incomplete and await self._nothing_after(here)
        if not over and not page.served:
            self._contradicted(here)
        return over

    async def _nothing_after(self, plan: Plan) -> bool:
        """Return whether none follows the records before the offset of *plan*.

        With a key, the last record in the order shows it: it came lately. It may have
        moved there since it was read, which cannot be told from a response that was
        cut off. Without a key, the last record read is asked for with the next one.
        """
        if plan.key is None:
            return await self._nothing_beyond(plan, None)
        keys = await self._keys(plan, reversed_query(plan))
        last = keys[0] if keys else None
        if last is not None and last in self._keys_lately():
            return True
        if not self._keys_lately():  # nothing was read, or by an earlier run
            return await self._nothing_beyond(plan, last)
        return last is None and await self.is_over(
            replace(plan, after_key=None, mode="key"),
            next(iter(self._keys_lately()), None),
        )

    async def _nothing_beyond(self, plan: Plan, last: int | None) -> bool:
        """Return whether the records before the offset of *plan* are the last.

        Rows may have gone meanwhile, so that there are fewer than were read: it is
        looked further and further back.

        Args:
            plan: Where the reading stands.
            last: The key of the last record in its order, or None.
        """
        if plan.offset == 0:
            if plan.key is not None:
                return last is None
            return not await self._rows(plan, query_for(replace(plan, remaining=1)))
        rows: list[dict[str, Any]] = []
        back, furthest = 1, min(plan.offset, PAGE_MAX - 1)
        while not rows:
            back = min(back, furthest)
            rows = await self._rows(plan, last_read_query(plan, back))
            if not rows and back == furthest:
                return last is None
            back *= _STEP
        back //= _STEP
        same = plan.key is None or rows[-1].get(plan.key) == last
        return same and len(rows) <= back

    async def _is_whole(self, plan: Plan, page: PageFacts) -> bool:
        """Return whether one page, in no order, is all there is."""
        total = page.notes.total
        if page.served >= plan.requested or page.notes.more:
            return False
        if total is None:
            try:
                response = await self._ask(plan, count_query(plan))
                total = read_count(response, PAGE_MAX)
            except RequestError:
                total = None
        return total is None or total <= page.served

    async def _keys(self, plan: Plan, query: str) -> list[int]:
        response = await self._ask(plan, query)
        # A server that ignores $top returns more than two: the first of them will do.
        rows = next(SliceReader(Untyped).slices(response.body), [])
        keys = [row.get(plan.key or "") for row in rows]
        whole = [key for key in keys if type(key) is int]
        if len(whole) != len(keys):
            raise wrong_key(plan, next(key for key in keys if type(key) is not int))
        return whole

    async def _rows(self, plan: Plan, query: str) -> list[dict[str, Any]]:
        return read_rows(await self._ask(plan, query), Untyped)

    def _contradicted(self, plan: Plan) -> None:
        """Count a contradiction where *plan* stands.

        Raises:
            PagingError: It is one too many.
        """
        place = _place(plan)
        self._contradictions[place] += 1
        if self._contradictions[place] < _TRIES:
            return
        where = f"{plan.key} {plan.after_key}" if plan.mode == "key" else plan.offset
        message = (
            f"{plan.path}: {_TRIES} times no record came after {where}, though the "
            "server has more that match: a response is cut off, or a gateway answers for "
            "the server; go on later with query.resume(error.plan)"
        )
        raise PagingError(message, plan=plan)


def _longer(plan: Plan, served: int) -> PagingError:
    message = (
        f"{plan.path}: expected at most {plan.requested} records, got {served}: the "
        "server ignores $top, and reading on by $skip could lose records"
    )
    return PagingError(message, plan=plan)


def _place(plan: Plan) -> tuple[int, int | None, int]:
    return len(plan.subqueries), plan.after_key, plan.offset


def _all_came(plan: Plan, page: PageFacts) -> bool:
    """Return whether the filter names the keys, and a record of each came."""
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
