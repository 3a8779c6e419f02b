"""Queries whose reads are shared out among processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from sage200_async.errors import QueryError
from sage200_async.query.query import Query

if TYPE_CHECKING:
    from sage200_async.paging.plan import Plan
    from sage200_async.paging.read_plan import RangeSource, ReadPlan
    from sage200_async.query.endpoint import Model

R = TypeVar("R")


class PlannedQuery(Query, Generic[R]):
    """A query that can be planned: its read in ranges, for other processes."""

    __slots__ = ()

    async def plan(self, *, parts: int = 8) -> ReadPlan[R]:
        """Share out the records in ranges of keys that other processes can read.

        Both ends and the count are asked for as `CollectionQuery.read` does, and then
        for one key between each two ranges: *parts* + 2 small requests. Where the
        server does not count, about twenty more measure the collection; where it has
        no ``$skip``, ranges are even in their ids, and not in their records.

        A range costs its pages, and without a filter one count, if the server counts.
        Hand ranges to `Sage200Client.read_range`, and all certificates to `certify`.

        Args:
            parts: Ranges, 1 to 10,000; there are fewer where there are fewer records.

        Returns:
            A plan that can be pickled; with no ranges where there is nothing to read.

        Raises:
            QueryError: There is no unique key; the query has an order, a skip or
                a top; an ``in_`` is too long for one request; or the records are
                not the catalog's.
            LimitError: *parts* is out of range.
            PagingError: Responses contradict each other, again and again.
            ExtractError: Nothing is there, and the company cannot be reached.

        Example:
            >>> plan = run(client.customers.plan(parts=4))
            >>> [key_range.rows for key_range in plan.ranges]
            [12, 13, 12, 13]
        """
        from sage200_async.paging import plan_maker  # noqa: PLC0415 - a late import
        from sage200_async.paging.page_reader import PageReader  # noqa: PLC0415 - late
        from sage200_async.paging.parallel.preconditions import (  # noqa: PLC0415 - late
            require_ranges,
        )
        from sage200_async.paging.read_telemetry import (  # noqa: PLC0415 - late
            ReadTelemetry,
        )

        self._require_whole_records()
        plan_maker.require_parts(parts)
        plan = self._plan_of_ranges()
        require_ranges(plan, in_one_piece=True, method="plan()", whole="a plan")
        source = self._source(plan)
        connection = self._connected()
        telemetry = ReadTelemetry(connection.events, plan)
        reader: PageReader = PageReader(
            connection, self.context, plan, self._model, telemetry=telemetry
        )
        return await plan_maker.make_plan(reader, plan, source, parts)

    def _require_whole_records(self) -> None:
        if self.endpoint.into is not None:
            message = (
                f"{self.endpoint.path}: a plan is of the catalog's records: leave into() "
                "out, and name its fields in select() and expand()"
            )
            raise QueryError(message)

    def _plan_of_ranges(self) -> Plan:
        """Return how it is read, in one piece, with room for the bounds of ranges."""
        raise NotImplementedError

    def _source(self, plan: Plan) -> RangeSource:
        """Return what is read, for other processes."""
        from sage200_async.paging.read_plan import RangeSource  # noqa: PLC0415 - late

        condition = plan.subqueries[0] if plan.subqueries else None
        options, context = plan.options, self.context
        return RangeSource(
            base_url=context.base_url,
            site=context.site,
            company=context.company,
            path=plan.path,
            key=plan.key or "",
            record=_name_of(plan.path, self.endpoint.model),
            filter="" if condition is None else str(condition),
            select=options.select,
            expand=options.expand,
            parameters=options.parameters,
            page_size=options.page_size,
            timeout=None if options.timeout is None else float(options.timeout),
        )


def _name_of(path: str, model: Model | None) -> str:
    """Return a record as text, by which another process finds it.

    Raises:
        QueryError: It is not the catalog's.
    """
    if model is None:
        return ""
    name = model if isinstance(model, str) else f"{model.__module__}:{model.__name__}"
    if name.startswith("sage200_async.catalog."):
        return name
    message = (
        f"{path}: plan() needs a record of the catalog, which other processes find by "
        f"its name, got {name}: use client.resource(path, key=...), or read()"
    )
    raise QueryError(message)
