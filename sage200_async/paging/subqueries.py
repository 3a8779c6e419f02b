"""A query that is too long, split at its ``in_`` into several that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.errors import LimitError
from sage200_async.limits import INT64_MAX
from sage200_async.odata.encoding import encode
from sage200_async.odata.expressions import And, Expression, In
from sage200_async.paging.page_query import query_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.paging.plan import Plan

_FAR: Final = 10**12
# Records: beyond any offset, to measure the longest query of a stream.


def split(
    plan: Plan, condition: Expression | None, max_bytes: int
) -> Iterator[Expression | None]:
    """Split *condition* so that no query of *plan* is longer than *max_bytes*.

    Raises:
        LimitError: There is no ``in_`` to split, or none that may be.
    """
    size = _longest_query(plan, condition)
    if size <= max_bytes:
        yield condition
        return
    terms = _conjuncts(condition)
    chains = [term for term in terms if isinstance(term, In) and len(term.literals) > 1]
    if not chains or plan.mode != "key" or plan.options.order_by:
        raise LimitError(_too_long(plan, size, max_bytes, splittable=bool(chains)))
    chain = max(chains, key=lambda chain: len(chain.literals))
    pair = chain.literals[:2]
    bare = _longest_query(plan, _swap(terms, chain, pair)) - _size(chain, *pair)
    room = max_bytes - bare
    if len(chains) > 1 and room * 2 < max_bytes:  # the others need splitting too
        room = _size(chain, *chain.literals) // 2
    for literals in _batches(chain, room):
        yield from split(plan, _swap(terms, chain, literals), max_bytes)


def _conjuncts(condition: Expression | None) -> tuple[Expression, ...]:
    if condition is None:
        return ()
    return condition.terms if isinstance(condition, And) else (condition,)


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
    return sum(len(encode(f" or {chain.field} eq {literal}")) for literal in literals)


def _longest_query(plan: Plan, condition: Expression | None) -> int:
    offset = _FAR if plan.mode != "key" else 0
    return len(query_of(replace(plan, after_key=INT64_MAX, offset=offset), condition))


def _too_long(plan: Plan, size: int, max_bytes: int, *, splittable: bool) -> str:
    problem = (
        f"{plan.path}: the query is {size} bytes long, and {max_bytes} are allowed"
    )
    if not splittable:
        return f"{problem}: ask for less at once"
    if plan.key is None:
        return f"{problem}: in_ is split only where there is a unique key"
    return f"{problem}: in_ is split only without order_by and skip"
