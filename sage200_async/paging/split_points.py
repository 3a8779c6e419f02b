"""Keys that share out a collection evenly: found by ``$skip``, or else by the ids."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec.structs import replace

from sage200_async.errors import BadRequest
from sage200_async.paging.page_query import query_for
from sage200_async.paging.page_size import PageSize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sage200_async.paging.evidence import Evidence
    from sage200_async.paging.key_ranges import KeyRange
    from sage200_async.paging.plan import Plan

_FIRST: Final = 512
# Records: the first position at which an uncounted collection is looked at.
_GROWTH: Final = 4
_PRECISION: Final = 4
# An uncounted collection is measured to this part of a range.


class SplitPoint(NamedTuple):
    """Where one range ends and the next begins."""

    key: int
    """The highest key of the range: that of a record."""
    position: int | None
    """Records up to it; None where nobody knows."""


class SplitPoints:
    """Looks for keys that share out the records of a plan evenly.

    Any key between the edges is right: a wrong one only makes ranges uneven.

    Args:
        evidence: Asks for keys.
        plan: What is read.
        bounds: All keys that there are.
        count: Records, as the server counts them; None where it does not.
    """

    def __init__(
        self, evidence: Evidence, plan: Plan, bounds: KeyRange, count: int | None
    ) -> None:
        self._evidence = evidence
        self._bounds = bounds
        self._count = count
        # Two keys, since an order shows in two.
        options = replace(plan.options, select=(plan.key or "",), expand=())
        self._plan = replace(
            plan, options=options, page_size=PageSize(2, 2), max_key=bounds.high
        )
        self._skips = True

    async def find(self, parts: int) -> list[SplitPoint]:
        """Return the ends of all ranges but the last, in ascending order.

        There are fewer where there are not so many records.
        """
        if parts == 1:
            return []
        points = await self._by_position(parts)
        return points if self._skips else await self._by_key(parts)

    async def _by_position(self, parts: int) -> list[SplitPoint]:
        """Skip to where the ranges end, as the records are counted or measured."""
        total = self._count
        points: list[SplitPoint] = []
        if total is not None:
            points = await self._at(_shares(total, parts))
        if self._skips and len(points) * 2 < min(parts - 1, (total or parts) - 1):
            points = await self._at(_shares(await self._measured(parts), parts))
        return self._ascending(points)

    async def _at(self, positions: Iterable[int]) -> list[SplitPoint]:
        """Return the keys of the records at *positions*, counted from 1."""
        several = list(positions)
        keys = await _all(self._skip_to(position) for position in several)
        return [
            SplitPoint(key, position)
            for key, position in zip(keys, several, strict=True)
            if key is not None
        ]

    async def _skip_to(self, position: int) -> int | None:
        """Return the key of the record at *position*; None where there is none.

        Where ``$skip`` is refused or ignored, note that it is of no use.

        Source:
            Servers before July 2017 have no ``$skip``: Sage 200 API guide, "Query
            parameters".
        """
        if not self._skips:
            return None
        try:
            key = await self._first(replace(self._plan, skip=position - 1))
        except BadRequest:
            self._skips = False
            return None
        if key is not None and key < self._bounds.low + position:
            self._skips = False  # not so many whole numbers lie between
        return key

    async def _first(self, plan: Plan) -> int | None:
        keys = await self._evidence.keys(plan, query_for(plan))
        return keys[0] if keys else None

    async def _measured(self, parts: int) -> int:
        """Return how many records there are, or nearly, by looking further on."""
        low, high = 1, _FIRST
        while await self._skip_to(high) is not None and self._skips:
            low, high = high, high * _GROWTH
        while high - low > max(1, low // (_PRECISION * parts)) and self._skips:
            middle = (low + high) // 2
            if await self._skip_to(middle) is None:
                high = middle
            else:
                low = middle
        return low

    async def _by_key(self, parts: int) -> list[SplitPoint]:
        """Look for the first key above each of several that lie evenly."""
        low, width = self._bounds.low, self._bounds.high - self._bounds.low
        starts = {low + width * number // parts for number in range(1, parts)}
        plans = (replace(self._plan, after_key=start) for start in sorted(starts))
        keys = await _all(self._first(plan) for plan in plans)
        return self._ascending(SplitPoint(key, None) for key in keys if key is not None)

    def _ascending(self, points: Iterable[SplitPoint]) -> list[SplitPoint]:
        """Return those inside the edges that ascend, which others may have moved."""
        last = self._bounds.low
        ascending: list[SplitPoint] = []
        for point in points:
            if last < point.key < self._bounds.high:
                ascending.append(point)
                last = point.key
        return ascending


def _shares(total: int, parts: int) -> list[int]:
    """Return where *total* records are cut into *parts* of nearly the same size.

    Example:
        >>> _shares(10, 3), _shares(2, 5)
        ([3, 6], [1])
    """
    ends = [total * number // parts for number in range(parts)]
    return [end for start, end in pairwise(ends) if end > start]


async def _all(awaitables: Iterable[Any]) -> Sequence[int | None]:
    """Await all at once; the first error ends the others."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(awaitable) for awaitable in awaitables]
    return [task.result() for task in tasks]
