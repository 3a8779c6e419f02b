"""The query string of the next page, from a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sage200_async.limits import PAGE_MAX
from sage200_async.odata.encoding import encode_query
from sage200_async.odata.expressions import And, Comparison, Expression, Or
from sage200_async.odata.fields import Ordering
from sage200_async.odata.options import select_and_expand
from sage200_async.paging.page_size import PageSize

if TYPE_CHECKING:
    from sage200_async.paging.plan import Plan


def query_for(plan: Plan) -> str:
    """Return the query string of the next request."""
    return query_of(plan, plan.subqueries[0])


def query_of(plan: Plan, condition: Expression | None) -> str:
    """Return the query string of a page of the records that meet *condition*."""
    pairs: list[tuple[str, str]] = []
    options, bounds = plan.options, _key_bounds(plan)
    if bounds:
        condition = _both(condition, *bounds)
    if condition is not None:
        pairs.append(("$filter", str(condition)))
    if options.select and plan.key and plan.key not in options.select:
        options = replace(options, select=(*options.select, plan.key))
    pairs += select_and_expand(options)
    if not options.order_by and plan.key is not None:
        pairs.append(("$orderby", plan.key))
    elif order := _total_order(plan):
        pairs.append(("$orderby", ",".join(map(str, order))))
    skip = plan.skip if plan.mode == "key" else plan.offset
    if skip:
        pairs.append(("$skip", str(skip)))
    pairs.append(("$top", str(plan.requested)))
    return encode_query(pairs)


def count_query(plan: Plan, condition: Expression | None = None) -> str:
    """Return the query string that counts the records of the first subquery.

    Args:
        plan: What is read.
        condition: A further condition, or None.
    """
    key = plan.key
    select = (key,) if key else ()
    options = replace(plan.options, order_by=(), expand=(), select=select)
    size = PageSize(PAGE_MAX, PAGE_MAX)
    whole = replace(plan, options=options, offset=0, remaining=None, page_size=size)
    query = query_of(whole, _both(plan.subqueries[0], condition))
    return f"{query}&$count=true"


def edge_query(plan: Plan, *, descending: bool) -> str:
    """Return the query string of the first keys of the first subquery in one order.

    Of all its keys, wherever the reading stands: two are asked for, since an order
    shows in two.
    """
    return _keys_query(plan, plan.subqueries[0], descending=descending)


def rest_query(plan: Plan, known: int) -> str:
    """Return the query string of the highest unread key beside the key *known*.

    The record of *known* shows that the response comes from the collection, and is
    no empty one from elsewhere. It comes last: a response that is cut off loses it,
    rather than what is unread.
    """
    unread = _both(plan.subqueries[0], *_key_bounds(plan))
    beside = Comparison(plan.key or "", "eq", str(known), "integer")
    condition = None if unread is None else Or.of(unread, beside)
    return _keys_query(plan, condition, descending=True)


def any_query(plan: Plan, *, descending: bool) -> str:
    """Return the query string of keys of the collection, whatever its conditions."""
    return _keys_query(plan, None, descending=descending)


def reversed_query(plan: Plan) -> str:
    """Return the query string of the last record in the order of a reading by offset."""
    order = [
        Ordering(term.field, descending=not term.descending)
        for term in _total_order(plan)
    ]
    options = replace(
        plan.options, select=(plan.key or "",), expand=(), order_by=tuple(order)
    )
    one = replace(plan, options=options, offset=0, remaining=1)
    return query_of(one, plan.subqueries[0])


def last_read_query(plan: Plan, back: int) -> str:
    """Return the query string of the *back* records before an offset, and one more."""
    size = PageSize(back + 1, back + 1)
    start = max(0, plan.offset - back)
    return query_for(replace(plan, offset=start, remaining=None, page_size=size))


def _keys_query(
    plan: Plan, condition: Expression | None, *, descending: bool = False
) -> str:
    """Return the query string of the first two keys that meet *condition*."""
    key = plan.key or ""
    pairs = [] if condition is None else [("$filter", str(condition))]
    pairs += select_and_expand(replace(plan.options, select=(key,), expand=()))
    order = str(Ordering(key, descending=descending))
    return encode_query([*pairs, ("$orderby", order), ("$top", "2")])


def _both(*conditions: Expression | None) -> Expression | None:
    terms = [condition for condition in conditions if condition is not None]
    return And.of(*terms) if terms else None


def _key_bounds(plan: Plan) -> list[Comparison]:
    """Return the conditions on the key: where to go on, and how far."""
    unbounded = plan.after_key is None and plan.max_key is None
    if unbounded or plan.mode != "key" or plan.key is None:
        return []
    ends = (("gt", plan.after_key), ("le", plan.max_key))
    return [
        Comparison(plan.key, operator, str(key), "integer")
        for operator, key in ends
        if key is not None
    ]


def _total_order(plan: Plan) -> tuple[Ordering, ...]:
    """Return the query's own order, with the key as the last term."""
    order = plan.options.order_by
    if plan.key is None or any(term.field == plan.key for term in order):
        return order
    return (*order, Ordering(plan.key))
