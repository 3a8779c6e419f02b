"""The planner: how a collection is read, as a value that moves from page to page.

`begin` picks the safest way that the collection allows, `query_for` says
what to ask next, `advance` takes a page's facts and gives the next plan. A
plan is all that a stream knows: whoever holds one can go on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.errors import LimitError, PagingError, PlanLike, QueryError
from sage200_async.limits import INT64_MAX, PAGE_DEFAULT, PAGE_MAX
from sage200_async.odata.encoding import at_most, encode, encode_query
from sage200_async.odata.expressions import (
    And,
    Comparison,
    Expression,
    In,
)
from sage200_async.odata.fields import Ordering
from sage200_async.odata.options import QueryOptions, select_and_expand
from sage200_async.paging.page_size import PageSize, larger, smaller

if TYPE_CHECKING:
    from collections.abc import Iterator

Mode = Literal["key", "offset", "single"]

_FAR: Final = 10**12
# Records: further than any offset, to measure the longest query of a stream.
_ROOM: Final = 300
# Bytes by which a later query may be longer than the first, less the key's names.


class Plan(Struct, frozen=True):
    """How a collection is read, and where the reading stands."""

    path: str
    options: QueryOptions
    key: str | None
    """The unique ascending key, or None where the collection has none."""
    mode: Mode
    """By key, by offset, or one page only."""
    parts: tuple[Expression | None, ...]
    """Conditions still to be read, each by requests of its own; the first is
    being read. None is no condition; an empty tuple is the end."""
    after: int | None = None
    """The highest key read of the first part."""
    offset: int = 0
    """Records of the first part that lie before the next page."""
    left: int | None = None
    """Records that the stream may still give, or None for all."""
    pages: int = 0
    """Pages read."""
    records: int = 0
    """Records given."""
    sizing: PageSize = PageSize()
    """How large the pages are at present."""
    until: int | None = None
    """The highest key to read, or None for no max_key."""
    seek: int = 0
    """Records to pass over before the next page, to begin further on by key."""

    @property
    def done(self) -> bool:
        """Whether there is nothing more to ask."""
        return not self.parts or self.left == 0

    @property
    def asked(self) -> int:
        """Records that the next request asks for."""
        size = self.sizing.size
        return size if self.left is None else min(size, self.left)


class PageFacts(Struct, frozen=True):
    """What the planner needs to know of a page."""

    served: int
    """Records in the page."""
    given: int
    """Records handed on: those served, less those that came before."""
    last_key: int | None = None
    """The key of the page's last record."""


def begin(
    path: str, options: QueryOptions, key: str | None, *, max_query_bytes: int
) -> tuple[Plan, str]:
    """Choose how to read a collection, and write its first query.

    Args:
        path: The collection.
        options: What is asked.
        key: Its unique ascending key, or None.
        max_query_bytes: Bytes of an encoded query at most.

    Returns:
        The plan, and the query string of its first request; empty where
        nothing is to be asked.

    Raises:
        LimitError: A query would be longer than *max_query_bytes*, and cannot be
            split.
        QueryError: There is a skip, and no order to skip in.
    """
    if options.skip and key is None and not options.order_by:
        message = f"{path}: skip needs order_by, as this resource has no unique key"
        raise QueryError(message)
    where = True if options.filter is None else options.filter.settled()
    whole = None if isinstance(where, bool) else where
    plan = Plan(
        path=path,
        options=options,
        key=key,
        mode=_mode_for(options, key),
        parts=() if where is False else (whole,),
        offset=options.skip,
        left=options.top,
        sizing=PageSize(options.page_size, options.page_size),
    )
    if where is False or options.top == 0:
        return plan, ""
    query = encode_query(_pairs(plan, whole))
    if len(query) + _ROOM + 2 * at_most(key or "") > max_query_bytes:
        plan = replace(plan, parts=tuple(_split(plan, whole, max_query_bytes)))
        query = query_for(plan)
    return plan, query


