"""What a parallel read needs: a plan by key, and numbers in range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.errors import LimitError, QueryError

if TYPE_CHECKING:
    from sage200_async.paging.plan import Plan


def require_counts(workers: int, prefetch: int) -> None:
    """Raise unless *workers* and *prefetch* are in range."""
    if workers < 1 or prefetch < 0:
        message = (
            "read() takes workers=1 or more and prefetch=0 or more pages, got "
            f"workers={workers} and prefetch={prefetch}"
        )
        raise LimitError(message)


def require_ranges(plan: Plan, *, in_one_piece: bool) -> None:
    """Raise unless *plan* can be read by ranges of keys."""
    if plan.key is None:
        message = (
            f"{plan.path}: read() needs a unique key, and this resource has none: "
            "iterate over the query instead, or use extract.export"
        )
        raise QueryError(message)
    if plan.mode != "key" or plan.remaining is not None:
        message = (
            f"{plan.path}: read() reads everything by key, so it takes no order_by, "
            "skip or top: leave them out, or iterate over the query instead"
        )
        raise QueryError(message)
    if in_one_piece and len(plan.subqueries) > 1:
        message = (
            f"{plan.path}: this in_ is too long for one request, and a read that is "
            "ordered or resumed cannot be split: pass fewer values"
        )
        raise QueryError(message)
