"""A plan: how a collection is read, as a value that moves from page to page.

A plan is all that a reading knows: a reading can go on from it, in
another process, with other page sizes. `planner.start` makes the first one,
`page_query` writes its requests, `advance` takes a page into account.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sage200_async._notebook import table
from sage200_async.errors import PagingError
from sage200_async.limits import PAGE_FLOOR
from sage200_async.odata.expressions import Expression
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.page_size import PageSize, larger, smaller
from sage200_async.wire.wrappers import NO_NOTES, PageNotes

Mode = Literal["key", "offset", "single"]


class Plan(Struct, frozen=True):
    """How a collection is read, and where the reading stands."""

    path: str
    options: QueryOptions
    key: str | None
    """The unique ascending key, or None where the collection has none."""
    mode: Mode
    """By key, by offset, or one page only."""
    subqueries: tuple[Expression | None, ...]
    """Conditions still to be read, each by requests of its own; the first is
    being read. None is no condition; an empty tuple is the end."""
    after_key: int | None = None
    """The highest key read of the first subquery."""
    offset: int = 0
    """Records of the first subquery that lie before the next page."""
    remaining: int | None = None
    """Records that the stream may still return, or None for all."""
    pages: int = 0
    """Pages read."""
    records: int = 0
    """Records returned."""
    page_size: PageSize = PageSize()
    """How large the pages are at present."""
    company: str = ""
    """Whose collection it is: the site and the company."""
    max_key: int | None = None
    """The highest key that matched the first subquery when its reading began; None
    where it is not known. Nothing above it is asked for."""
    part_of_read: bool = False
    """Whether it reads one range of a parallel read, which nothing else resumes."""
    skip: int = 0
    """Records to pass over before the next page, to start further on by key."""

    @property
    def done(self) -> bool:
        """Whether there is nothing more to read."""
        return not self.subqueries or self.remaining == 0

    @property
    def requested(self) -> int:
        """Records that the next request asks for."""
        size = self.page_size.current
        return size if self.remaining is None else min(size, self.remaining)

    @property
    def reducible(self) -> bool:
        """Whether a smaller page can be asked for."""
        return self.mode != "single" and self.requested > PAGE_FLOOR

    def _repr_html_(self) -> str:
        read_by = self.key if self.mode == "key" else None
        return table(
            f"plan of {self.path}",
            [
                ("company", self.company),
                ("mode", self.mode),
                ("key", read_by),
                ("after key", self.after_key),
                ("highest key", self.max_key),
                ("offset", self.offset if self.mode == "offset" else None),
                ("records", self.records),
                ("pages", self.pages),
                ("remaining", self.remaining),
                ("filter", self.options.filter),
                ("subqueries", len(self.subqueries)),
                ("done", "yes" if self.done else "no"),
            ],
        )


class PageFacts(Struct, frozen=True):
    """What the planner needs to know of a page."""

    served: int
    """Records in the page."""
    accepted: int
    """Records handed on: those served, less those that came before."""
    last_key: int | None = None
    """By key: the highest key read."""
    has_max_key: bool = False
    """By key: whether the record of the highest key, asked for beside it, is in it."""
    notes: PageNotes = NO_NOTES
    """What the page says of the collection."""


def with_smaller_page(plan: Plan) -> Plan:
    """Return *plan* with half the page size, for a page that proved too large.

    The plan has to be `Plan.reducible`.
    """
    return replace(plan, page_size=smaller(plan.page_size, plan.requested))


def position(plan: Plan, page: PageFacts) -> Plan:
    """Return where a reading stands inside a page, after some of its records.

    Without a key and an order no position exists: the start of the page.
    """
    return plan if plan.mode == "single" else _moved(plan, page)


def _moved(plan: Plan, page: PageFacts) -> Plan:
    remaining, accepted = plan.remaining, page.accepted
    if remaining is not None:
        accepted = min(accepted, remaining)
    return replace(
        plan,
        remaining=None if remaining is None else remaining - accepted,
        records=plan.records + accepted,
        after_key=plan.after_key if page.last_key is None else page.last_key,
        offset=plan.offset + page.served,
    )


def advance(plan: Plan, page: PageFacts, *, is_last: bool) -> Plan:
    """Take a page into account.

    Args:
        plan: Whose page it is.
        page: What came.
        is_last: Whether it ends its subquery; see `EndOfStream`.

    Raises:
        PagingError: There are more records, and no order to read them in,
            or no key to go on from.
    """
    full = page.served >= plan.page_size.current
    moved = replace(
        _moved(plan, page),
        pages=plan.pages + 1,
        page_size=larger(plan.page_size) if full else plan.page_size,
    )
    if is_last:
        rest, offset = plan.subqueries[1:], plan.options.skip
        start = replace(moved, after_key=None, max_key=None)
        return replace(start, subqueries=rest, offset=offset)
    if plan.mode == "key" and page.served and moved.after_key == plan.after_key:
        raise _no_key(plan)
    if plan.mode == "single" and not moved.done:
        raise _more_than_one_page(plan, page.served)
    return moved


def _no_key(plan: Plan) -> PagingError:
    message = (
        f"{plan.path}: no record of the page after {plan.key} {plan.after_key} could "
        f"be read, and none shows its {plan.key}, so there is no key to go on from"
    )
    return PagingError(message, plan=plan)


def _more_than_one_page(plan: Plan, served: int) -> PagingError:
    message = (
        f"{plan.path}: {served} records arrived and there may be more, but this resource has no unique key to read on by: pass order_by(...) to read "
        "all, or top(...) to read fewer"
    )
    return PagingError(message, plan=plan)