def _mode_for(options: QueryOptions, key: str | None) -> Mode:
    plain = not options.order_by or options.order_by == (Ordering(key or ""),)
    if key is not None and plain and options.skip == 0:
        return "key"
    return "offset" if key is not None or options.order_by else "single"


def query_for(plan: Plan) -> str:
    """Write the query string of the next request."""
    return encode_query(_pairs(plan, plan.parts[0]))


def _pairs(plan: Plan, where: Expression | None) -> list[tuple[str, str]]:
    options, pairs = plan.options, list[tuple[str, str]]()
    if bounds := _bounds(plan):
        where = And.of(*bounds) if where is None else And.of(where, *bounds)
    if where is not None:
        pairs.append(("$filter", str(where)))
    if options.select and plan.key and plan.key not in options.select:
        options = replace(options, select=(*options.select, plan.key))
    pairs += select_and_expand(options)
    if not options.order_by and plan.key is not None:
        pairs.append(("$orderby", plan.key))
    elif order := _order(plan):
        pairs.append(("$orderby", ",".join(map(str, order))))
    skip = plan.seek if plan.mode == "key" else plan.offset
    if skip:
        pairs.append(("$skip", str(skip)))
    pairs.append(("$top", str(plan.asked)))
    return pairs


def _bounds(plan: Plan) -> list[Comparison]:
    """Give the conditions on the key that say where to go on, and how far."""
    no_end = plan.after is None and plan.until is None
    if no_end or plan.mode != "key" or plan.key is None:
        return []
    ends = (("gt", plan.after), ("le", plan.until))
    return [
        Comparison(plan.key, operator, str(key), "integer")
        for operator, key in ends
        if key is not None
    ]


def _order(plan: Plan) -> tuple[Ordering, ...]:
    order = plan.options.order_by
    if plan.key is None or any(each.field == plan.key for each in order):
        return order
    return (*order, Ordering(plan.key))


def _split(
    plan: Plan, where: Expression | None, limit: int
) -> Iterator[Expression | None]:
    over = _longest(plan, where) - limit
    if over <= 0:
        yield where
        return
    terms = _conjuncts(where)
    chains = [term for term in terms if isinstance(term, In) and len(term.literals) > 1]
    if not chains or plan.mode != "key" or plan.options.order_by:
        raise LimitError(_too_long(plan, over + limit, limit, splittable=bool(chains)))
    chain = max(chains, key=lambda chain: len(chain.literals))
    pair = chain.literals[:2]
    bare = _longest(plan, _swap(terms, chain, pair)) - _size(chain, *pair)
    room = limit - bare
    if len(chains) > 1 and room * 2 < limit:  # the others need splitting too
        room = _size(chain, *chain.literals) // 2
    for literals in _batches(chain, room):
        yield from _split(plan, _swap(terms, chain, literals), limit)


def _conjuncts(where: Expression | None) -> tuple[Expression, ...]:
    if where is None:
        return ()
    return where.terms if isinstance(where, And) else (where,)


def _swap(
    terms: tuple[Expression, ...], chain: In, literals: tuple[str, ...]
) -> Expression:
    shorter = In(chain.field, literals, chain.kind)
    return And.of(*(shorter if term is chain else term for term in terms))


def _batches(chain: In, room: int) -> Iterator[tuple[str, ...]]:
    """Share out the literals, as many to a batch as *room* bytes allow."""
    batch: list[str] = []
    used = 0
    for literal in chain.literals:
        size = _size(chain, literal)
        if batch and used + size > room:
            yield tuple(batch)
            batch, used = [], 0
        batch.append(literal)
        used += size
    yield tuple(batch)


def _size(chain: In, *literals: str) -> int:
    return sum(len(encode(f" or {chain.field} eq {each}")) for each in literals)


def _longest(plan: Plan, where: Expression | None) -> int:
    far = replace(plan, after=INT64_MAX, offset=_FAR if plan.mode != "key" else 0)
    return len(encode_query(_pairs(far, where)))


