"""The query string of the next page, from a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sage200_async.limits import PAGE_MAX
from sage200_async.odata.encoding import encode_query
from sage200_async.odata.expressions import And, Comparison, Expression
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
    options, pairs = plan.options, list[tuple[str, str]]()
    if bounds := _key_bounds(plan):
        condition = And.of(*bounds if condition is None else (condition, *bounds))
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


def count_query(plan: Plan) -> str:
    """Return the query string that counts the records of the first subquery."""
    key = plan.key
    select = (key,) if key else ()
    options = replace(plan.options, order_by=(), expand=(), select=select)
    size = PageSize(PAGE_MAX, PAGE_MAX)
    whole = replace(plan, options=options, offset=0, remaining=None, page_size=size)
    return f"{query_for(whole)}&$count=true"


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
