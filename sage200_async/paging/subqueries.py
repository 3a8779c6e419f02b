"""A query that is too long, split at its ``in_`` into several that are not."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.errors import LimitError
from sage200_async.limits import INT64_MAX, MAX_FILTER_NODES
from sage200_async.odata.encoding import encode
from sage200_async.odata.expressions import And, Expression, In, Not, Or, Raw
from sage200_async.odata.literals import NULL
from sage200_async.paging.page_query import query_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.paging.plan import Plan

_FAR: Final = 10**12
# Records: beyond any offset, to measure the longest query of a stream.


_COMPARISON: Final = 3
# Nodes: an operator or a function, the field, the value.
_BOUNDS: Final = 3 * (_COMPARISON + 1)
# Nodes of the conditions on the key that a reading adds, each with its ``and`` or ``or``.
_TOKENS: Final = re.compile(r"(?:'[^']*')+|[^\s()',]+")
_SHORTEST_NODE: Final = 4
# Bytes: a chain of ``a eq 1`` has as many for each of its nodes, and more.


def split(
    plan: Plan, condition: Expression | None, max_bytes: int, *, by_nodes: bool = True
) -> Iterator[Expression | None]:
    """Split *condition* so that no query of *plan* is too long for a server.

    Args:
        plan: How the collection is read.
        condition: What is asked for.
        max_bytes: Bytes of an encoded query at most.
        by_nodes: Whether a query is also too long with more nodes than servers
            take by default. Where it cannot be split, it is left as it is.

    Raises:
        LimitError: A query has more than *max_bytes*, and there is no ``in_``
            to split, or none that may be.
    """
    size = _longest_query(plan, condition)
    terms = _conjuncts(condition)
    chains = [term for term in terms if isinstance(term, In) and len(term.literals) > 1]
    may_split = bool(chains) and plan.mode == "key" and not plan.options.order_by
    room = _literals_allowed(condition, chains) if may_split and by_nodes else None
    if size <= max_bytes and room is None:
        yield condition
        return
    if not may_split:
        raise LimitError(_too_long(plan, size, max_bytes, splittable=bool(chains)))
    chain = max(chains, key=lambda chain: len(chain.literals))
    several = len(chains) > 1
    room_bytes = _bytes_allowed(plan, terms, chain, max_bytes, halve=several)
    if chain.field == plan.key:
        chain, terms = _ascending(chain, terms)
    for literals in _batches(chain, room_bytes, room or len(chain.literals)):
        part = _swap(terms, chain, literals)
        yield from split(plan, part, max_bytes, by_nodes=by_nodes)


def may_have_too_many_nodes(query: str) -> bool:
    """Return whether *query* is long enough to have more nodes than servers take."""
    return len(query) > _SHORTEST_NODE * (MAX_FILTER_NODES - _BOUNDS)


def node_count(condition: Expression | None) -> int:
    """Return the nodes of *condition*, as OData's ``MaxNodeCount`` counts them."""
    match condition:
        case None:
            return 0
        case In(literals=literals):
            return len(literals) * (_COMPARISON + 1) - 1
        case And(terms=terms) | Or(terms=terms):
            return sum(map(node_count, terms)) + len(terms) - 1
        case Not(term=term):
            return node_count(term) + 1
        case Raw(text=text):
            return len(_TOKENS.findall(text))
        case _:
            return _COMPARISON


def _literals_allowed(condition: Expression | None, chains: list[In]) -> int | None:
    """Return how many literals of the longest chain fit, or None for all.

    Where the others alone are too many, splitting is of no use: None, too.
    """
    nodes = node_count(condition) + _BOUNDS
    if nodes <= MAX_FILTER_NODES:
        return None
    longest = max(len(chain.literals) for chain in chains)
    others = sum(len(chain.literals) for chain in chains) - longest
    room = (MAX_FILTER_NODES - nodes) // (_COMPARISON + 1) + longest
    if room + others < len(chains):
        return None
    half = (room + others) // 2 if others else room  # the others need splitting too
    return min(max(room, half), longest - 1)


def _bytes_allowed(
    plan: Plan, terms: tuple[Expression, ...], chain: In, max_bytes: int, *, halve: bool
) -> int:
    """Return how many bytes of the literals of *chain* fit into a query."""
    pair = chain.literals[:2]
    bare = _longest_query(plan, _swap(terms, chain, pair)) - _size(chain, *pair)
    room = max_bytes - bare
    if halve and room * 2 < max_bytes:  # the others need splitting too
        room = _size(chain, *chain.literals) // 2
    return room


def _ascending(
    chain: In, terms: tuple[Expression, ...]
) -> tuple[In, tuple[Expression, ...]]:
    """Sort the literals of a numeric key, so that each part is above the last."""
    if chain.kind not in {"integer", "number"}:
        return chain, terms
    literals = sorted(chain.literals, key=_numeric)
    ascending = In(chain.field, tuple(literals), chain.kind)
    return ascending, tuple([ascending if term is chain else term for term in terms])


def _numeric(literal: str) -> Decimal:
    return Decimal("-Infinity") if literal == NULL else Decimal(literal)


def _conjuncts(condition: Expression | None) -> tuple[Expression, ...]:
    if condition is None:
        return ()
    return condition.terms if isinstance(condition, And) else (condition,)


def _swap(
    terms: tuple[Expression, ...], chain: In, literals: tuple[str, ...]
) -> Expression:
    shorter = In(chain.field, literals, chain.kind)
    return And.of(*(shorter if term is chain else term for term in terms))


def _batches(chain: In, room: int, most: int) -> Iterator[tuple[str, ...]]:
    """Share out the literals, as many to a batch as *room* bytes and *most* allow."""
    batch: list[str] = []
    used = 0
    for literal in chain.literals:
        size = _size(chain, literal)
        if batch and (used + size > room or len(batch) == most):
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