def _too_long(plan: Plan, size: int, limit: int, *, splittable: bool) -> str:
    told = f"{plan.path}: the query is {size} bytes long, and {limit} are allowed"
    if not splittable:
        return f"{told}: ask for less at once"
    if plan.key is None:
        return f"{told}: in_ is split only where there is a unique key"
    return f"{told}: in_ is split only without order_by and skip"


def count_query(plan: Plan) -> str:
    """Write the query string that asks how many records the first part has."""
    key = plan.key
    select = (key,) if key else ()
    options = replace(plan.options, order_by=(), expand=(), select=select)
    sizing = PageSize(PAGE_MAX, PAGE_MAX)
    whole = replace(plan, options=options, offset=0, left=None, sizing=sizing)
    return f"{query_for(whole)}&$count=true"


def resumed(plan: PlanLike, fresh: Plan) -> Plan:
    """Go on from *plan*, which an earlier reading of the same query left.

    Args:
        plan: Where that reading stood.
        fresh: The query's own plan, from the beginning.

    Raises:
        QueryError: *plan* is of another query.
    """
    if not isinstance(plan, Plan):
        raise QueryError(f"{fresh.path}: expected a plan of this query, got {plan!r}")
    size = fresh.options.page_size
    same = replace(plan.options, page_size=size, timeout=fresh.options.timeout)
    if (plan.path, plan.key, same) != (fresh.path, fresh.key, fresh.options):
        told = f"{plan.path}, after {plan.records} records"
        message = f"{fresh.path}: expected a plan of this query, got one of {told}"
        raise QueryError(message)
    kept = plan.sizing.most == size
    return replace(
        plan, options=fresh.options, sizing=plan.sizing if kept else fresh.sizing
    )


def lesser(plan: Plan) -> Plan | None:
    """Ask for half as many, as the page proved too heavy.

    Returns:
        The plan, or None where no less can be asked: at the floor, or where
        one page has to hold all.
    """
    if plan.mode == "single":
        return None
    sizing = smaller(plan.sizing, plan.asked)
    return None if sizing is None else replace(plan, sizing=sizing)


def standing(plan: Plan, page: PageFacts) -> Plan:
    """Say where a stream stands inside a page, after some of its records.

    Where there is neither key nor order, nothing says so: the page's beginning.
    """
    return plan if plan.mode == "single" else _moved(plan, page)


def _moved(plan: Plan, page: PageFacts) -> Plan:
    given = page.given if plan.left is None else min(page.given, plan.left)
    return replace(
        plan,
        left=None if plan.left is None else plan.left - given,
        records=plan.records + given,
        after=plan.after if page.last_key is None else page.last_key,
        offset=plan.offset + page.served,
    )


def advance(plan: Plan, page: PageFacts) -> Plan:
    """Take a page into account.

    A short page ends its part only when it is shorter than what was asked and
    shorter than 500: older servers clamp ``$top``, and 500 is the default
    that they all serve.

    Raises:
        PagingError: There may be more records, and no order to read them in,
            or no key to go on from.

    Source:
        Limits: Sage 200 API guide, "Query parameters".
    """
    full = page.served >= plan.sizing.size
    moved = replace(
        _moved(plan, page),
        pages=plan.pages + 1,
        sizing=larger(plan.sizing) if full else plan.sizing,
    )
    if page.served < min(plan.asked, PAGE_DEFAULT):
        return replace(
            moved, parts=plan.parts[1:], after=None, offset=plan.options.skip
        )
    if plan.mode == "key" and moved.after == plan.after:
        message = (
            f"{plan.path}: expected keys above {plan.after}, got a page whose records "
            f"do not fit and show no {plan.key}: nothing says where to read on"
        )
        raise PagingError(message, plan=plan)
    if plan.mode == "single" and not moved.done:
        message = (
            f"{plan.path}: expected one page to hold all records, got {page.served} "
            "and there may be more: this resource has no unique key, so give "
            "order_by(...) to read on, or top(...) to ask for fewer"
        )
        raise PagingError(message, plan=plan)
    return moved
