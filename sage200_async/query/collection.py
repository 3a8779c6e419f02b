"""Queries on collections: listed, counted, and read in parallel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

from msgspec.structs import replace

from sage200_async.errors import MultipleResultsFound, NoResultFound, PlanLike
from sage200_async.limits import PAGE_MAX
from sage200_async.odata.encoding import join
from sage200_async.paging.few import read_few
from sage200_async.paging.page_query import count_query
from sage200_async.paging.planner import resumed, start
from sage200_async.paging.stream import Stream
from sage200_async.query.change_feed import WatchedQuery
from sage200_async.query.frames import Frames
from sage200_async.query.keyless_order import order_of_all_fields
from sage200_async.query.planned_query import PlannedQuery
from sage200_async.wire.responses import read_count

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from sage200_async.paging.explain import Explanation
    from sage200_async.paging.parallel import ParallelRead, ResumePoint
    from sage200_async.paging.plan import Plan
    from sage200_async.paging.stream import Page

R = TypeVar("R")
M = TypeVar("M")

_ORDERED: Final = 400
# Bytes of a query beside its order: a skip, and what the planner reserves.
_RANGE: Final = 80
# Bytes of a query: the upper end of a range of keys, and a skip.


class CollectionQuery(Frames, PlannedQuery[R], WatchedQuery[R], Generic[R]):
    """A resource that is listed, and every query made from it.

    Read it with ``async for``.
    """

    __slots__ = ()

    @property
    def url(self) -> str:
        """The URL of the first request that reads it, exactly; no I/O.

        Empty where no request is needed, as with ``top(0)``.

        Raises:
            LimitError: The query is too long, and cannot be split.

        Example:
            >>> client.customers.filter(on_hold=True).top(5).url.partition("v1")[2]
            '/customers?$filter=on_hold%20eq%20true&$orderby=id&$top=5'
        """
        return self._url(self._start()[1])

    def explain(self) -> Explanation:
        """Explain how the records are read, and what that guarantees; no I/O.

        Example:
            >>> client.customers.explain().strategy
            'key'
            >>> client.customers.order_by("balance desc").explain().strategy
            'offset'
        """
        plan, query = self._start()
        from sage200_async.paging.explain import explain  # noqa: PLC0415 - late

        return explain(plan, self._url(query))

    def into(self, model: type[M]) -> CollectionQuery[M]:
        """Read the records into a type of your own, and only the fields that it has.

        *model* is a `msgspec.Struct`, a dataclass, a TypedDict or a NamedTuple. Its
        fields have the service's names (a struct may rename them) and types that hold
        the service's values: ``Decimal`` for money, aware ``datetime`` for times. A
        field with a type of its own, or a list of such, expands related records. What
        may be None is None where the service sends nothing; a default stands for what
        is absent; a record without a field that is neither is a `DecodeError`.

        Of a resource that is not in the catalog, names and types are not checked.

        Args:
            model: The type. The record of the catalog itself reads whole records.

        Returns:
            A new query that is read only; it takes no further `select` or `expand`.
            Another ``into`` replaces this one.

        Raises:
            UnknownFieldError: The record has no field of that name.
            QueryError: A type cannot hold its field's values; or fields were selected
                or expanded before.

        Example:
            >>> from typing import NamedTuple
            >>> class Debtor(NamedTuple):
            ...     reference: str
            ...     on_hold: bool | None
            >>> debtors = client.customers.filter(Customer.fields.balance > 0).into(Debtor)
            >>> debtors.options.select
            ('reference', 'on_hold')
            >>> debtors
            ListGet(customers, into=Debtor, filter=balance gt 0)
        """
        return self._into(model, CollectionQuery)  # type: ignore[no-any-return]

    def __aiter__(self) -> AsyncIterator[R]:
        """Read the records one at a time, page after page.

        Leaving early strands nothing: while the consumer works, no request is
        under way and no connection is held.

        Raises:
            PagingError: A page does not continue the last; reading on could
                miss records.
            DecodeError: A record does not fit, or a response is no page.
            RequestError: A page could not be read, also after retries.
            TokenError: There is no usable token.

        Example:
            >>> async def references():
            ...     return [c.reference async for c in client.customers.top(2)]
            >>> len(run(references()))
            2
        """
        return self._stream().records()

    def pages(self) -> AsyncGenerator[Page[R], None]:
        """Read the records a page at a time.

        Example:
            >>> async def sizes():
            ...     pages = client.customers.page_size(3).top(7).pages()
            ...     return [len(page.records) async for page in pages]
            >>> run(sizes())
            [3, 3, 1]
        """
        return self._stream().pages()

    def read(
        self,
        *,
        workers: int = 8,
        prefetch: int = 1,
        ordered: bool = False,
        resume_from: ResumePoint | None = None,
        in_one_piece: bool = False,
    ) -> ParallelRead[R]:
        """Read all records by several requests at once, with a proof at the end.

        The highest key is read first, and the records up to it: the read ends
        however busy the table is. Each worker reads the page beyond those of
        the others, by ``$skip`` from a key that has been reached; where a server
        has no ``$skip``, one page is read at a time.

        Args:
            workers: Requests at once, 1 or more; `Settings.max_connections`
                limits them.
            prefetch: Pages of records that may wait for the consumer, 0 or more.
            ordered: Whether the records come in the order of their keys.
            resume_from: Where an earlier read stopped, to resume there.
            in_one_piece: Whether an ``in_`` of many values is one query as long
                as it is short enough, as it is where ordered or resumed.

        Returns:
            An async context manager to iterate over. After the end its
            ``certificate`` proves that the records are complete.

        Raises:
            QueryError: There is no unique key; or the query has an order, a
                skip or a top.
            LimitError: A number is out of range.
            ExtractError: On iterating: records are missing.

        Example:
            >>> async def sums():
            ...     async with client.customers.read(workers=2) as customers:
            ...         read = len([customer async for customer in customers])
            ...     return read, customers.certificate.records
            >>> run(sums())
            (50, 50)
        """
        whole = in_one_piece or ordered or resume_from is not None
        from sage200_async.paging.parallel import ParallelRead  # noqa: PLC0415 - late

        return ParallelRead(
            self._connected(),
            self.context,
            self._start(_RANGE, in_one_piece=whole)[0],
            self._model,
            workers=workers,
            prefetch=prefetch,
            ordered=ordered,
            resume_from=resume_from,
        )

    def resume(self, plan: PlanLike) -> Stream[R]:
        """Resume an earlier read of this query.

        Every error that ends a stream has its plan, and so has each page. A plan
        can be pickled: the read may resume in another process, with another
        page size. Without a unique key and without an order, it starts again,
        and so does an error of `read`, for which ``resume_from`` is meant.

        Args:
            plan: That of an error, of a page, or of a `Stream`.

        Returns:
            A stream: iterate over it, or over its ``pages()``.

        Raises:
            QueryError: *plan* belongs to another query.

        Example:
            >>> async def rest():
            ...     query = client.customers.page_size(3).top(7)
            ...     page = await anext(query.pages())
            ...     return len([c async for c in query.resume(page.plan)])
            >>> run(rest())
            4
        """
        return self._stream(resumed(plan, self._plan()))

    async def first(self) -> R | None:
        """Return the first record, or None where there is none.

        Example:
            >>> run(client.customers.filter(reference="no such").first())
        """
        records = await self._at_most(1)
        return records[0] if records else None

    async def one(self) -> R:
        """Return the only record.

        Raises:
            NoResultFound: No record matches.
            MultipleResultsFound: Several match.
        """
        records = await self._at_most(2)
        if not records:
            raise NoResultFound(f"expected one record, got none: {self!r}")
        if len(records) > 1:
            raise MultipleResultsFound(f"expected one record, got several: {self!r}")
        return records[0]

    async def count(self) -> int:
        """Count the records of the query.

        The request has ``$count=true``. The response is not documented; where
        it may be the size of a page, the keys are read and counted instead.

        Raises:
            DecodeError: The response is no count; the message shows it.

        Example:
            >>> run(client.customers.top(3).count())
            3
        """
        plan = self._plan()
        if plan.done:
            return 0
        counted = await self._counted(plan) if len(plan.subqueries) == 1 else None
        if counted is None:
            key = self.endpoint.key
            keys = self if key is None else self._with_select(key)
            return sum([1 async for _ in keys])
        after_skip = max(0, counted - self.options.skip)
        top = self.options.top
        return after_skip if top is None else min(after_skip, top)

    async def server_count(self) -> int | None:
        """Return how many records match, as the server counts them; one request.

        Top and skip are left out of account.

        Returns:
            The number, or None where the response does not say, or where an ``in_`` is
            split: its parts may have records in common.

        Raises:
            DecodeError: The response is no count; the message shows it.
        """
        plan = self._plan()
        if len(plan.subqueries) > 1:
            return None
        return await self._counted(plan) if plan.subqueries else 0

    async def _counted(self, plan: Plan) -> int | None:
        response = await self._send("GET", plan.path, count_query(plan))
        return read_count(response, PAGE_MAX)

    async def _at_most(self, count: int) -> list[R]:
        top = self.options.top
        limited = self.top(count if top is None else min(top, count))
        plan, query = limited._start()  # noqa: SLF001 - a query of this class
        model: type[R] = self._model
        return await read_few(self._connected(), self.context, plan, model, query)

    def _with_select(self, name: str) -> Self:
        endpoint = replace(self.endpoint, into=None)
        options = replace(self.options, select=(name,), expand=())
        return type(self)(endpoint, options, self.context, self._connection)

    def _plan(self) -> Plan:
        return self._start()[0]

    def _plan_of_ranges(self) -> Plan:
        return self._start(_RANGE, in_one_piece=True)[0]

    def _start(
        self, reserve: int = 0, *, in_one_piece: bool = False
    ) -> tuple[Plan, str]:
        endpoint, options = self.endpoint, self.options
        context = self.context
        room = context.max_query_bytes - reserve
        company = f"{context.site}/{context.company}"
        plan, query = start(
            endpoint.path,
            options,
            endpoint.key,
            max_query_bytes=room,
            in_one_piece=in_one_piece,
            company=company,
        )
        several = options.top is None or options.top > options.page_size
        if plan.mode == "single" and several and not plan.done:
            order = order_of_all_fields(endpoint, options, room - len(query) - _ORDERED)
            ordered = replace(options, order_by=order)
            plan, query = start(
                endpoint.path, ordered, None, max_query_bytes=room, company=company
            )
        return plan, query

    def _parallel(self, workers: int) -> ParallelRead[R]:
        return self.read(workers=workers)

    def _url(self, query: str) -> str:
        return join(self.context.base_url, self.endpoint.path, query) if query else ""

    def _stream(self, plan: Plan | None = None) -> Stream[R]:
        start, query = self._start() if plan is None else (plan, "")
        model: type[R] = self._model
        return Stream(self._connected(), self.context, start, model, query)
