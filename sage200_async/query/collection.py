"""Views: queries with a client to run on, and all that reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

from msgspec.structs import replace

from sage200_async.errors import MultipleResultsFound, NoResultFound, PlanLike
from sage200_async.limits import PAGE_MAX
from sage200_async.odata.encoding import join
from sage200_async.paging.explain import Explanation, explain
from sage200_async.paging.parallel import ParallelRead
from sage200_async.paging.plan import begin, count_query, resumed
from sage200_async.paging.stream import Stream
from sage200_async.query.query import Query
from sage200_async.wire.responses import read_count

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from sage200_async.paging.parallel import ResumePoint
    from sage200_async.paging.plan import Plan
    from sage200_async.paging.stream import Page

R = TypeVar("R")

_RANGE: Final = 80
# Bytes of a query: the upper end of a range of keys, and a skip to begin at.


class CollectionQuery(Query, Generic[R]):
    """A resource that can be listed, and every query made from it."""

    __slots__ = ()

    @property
    def url(self) -> str:
        """The first URL that reading would ask, exactly; no I/O.

        Empty where nothing is asked, as with ``top(0)``.

        Raises:
            LimitError: The query is too long, and cannot be split.

        Example:
            >>> client.customers.filter(on_hold=True).top(5).url.partition("v1")[2]
            '/customers?$filter=on_hold%20eq%20true&$orderby=id&$top=5'
        """
        return self._url(self._begin()[1])

    def explain(self) -> Explanation:
        """Say how the records will be read, and what is promised; no I/O.

        Example:
            >>> client.customers.explain().strategy
            'key'
            >>> client.customers.order_by("balance desc").explain().strategy
            'offset'
        """
        plan, query = self._begin()
        return explain(plan, self._url(query))

    def __aiter__(self) -> AsyncIterator[R]:
        """Read the records one at a time, page after page.

        Leaving early strands nothing: no request is under way and no
        connection is held while the consumer works.

        Raises:
            PagingError: A page cannot follow the last; reading on could lose
                records.
            DecodeError: A record does not fit, or a reply is no page.
            RequestError: A page could not be had, also after retries.
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
    ) -> ParallelRead[R]:
        """Read all records by several requests at once, with a proof at the end.

        First the highest key is asked for: the reading goes up to it, so that
        it ends however busy the table is. Each worker asks for the page beyond
        those that the others ask for, by ``$skip`` from a key that has been
        reached; where a server has no ``$skip``, one page at a time is read.

        Args:
            workers: Requests at once, 1 or more; the pool has to hold them.
            prefetch: Pages of records that may wait for the consumer, 0 or more.
            ordered: Give the records in the order of their keys.
            resume_from: What an earlier reading has left, to go on from there.

        Returns:
            A context manager to iterate over; its ``certificate`` says, after
            the end, why the records are all there are.

        Raises:
            QueryError: There is no unique key; or the query has an order, a
                skip or a top.
            LimitError: A number is out of range.
            ExtractError: On iterating: something was not read.

        Example:
            >>> async def sums():
            ...     async with client.customers.read(workers=2) as customers:
            ...         read = len([each async for each in customers])
            ...     return read, customers.certificate.records
            >>> run(sums())
            (50, 50)
        """
        begin = self._plan(_RANGE)
        connection, model = self._connected(), self._model
        return ParallelRead(
            connection,
            self.context,
            begin,
            model,
            workers=workers,
            prefetch=prefetch,
            ordered=ordered,
            resume_from=resume_from,
        )

    def resume(self, plan: PlanLike) -> Stream[R]:
        """Go on where an earlier reading of this query stood.

        Every error that ends a reading carries its plan, and so does each
        page. A plan can be pickled: the reading may go on in another process,
        with another page size. Where there is neither a unique key nor an
        order, it begins anew.

        Args:
            plan: Of an error, of a page, or of a `Stream`.

        Returns:
            A reading: iterate over it, or over its ``pages()``.

        Raises:
            QueryError: *plan* is of another query.

        Example:
            >>> async def rest():
            ...     query = client.customers.page_size(3).top(7)
            ...     page = await anext(query.pages())
            ...     return len([each async for each in query.resume(page.plan)])
            >>> run(rest())
            4
        """
        return self._stream(resumed(plan, self._plan()))

    async def first(self) -> R | None:
        """Give the first record, or None where there is none.

        Example:
            >>> run(client.customers.filter(reference="no such").first())
        """
        found = await self._at_most(1)
        return found[0] if found else None

    async def one(self) -> R:
        """Give the only record.

        Raises:
            NoResultFound: None matches.
            MultipleResultsFound: More than one does.
        """
        found = await self._at_most(2)
        if not found:
            raise NoResultFound(f"expected one record, got none: {self!r}")
        if len(found) > 1:
            raise MultipleResultsFound(f"expected one record, got several: {self!r}")
        return found[0]

    async def count(self) -> int:
        """Count the records that the query would give.

        The service is asked with ``$count=true``. What it answers is not
        documented; where the answer may be the size of a page, the keys are
        read and counted instead.

        Raises:
            DecodeError: The reply is no count; the message shows it.

        Example:
            >>> run(client.customers.top(3).count())
            3
        """
        plan = self._plan()
        if plan.done:
            return 0
        counted = await self._counted(plan) if len(plan.parts) == 1 else None
        if counted is None:
            key = self.endpoint.key
            narrow = self if key is None else self._with_select(key)
            return sum([1 async for _ in narrow])
        beyond = max(0, counted - self._options.skip)
        top = self._options.top
        return beyond if top is None else min(beyond, top)

    async def _counted(self, plan: Plan) -> int | None:
        response = await self._send("GET", plan.path, count_query(plan))
        return read_count(response, PAGE_MAX)

    async def _at_most(self, count: int) -> list[R]:
        top = self._options.top
        fewer = self.top(count if top is None else min(top, count))
        return [record async for record in fewer]

    def _with_select(self, name: str) -> Self:
        return self._refine(replace(self._options, select=(name,), expand=()))

    def _plan(self, reserve: int = 0) -> Plan:
        return self._begin(reserve)[0]

    def _begin(self, reserve: int = 0) -> tuple[Plan, str]:
        endpoint = self.endpoint
        limit = self.context.max_query_bytes - reserve
        return begin(endpoint.path, self._options, endpoint.key, max_query_bytes=limit)

    def _url(self, query: str) -> str:
        return join(self.context.base_url, self.endpoint.path, query) if query else ""

    def _stream(self, plan: Plan | None = None) -> Stream[R]:
        begin = self._plan() if plan is None else plan
        model: type[R] = self._model
        return Stream(self._connected(), self.context, begin, model)
