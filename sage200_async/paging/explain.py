"""What a plan promises, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from sage200_async.paging.plan import Plan

_GUARANTEES: Final = {
    "key": (
        "every record that stands throughout arrives, once, whatever others "
        "insert, update or delete meanwhile; cost grows with the records read"
    ),
    "offset": (
        "right while nobody writes; rows that others insert or delete meanwhile "
        "shift the pages, so records may be missed; cost grows with the square"
    ),
    "single": "complete if it fits one page; otherwise a PagingError",
    "none": "no request is made: nothing can match",
}


class Explanation(Struct, frozen=True):
    """How a query will be read. Print it."""

    strategy: str
    """``key``, ``offset``, ``single`` or ``none``."""
    why: str
    """Why that way was taken."""
    guarantee: str
    """What it promises while others write."""
    first: str
    """The URL of the first request; empty where there is none."""
    parts: int
    """Chains of requests: more than 1 where an ``in_`` was split."""
    page_size: int
    """Records to a request at most."""

    def __str__(self) -> str:
        lines = [
            f"strategy   {self.strategy}: {self.why}",
            f"guarantee  {self.guarantee}",
            f"requests   {self.parts} x pages of {self.page_size} records",
            f"first      {self.first or '(none)'}",
        ]
        return "\n".join(lines)


def explain(plan: Plan, first: str) -> Explanation:
    """Put *plan* into words."""
    strategy = "none" if plan.done else plan.mode
    return Explanation(
        strategy=strategy,
        why=_why(plan, strategy),
        guarantee=_GUARANTEES[strategy],
        first=first,
        parts=len(plan.parts),
        page_size=plan.asked,
    )


def _why(plan: Plan, strategy: str) -> str:
    options = plan.options
    if strategy == "none":
        return "top(0)" if plan.left == 0 else "the condition is false for all records"
    if strategy == "key":
        return f"{plan.key} is unique and the query leaves the order to it"
    if strategy == "single":
        return "there is no unique key, and the query has no order"
    own = "an order" if options.order_by else "a skip"
    total = (
        f"with {plan.key} as the last key"
        if plan.key
        else "and nothing proves that order to be total"
    )
    return f"the query has {own} of its own, {total}"
