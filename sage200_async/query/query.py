"""Queries: what is read, refined step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.odata.builder import (
    add_expand,
    add_filter,
    add_order_by,
    add_select,
    set_page_size,
    set_parameters,
    set_skip,
    set_timeout,
    set_top,
)
from sage200_async.query.bound_endpoint import BoundEndpoint

if TYPE_CHECKING:
    from typing import Any, Self

    from sage200_async.odata.builder import Name
    from sage200_async.odata.expressions import Expression
    from sage200_async.odata.fields import Ordering
    from sage200_async.odata.options import QueryOptions


class Query(BoundEndpoint):
    """A resource that is read, and every query made from it.

    Each method returns a new query. `filter`, `select`, `expand` and `order_by`
    add to earlier calls; the others replace them.
    """

    __slots__ = ()

    def _refine(self, options: QueryOptions) -> Self:
        return type(self)(self.endpoint, options, self.context, self._connection)

    def _into(self, model: object, resource: type[Any]) -> Any:
        """Return the query as one of class *resource*, with records of type *model*."""
        from sage200_async.query.into import read_into  # noqa: PLC0415 - late

        endpoint, options = read_into(self.endpoint, self.options, model, resource)
        return resource(endpoint, options, self.context, self._connection)

    def _require_no_type(self, method: str) -> None:
        if self.endpoint.into is not None:
            from sage200_async.query.into import names_refused  # noqa: PLC0415 - late

            raise names_refused(self.endpoint, method)

    def filter(self, *conditions: Expression, **equals: object) -> Self:
        """Select the records that meet every condition.

        Repeated calls narrow further: the conditions of all calls have to hold.
        Whether ``~`` and ``!=`` include nulls differs between servers: see
        `Expression`.

        Args:
            conditions: Comparisons of fields (``c.balance > 1000``), joined
                with ``&``, ``|`` and ``~``; `raw` passes text through.
            equals: Field names, with the value that each has to equal; None
                is null.

        Returns:
            A new query; this one is unchanged.

        Raises:
            UnknownFieldError: The record has no field of that name.
            InvalidValue: A value is not of its field's type.
            QueryError: An argument is not a condition.

        Source:
            ``$filter``: Sage 200 API guide, "Query parameters".

        Example:
            >>> c = Customer.fields
            >>> both = client.customers.filter(c.balance > 1000, on_hold=False)
            >>> str(both.options.filter)
            'balance gt 1000 and on_hold eq false'
        """
        if not conditions and not equals:
            return self
        fields = self.endpoint.fields
        return self._refine(add_filter(self.options, fields, conditions, equals))

    def select(self, *names: Name) -> Self:
        """Read these fields only; the others are None.

        This saves most time: ten of a customer's fields are a tenth of the
        bytes. Repeated calls add fields. Related records that are selected are
        expanded, too: whole (``"lines"``), or for one of their fields
        (``"customer.name"`` or ``c.customer.name``).

        Returns:
            A new query; this one is unchanged.

        Raises:
            UnknownFieldError: The record has no field of that name.

        Source:
            ``$select``: Sage 200 API guide, "Query parameters".

        Example:
            >>> client.customers.select("id", Customer.fields.name).options.select
            ('id', 'name')
            >>> client.sop_orders.select("id", "lines").options.expand
            ('lines',)
        """
        self._require_no_type("select")
        return self._refine(add_select(self.options, self.endpoint.fields, names))

    def expand(self, *names: Name) -> Self:
        """Include related records: contacts, lines, addresses.

        Repeated calls add names. Sage warns that ``status`` and
        ``payment_status`` are slow to expand.

        Returns:
            A new query; this one is unchanged.

        Raises:
            UnknownFieldError: The record has no related records of that name.

        Source:
            ``$expand``: Sage 200 API guide, "Query parameters".

        Example:
            >>> client.customers.expand("contacts").options.expand
            ('contacts',)
        """
        self._require_no_type("expand")
        fields, extra = self.endpoint.fields, self.endpoint.extra_expands
        return self._refine(add_expand(self.options, fields, extra, names))

    def order_by(self, *keys: Name | Ordering) -> Self:
        """Order by these fields: ``c.balance.desc()``, ``"balance desc"``.

        Repeated calls add less significant fields. An ordered query is read by
        offset, which other people's writes can shift; without an order, records
        are read by their unique key and none is missed. See `explain`.

        Returns:
            A new query; this one is unchanged.

        Raises:
            UnknownFieldError: The record has no field of that name.

        Source:
            ``$orderby``: Sage 200 API guide, "Query parameters".

        Example:
            >>> ordered = client.customers.order_by("balance desc", "id")
            >>> [str(key) for key in ordered.options.order_by]
            ['balance desc', 'id']
        """
        return self._refine(add_order_by(self.options, self.endpoint.fields, keys))

    def parameters(self, **values: str | int) -> Self:
        """Set query parameters that only this resource takes.

        A few ledger views take ``$ageingdatetype`` (``TransactionDate``,
        ``DueDate`` or ``CalendarMonth``) and ``$periodnumber`` (0 is the
        current period). The last value for a name wins.

        Returns:
            A new query; this one is unchanged.

        Raises:
            UnknownFieldError: The resource takes no parameter of that name.
            InvalidValue: A value is neither text nor a whole number.

        Source:
            The OpenAPI documents, "sales", as restated by
            SelectCo/sage200-api-client.

        Example:
            >>> debtors = client.sales_aged_debtor_summary_views
            >>> debtors.parameters(ageingdatetype="DueDate").options.parameters
            (('$ageingdatetype', 'DueDate'),)
        """
        endpoint = self.endpoint
        known = None if endpoint.model is None else endpoint.parameters
        options = set_parameters(self.options, endpoint.path, known, values)
        return self._refine(options)

    def top(self, count: int) -> Self:
        """Read at most *count* records over the whole stream.

        The last call wins. The limit is on the stream, not on one request:
        ``top(12_000)`` at the default page size is three requests, of 5000,
        5000 and 2000 records. Without a limit the stream runs to the end.

        Args:
            count: Records, 0 or more. With 0 no request is sent.

        Returns:
            A new query; this one is unchanged.

        Raises:
            LimitError: *count* is negative or not a whole number.

        Source:
            ``$top``: Sage 200 API guide, "Query parameters"; 500 records when
            it is left out, 5000 at most per request.

        Example:
            >>> client.customers.top(-1)
            Traceback (most recent call last):
                ...
            sage200_async.errors.LimitError: top takes 0 or more records, got -1
        """
        return self._refine(set_top(self.options, count))

    def skip(self, count: int) -> Self:
        """Skip the first *count* records.

        The last call wins. The service skips only in an order; where the query
        has none, it is the unique key's.

        Args:
            count: Records, 0 or more.

        Returns:
            A new query; this one is unchanged.

        Raises:
            LimitError: *count* is negative or not a whole number.

        Source:
            ``$skip`` needs ``$orderby``: Sage 200 API guide, "Query
            parameters".

        Example:
            >>> client.customers.skip(10).options.skip
            10
        """
        return self._refine(set_skip(self.options, count))

    def page_size(self, count: int) -> Self:
        """Read at most *count* records in one request.

        Smaller pages need more requests, and less memory and time for each:
        useful where a server times out on large pages.

        Args:
            count: Records, 1 to 5000.

        Returns:
            A new query; this one is unchanged.

        Raises:
            LimitError: *count* is out of range.

        Source:
            5000 at most: Sage 200 API guide, "Query parameters".

        Example:
            >>> client.customers.page_size(5001)
            Traceback (most recent call last):
                ...
            sage200_async.errors.LimitError: page_size takes 1 to 5000 records, got 5001
        """
        return self._refine(set_page_size(self.options, count))

    def timeout(self, seconds: float | None) -> Self:
        """Limit a whole read to *seconds*, from its first request.

        The consumer's own time counts. A read that takes longer raises a
        `RequestTimeout`, and its ``plan`` says where to resume. The time of
        single requests is limited in the settings.

        Args:
            seconds: More than 0, or None for no limit.

        Returns:
            A new query; this one is unchanged.

        Raises:
            LimitError: *seconds* is not a number above 0.

        Example:
            >>> client.customers.timeout(3600).options.timeout
            3600
        """
        return self._refine(set_timeout(self.options, seconds))
