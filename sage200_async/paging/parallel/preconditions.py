"""What a parallel read needs of a query and of its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.errors import LimitError, QueryError

if TYPE_CHECKING:
    from sage200_async.paging.plan import Plan


def require_counts(workers: int, prefetch: int) -> None:
    """Raise unless the numbers are in their ranges.

    Raises:
        LimitError: They are not.
    """
    whole = type(workers) is int and type(prefetch) is int
    if not whole or workers < 1 or prefetch < 0:
        message = (
            "read() takes workers=1 or more and prefetch=0 or more pages, got "
            f"workers={workers!r} and prefetch={prefetch!r}"
        )
        raise LimitError(message)


def require_ranges(
    plan: Plan,
    *,
    in_one_piece: bool,
    method: str = "read()",
    whole: str = "a read that is ordered or resumed",
) -> None:
    """Raise unless *plan* can be read by ranges of keys.

    Args:
        plan: What is to be read.
        in_one_piece: Whether an ``in_`` may not be split.
        method: What asks for it, for the message.
        whole: What cannot be split, for the message.

    Raises:
        QueryError: It cannot.
    """
    if plan.key is None:
        message = (
            f"{plan.path}: {method} needs a unique key, and this resource has none: "
            "iterate over the query instead, or use extract.export"
        )
        raise QueryError(message)
    if plan.mode != "key" or plan.remaining is not None:
        message = (
            f"{plan.path}: {method} reads everything by key, so it takes no order_by, "
            "skip or top: leave them out, or iterate over the query instead"
        )
        raise QueryError(message)
    if in_one_piece and len(plan.subqueries) > 1:
        message = (
            f"{plan.path}: this in_ is too long for one request ({len(plan.subqueries)} "
            f"would be needed), and {whole} cannot be split: pass fewer values, or "
            "make a query of each part of them"
        )
        raise QueryError(message)
