"""What a reading asks besides its pages: keys and rows that show where it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

from sage200_async.errors import DecodeError, PagingError, RequestError
from sage200_async.limits import PAGE_MAX
from sage200_async.paging.first_rows import first_rows
from sage200_async.paging.page_query import count_query, edge_query
from sage200_async.paging.validator import wrong_key
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.json_types import Untyped
from sage200_async.wire.responses import read_count, read_rows

if TYPE_CHECKING:
    from sage200_async.odata.expressions import Expression
    from sage200_async.paging.plan import Plan
    from sage200_async.wire.messages import Response

TRIES: Final = 3
"""Times that a contradiction is asked about before it is an error."""


class Ask(Protocol):
    """Sends a query of a plan's collection."""

    async def __call__(self, plan: Plan, query: str) -> Response:
        """Return the response."""
        ...


class Evidence:
    """Asks for keys and rows, and counts what contradicts them.

    Args:
        ask: Sends a query.
        model: What each record is.
        max_record_bytes: Bytes of one record at most.
    """

    def __init__(self, ask: Ask, model: Any, max_record_bytes: int) -> None:
        self.ask = ask
        self._model = model
        self._max_record_bytes = max_record_bytes
        self._contradictions: dict[tuple[int, int | None, int], int] = {}

    async def edge(self, plan: Plan, *, descending: bool) -> int | None:
        """Return the first key of the first subquery in one order, or None.

        Raises:
            PagingError: The response is in the other order, however often it is
                asked for.
        """
        query = edge_query(plan, descending=descending)
        keys: list[int] = []
        for _ in range(TRIES):
            keys = await self.keys(plan, query)
            if keys == sorted(keys, reverse=descending):
                return keys[0] if keys else None
        order = "descending" if descending else "ascending"
        message = (
            f"{plan.path}: expected {plan.key} in {order} order, got {keys[:2]}: the server "
            "ignores $orderby, and reading on could lose records"
        )
        raise PagingError(message, plan=plan)

    async def keys(self, plan: Plan, query: str) -> list[int]:
        """Return the keys that a query shows, or the first of them.

        Raises:
            PagingError: A row has no key.
        """
        response = await self.ask(plan, query)
        # A server that ignores $top returns more than two: the first of them will do.
        rows = await first_rows(response.body, self._max_record_bytes)
        keys = [row.get(plan.key or "") for row in rows]
        whole = [key for key in keys if type(key) is int]
        if len(whole) != len(keys):
            raise wrong_key(plan, next(key for key in keys if type(key) is not int))
        return whole

    async def rows(self, plan: Plan, query: str) -> list[dict[str, Any]]:
        """Return the rows that a query shows."""
        return read_rows(await self.ask(plan, query), Untyped)

    async def records(self, plan: Plan, query: str) -> list[Any]:
        """Return the records that a query shows."""
        response = await self.ask(plan, query)
        reader = SliceReader[Any](self._model, max_record_bytes=self._max_record_bytes)
        records: list[Any] = []
        for some in reader.slices(response.body):
            records += some
            await asyncio.sleep(0)
        return records

    async def count(
        self, plan: Plan, condition: Expression | None = None
    ) -> int | None:
        """Ask how many records the first subquery of *plan* has.

        Args:
            plan: What is read; nothing above its ``max_key`` is counted.
            condition: A further condition, or None.

        Returns:
            The number, or None where the server does not say.
        """
        try:
            response = await self.ask(plan, count_query(plan, condition))
            return read_count(response, PAGE_MAX)
        except (RequestError, DecodeError):
            return None

    def contradicted(self, plan: Plan) -> None:
        """Count a contradiction where *plan* stands.

        Raises:
            PagingError: It is one too many.
        """
        where_it_is = _where(plan)
        times = self._contradictions.get(where_it_is, 0) + 1
        self._contradictions[where_it_is] = times
        if times < TRIES:
            return
        where = f"{plan.key} {plan.after_key}" if plan.mode == "key" else plan.offset
        message = (
            f"{plan.path}: {TRIES} times no record arrived after {where}, though the "
            "server has more that match: a response is cut off, or a gateway answers for "
            "the server; go on later with query.resume(error.plan)"
        )
        raise PagingError(message, plan=plan)


def _where(plan: Plan) -> tuple[int, int | None, int]:
    return len(plan.subqueries), plan.after_key, plan.offset
