"""What a plan promises, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from sage200_async._notebook import table

if TYPE_CHECKING:
    from sage200_async.paging.plan import Plan

_GUARANTEES: Final = {
    "key": (
        "every record that exists during the whole read is returned exactly once, "
        "whatever others insert, update or delete meanwhile; its end is the highest key "
        "when it began, which a request shows; the cost grows with the records read"
    ),
    "offset": (
        "complete while nobody writes; rows that others insert or delete meanwhile "
        "shift the pages, so that records may be missed; its end is the last record in "
        "the order; the cost grows with the square of the records read"
    ),
    "single": "complete if everything fits one page, as the server counts; otherwise a PagingError",
    "none": "no request is made: nothing can match",
}


class Explanation(Struct, frozen=True):
    """How a query will be read. Print it."""

    strategy: str
    """``key``, ``offset``, ``single`` or ``none``."""
    why: str
    """Why that strategy was chosen."""
    guarantee: str
    """What it promises while others write."""
    first: str
    """The URL of the first request; empty where there is none."""
    subqueries: int
    """Chains of requests: more than 1 where an ``in_`` was split."""
    page_size: int
    """Records to a request at most."""

    def __str__(self) -> str:
        lines = [
            f"strategy   {self.strategy}: {self.why}",
            f"guarantee  {self.guarantee}",
            f"requests   {self.subqueries} x pages of {self.page_size} records",
            f"first      {self.first or '(none)'}",
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        requests = f"{self.subqueries} x pages of {self.page_size} records"
        return table(
            "how it is read",
            [
                ("strategy", f"{self.strategy}: {self.why}"),
                ("guarantee", self.guarantee),
                ("requests", requests),
                ("first", self.first or "(none)"),
            ],
        )


def explain(plan: Plan, first: str) -> Explanation:
    """Return *plan* in words."""
    strategy = "none" if plan.done else plan.mode
    return Explanation(
        strategy=strategy,
        why=_why(plan, strategy),
        guarantee=_GUARANTEES[strategy],
        first=first,
        subqueries=len(plan.subqueries),
        page_size=plan.requested,
    )


def _why(plan: Plan, strategy: str) -> str:
    options = plan.options
    if strategy == "none":
        return (
            "top(0)"
            if plan.remaining == 0
            else "the condition is false for all records"
        )
    if strategy == "key":
        return (
            f"the query has no order of its own, so it is read by its unique {plan.key}"
        )
    if strategy == "single":
        return "the resource has no unique key, and the query has no order"
    if plan.key is None:
        return (
            "the resource has no unique key: the order is the query's own, or one of all "
            "fields that fit, and nothing proves it to be total"
        )
    own = "an order" if options.order_by else "a skip"
    return f"the query has {own} of its own, with {plan.key} as the last key"
