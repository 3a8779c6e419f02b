"""The lowest and the highest key of a collection, and how many records it has."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sage200_async.errors import PagingError
from sage200_async.paging.key_ranges import KeyRange
from sage200_async.paging.page_query import any_query

if TYPE_CHECKING:
    from sage200_async.paging.page_reader import PageReader
    from sage200_async.paging.plan import Plan

_TRIES: Final = 3
# For edges that contradict each other, or the count.
_TRIES_FOR_FEW: Final = 30
# For one edge alone, or none beside a few records that are counted: a table of one row
# that is written to all the time shows it to one of two requests, half of the time.
_FEW: Final = 10


class Edges:
    """Finds the lowest and the highest key, and what the server counts.

    Args:
        reader: Sends the requests.
        plan: What is read.
    """

    def __init__(self, reader: PageReader, plan: Plan) -> None:
        self.count: int | None = None
        """Records that the server counted beside the edges; None where it does not."""
        self._reader = reader
        self._plan = plan

    async def find(self) -> KeyRange | None:
        """Ask for the lowest and the highest key.

        A table of few rows may change between the two requests; then they are
        sent again. One edge alone proves nothing, nor do two that are missing where
        the server counts records.

        Returns:
            All keys from the lowest to the highest, or None where nothing matches.

        Raises:
            PagingError: The responses contradict each other, again and again.
        """
        lowest: int | None = None
        highest: int | None = None
        attempt = 0
        for attempt in range(1, _TRIES_FOR_FEW + 1):
            lowest, highest = await self._ask()
            if lowest is None and highest is None:
                if await self._is_empty():
                    return None
            elif lowest is not None and highest is not None and lowest <= highest:
                return KeyRange(lowest - 1, highest)
            one_alone = (lowest is None) != (highest is None)
            if attempt >= _TRIES and not (one_alone or self._are_few(lowest)):
                break
        plan, counted = self._plan, ""
        if self.count:
            counted = f", and the server counts {self.count:,}"
        message = (
            f"{plan.path}: the lowest {plan.key} is {lowest} and the highest {highest}"
            f"{counted}, in {attempt} attempts: the server ignores $orderby, or a "
            "gateway answers for it"
        )
        raise PagingError(message, plan=plan)

    def _are_few(self, lowest: int | None) -> bool:
        """Return whether so few records are counted that others may replace them all.

        An order is expected to show where nobody counts.
        """
        if lowest is None:
            return (self.count or 0) <= _FEW
        return self.count is not None and self.count <= _FEW

    async def _is_empty(self) -> bool:
        """Return whether nothing matches, though the company can be reached.

        Both edges are asked for once more, after a record of the collection was shown.
        """
        evidence, plan = self._reader.evidence, self._plan
        unfiltered = plan.subqueries[0] is None
        if unfiltered and self.count:
            return False
        collection = any_query(plan, descending=True)
        if await evidence.keys(plan, collection):
            return not unfiltered and await self._ask() == (None, None)
        if self.count:  # of a collection that shows no record at all
            return False
        await self._reader.end.require_company()
        return not await evidence.keys(plan, collection)

    async def _ask(self) -> tuple[int | None, int | None]:
        evidence, plan = self._reader.evidence, self._plan
        async with asyncio.TaskGroup() as group:
            first = group.create_task(evidence.edge(plan, descending=False))
            last = group.create_task(evidence.edge(plan, descending=True))
            count = group.create_task(evidence.count(plan))
        self.count = count.result()
        return first.result(), last.result()
