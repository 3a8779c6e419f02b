"""Queries as frames: whole tables for pyarrow, polars and pandas."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from sage200_async._optional import load
from sage200_async.query.query import Query

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sage200_async.arrow.columns import ColumnForm
    from sage200_async.arrow.frames import Position
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.parallel import ParallelRead
    from sage200_async.paging.plan import Plan
    from sage200_async.paging.stream import Stream

    Take = Callable[[Any, Position, Position], Awaitable[None]]

_FRAMES: Final = ("sage200_async.arrow.frames", "sage200_async.paging.parallel")
# Imported in a thread, too.


class Frames(Query):
    """A query that can be read as a table."""

    __slots__ = ()

    async def to_arrow(self, *, schema: Any = None, workers: int = 4) -> Any:
        """Read all records into a ``pyarrow.Table``, without an object for each.

        Types come from the catalog, so that an empty table has them, too: see
        `sage200_async.arrow.arrow_schema`. Decimals are exact. A query without an order,
        a skip or a top is read by several requests at once, and the table's metadata
        has the certificate; its rows are in the order of the key. Needs the extra
        ``arrow``.

        Args:
            schema: A ``pyarrow.Schema``, for a resource that the catalog does not know.
            workers: Requests at once, where it is read by key.

        Returns:
            A ``pyarrow.Table``.

        Raises:
            MissingExtra: pyarrow is not installed.
            QueryError: The catalog does not know the resource, and there is no
                *schema*.
            DecodeError: A record does not fit, or has a number of more than 28 digits
                before or 10 after the point.

        Example:
            >>> table = run(client.customers.select("id", "balance").to_arrow())
            >>> table.num_rows, table.column_names
            (50, ['id', 'balance'])
        """
        await load("to_arrow()", "arrow", "pyarrow", *_FRAMES)
        return await self._table(schema, workers)

    async def to_polars(self, *, schema: Any = None, workers: int = 4) -> Any:
        """Read all records into a ``polars.DataFrame``, as `to_arrow` does.

        Needs the extra ``polars``.

        Example:
            >>> frame = run(client.customers.select("id", "balance").to_polars())
            >>> frame.shape
            (50, 2)
        """
        await load("to_polars()", "polars", "pyarrow", "polars", *_FRAMES)
        from sage200_async.arrow.frames import as_polars  # noqa: PLC0415 - late

        return await asyncio.to_thread(as_polars, await self._table(schema, workers))

    async def to_pandas(self, *, schema: Any = None, workers: int = 4) -> Any:
        """Read all records into a ``pandas.DataFrame``, as `to_arrow` does.

        Its columns are Arrow's (``pandas.ArrowDtype``), so that decimals stay exact and
        whole numbers may be missing. Needs the extra ``pandas``.

        Example:
            >>> frame = run(client.customers.select("id", "balance").to_pandas())
            >>> frame.shape
            (50, 2)
        """
        await load("to_pandas()", "pandas", "pyarrow", "pandas", *_FRAMES)
        from sage200_async.arrow.frames import as_pandas  # noqa: PLC0415 - late

        return await asyncio.to_thread(as_pandas, await self._table(schema, workers))

    async def _table(self, schema: Any, workers: int) -> Any:
        from sage200_async.arrow.frames import TableBuilder  # noqa: PLC0415 - late

        form = await asyncio.to_thread(self._column_form, schema)
        builder = TableBuilder(form.schema)
        certificate = await self._pass_form(form, builder.add, workers)
        return await builder.table(certificate)

    def _column_form(self, schema: Any) -> ColumnForm:
        from sage200_async.arrow.frames import column_form  # noqa: PLC0415 - late

        own = self.endpoint
        return column_form(own.record, self.options, own.key, own.path, schema)

    async def _pass_columns(
        self, take: Take, schema: Any, workers: int
    ) -> Certificate | None:
        """Pass each record batch to *take*, and where it starts and ends."""
        return await self._pass_form(self._column_form(schema), take, workers)

    async def _pass_form(
        self,
        form: ColumnForm,
        take: Take,
        workers: int,
    ) -> Certificate | None:
        if not _is_whole(self._plan()):
            number = 0
            async for rows in self._stream().blocks(form):
                await take(rows, (0, number), (0, number + 1))
                number += 1
            return None
        async with self._parallel(workers) as read:
            async for batch in read.batches_as(form):
                number, keys = batch.subquery, batch.key_range
                await take(batch.records, (number, keys.low), (number, keys.high))
        return read.certificate

    def _plan(self) -> Plan:
        raise NotImplementedError

    def _stream(self, plan: Plan | None = None) -> Stream[Any]:
        raise NotImplementedError

    def _parallel(self, workers: int) -> ParallelRead[Any]:
        raise NotImplementedError


def _is_whole(plan: Plan) -> bool:
    """Return whether `read` takes it: by key, and all of it."""
    return plan.key is not None and plan.mode == "key" and plan.remaining is None
