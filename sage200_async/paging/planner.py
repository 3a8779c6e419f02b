"""The planner: chooses how a collection is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.errors import PlanLike, QueryError
from sage200_async.odata.encoding import max_encoded_length
from sage200_async.odata.fields import Ordering
from sage200_async.paging.page_query import query_for, query_of
from sage200_async.paging.page_size import PageSize
from sage200_async.paging.plan import Mode, Plan
from sage200_async.paging.subqueries import may_have_too_many_nodes, split

if TYPE_CHECKING:
    from sage200_async.odata.options import QueryOptions

_ROOM: Final = 300
# Bytes by which a later query may be longer than the first, less the key's names.


def start(
    path: str,
    options: QueryOptions,
    key: str | None,
    *,
    max_query_bytes: int,
    in_one_piece: bool = False,
    company: str = "",
) -> tuple[Plan, str]:
    """Choose how to read a collection, and write its first query.

    Args:
        path: The collection.
        options: What is asked for.
        key: Its unique ascending key, or None.
        max_query_bytes: Bytes of an encoded query at most.
        in_one_piece: Whether an ``in_`` is sent whole as long as it has no more
            than these bytes, however many its values are.
        company: Whose collection it is: the site and the company.

    Returns:
        The plan, and the query string of its first request; empty where
        no request is needed.

    Raises:
        LimitError: A query would be longer than *max_query_bytes*, and cannot
            be split.
        QueryError: There is a skip, and no order to skip in.
    """
    if options.skip and key is None and not options.order_by:
        message = f"{path}: skip needs order_by, as this resource has no unique key"
        raise QueryError(message)
    settled = True if options.filter is None else options.filter.simplified()
    condition = None if isinstance(settled, bool) else settled
    plan = Plan(
        path=path,
        company=company,
        options=options,
        key=key,
        mode=_mode_for(options, key),
        subqueries=() if settled is False else (condition,),
        offset=options.skip,
        remaining=options.top,
        page_size=PageSize(options.page_size, options.page_size),
    )
    if settled is False or options.top == 0:
        return plan, ""
    query = query_of(plan, condition)
    longest = len(query) + _ROOM + 2 * max_encoded_length(key or "")
    by_nodes = not in_one_piece and may_have_too_many_nodes(query)
    if longest > max_query_bytes or by_nodes:
        parts = split(plan, condition, max_query_bytes, by_nodes=by_nodes)
        subqueries = tuple(parts)
        plan = replace(plan, subqueries=subqueries)
        query = query_for(plan)
    return plan, query


def _mode_for(options: QueryOptions, key: str | None) -> Mode:
    by_key = not options.order_by or options.order_by == (Ordering(key or ""),)
    if key is not None and by_key and options.skip == 0:
        return "key"
    return "offset" if key is not None or options.order_by else "single"


def resumed(plan: PlanLike, fresh: Plan) -> Plan:
    """Go on from *plan*, where an earlier reading of the same query stood.

    Args:
        plan: Where that reading stood.
        fresh: The query's own plan, from its start.

    Raises:
        QueryError: *plan* belongs to another query, or is no plan.
    """
    if not isinstance(plan, Plan):
        message = (
            f"{fresh.path}: resume takes the plan of an error, a page or a stream, "
            f"got {type(plan).__name__}"
        )
        raise QueryError(message)
    size = fresh.options.page_size
    same = replace(plan.options, page_size=size, timeout=fresh.options.timeout)
    same_query = (plan.path, plan.company, plan.key, same) == (
        fresh.path,
        fresh.company,
        fresh.key,
        fresh.options,
    )
    if plan.part_of_read or not same_query:
        message = (
            f"{fresh.path}: the plan belongs to another query or company, of {plan.path} after "
            f"{plan.records} records: call resume on the query that it came from"
        )
        raise QueryError(message)
    same_size = plan.page_size.maximum == size
    page_size = plan.page_size if same_size else fresh.page_size
    return replace(plan, options=fresh.options, page_size=page_size)
