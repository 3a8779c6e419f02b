"""The methods that refine a query: written once, pure, each giving a new one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from msgspec.structs import replace

from sage200_async.errors import (
    InvalidValue,
    LimitError,
    QueryError,
    UnknownFieldError,
)
from sage200_async.limits import PAGE_MAX
from sage200_async.odata.expressions import And, Call, Comparison, Expression, In, Raw
from sage200_async.odata.fields import (
    AnyField,
    Field,
    Fields,
    Ordering,
    look_up,
    unknown_field,
)
from sage200_async.odata.literals import fits, integer, quoted

if TYPE_CHECKING:
    from typing import Self

    from sage200_async.odata.options import QueryOptions

Name: TypeAlias = str | Field[Any] | Fields
"""A field or member: typed, or its name."""


class Builder:
    """A query under construction. Refining it leaves it as it was."""

    __slots__ = ()
    _options: QueryOptions

    @property
    def options(self) -> QueryOptions:
        """What is asked for so far."""
        return self._options

    @property
    def _namespace(self) -> Fields | None:
        raise NotImplementedError

    @property
    def _extra_expands(self) -> tuple[str, ...]:
        return ()

    def _refine(self, options: QueryOptions) -> Self:
        raise NotImplementedError

    def filter(self, *conditions: Expression, **equals: object) -> Self:
        """Keep only the records that meet every condition.

        Repeated calls narrow further: all conditions, of all calls, must hold.

        Args:
            conditions: Made from fields (``c.balance > 1000``), joined with
                ``&``, ``|`` and ``~``; `raw` passes text through.
            equals: Field names with the value that each must equal; None
                is null.

        Returns:
            A new query. This one is left as it was.

        Raises:
            UnknownFieldError: The record has no field of that name.
            InvalidValue: A value is not of its field's type.
            QueryError: Something that is not a condition was given.

        Source:
            ``$filter``: Sage 200 API guide, "Query parameters".

        Example:
            >>> c = Customer.fields
            >>> both = client.customers.filter(c.balance > 1000, on_hold=False)
            >>> str(both.options.filter)
            'balance gt 1000 and on_hold eq false'
        """
        namespace = self._namespace
        equal = [_field(name, namespace) == value for name, value in equals.items()]
        if not conditions and not equal:
            return self
        where = () if self._options.filter is None else (self._options.filter,)
        joined = And.of(*where, *conditions, *equal)
        if namespace is not None:
            for condition in conditions:
                for leaf in condition.leaves():
                    _check_leaf(leaf, namespace)
        return self._refine(replace(self._options, filter=joined))

    def select(self, *names: Name) -> Self:
        """Ask only for these fields; the others read as None.

        The largest lever on speed: ten of a customer's fields are a tenth of
        the bytes. Repeated calls add fields. A dotted name (``"customer.name"``
        or ``c.customer.name``) expands the member that it reaches into.

        Returns:
            A new query. This one is left as it was.

        Raises:
            UnknownFieldError: The record has no field of that name.

        Source:
            ``$select``: Sage 200 API guide, "Query parameters".

        Example:
            >>> client.customers.select("id", Customer.fields.name).options.select
            ('id', 'name')
        """
        options, namespace = self._options, self._namespace
        told = [*options.select, *map(str, names)]
        for name in told[len(options.select) :]:
            _find(name, namespace)
        return self._refine(replace(options, select=tuple(dict.fromkeys(told))))

    def expand(self, *members: Name) -> Self:
        """Bring related records along: contacts, lines, addresses.

        Repeated calls add members. Sage warns that ``status`` and
        ``payment_status`` are slow to expand.

        Returns:
            A new query. This one is left as it was.

        Raises:
            UnknownFieldError: The record has no member of that name.

        Source:
            ``$expand``: Sage 200 API guide, "Query parameters".

        Example:
            >>> client.customers.expand("contacts").options.expand
            ('contacts',)
        """
        expand = tuple(self._known_member(member) for member in members)
        both = dict.fromkeys((*self._options.expand, *expand))
        return self._refine(replace(self._options, expand=tuple(both)))

    def order_by(self, *keys: Name | Ordering) -> Self:
        """Order by these fields: ``c.balance.desc()``, ``"balance desc"``.

        Repeated calls add lesser keys. An order of your own is read by offset,
        which other people's writes can shift; without one, records come by
        their unique key and nothing is lost. See `explain`.

        Returns:
            A new query. This one is left as it was.

        Raises:
            UnknownFieldError: The record has no field of that name.

        Source:
            ``$orderby``: Sage 200 API guide, "Query parameters".

        Example:
            >>> ordered = client.customers.order_by("balance desc", "id")
            >>> [str(key) for key in ordered.options.order_by]
            ['balance desc', 'id']
        """
        order = {key.field: key for key in self._options.order_by}
        for key in keys:
            made = self._ordering(key)
            order.setdefault(made.field, made)
        return self._refine(replace(self._options, order_by=tuple(order.values())))

    def parameters(self, **values: str | int) -> Self:
        """Set query parameters that this resource alone takes.

        A few ledger views take ``$ageingdatetype`` (``TransactionDate``,
        ``DueDate`` or ``CalendarMonth``) and ``$periodnumber`` (0 is the
        current period). The last value given for a name wins.

        Returns:
            A new query. This one is left as it was.

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
        given = dict(self._options.parameters)
        for name, value in values.items():
            given[self._known_parameter(f"${name}")] = _parameter(name, value)
        return self._refine(replace(self._options, parameters=tuple(given.items())))

    def top(self, count: int) -> Self:
        """Ask for at most *count* records over the whole stream.

        The last call wins. The limit is on the stream, not on one request:
        ``top(12_000)`` at the default page size is three requests, of 5000,
        5000 and 2000 records. Without a limit the stream runs to the end.

        Args:
            count: Records, 0 or more. 0 makes no request at all.

        Returns:
            A new query. This one is left as it was.

        Raises:
            LimitError: *count* is negative or no whole number.

        Source:
            ``$top``: Sage 200 API guide, "Query parameters"; 500 records when
            it is left out, 5000 at most per request.

        Example:
            >>> client.customers.top(-1)
            Traceback (most recent call last):
                ...
            sage200_async.errors.LimitError: top takes 0 or more records, got -1
        """
        _require_count("top", count, 0, None)
        return self._refine(replace(self._options, top=count))

    def skip(self, count: int) -> Self:
        """Pass over the first *count* records.

        The last call wins. The service skips only in a given order; where the
        query has none, the unique key is the order.

        Args:
            count: Records, 0 or more.

        Returns:
            A new query. This one is left as it was.

        Raises:
            LimitError: *count* is negative or no whole number.

        Source:
            ``$skip`` needs ``$orderby``: Sage 200 API guide, "Query
            parameters".

        Example:
            >>> client.customers.skip(10).options.skip
            10
        """
        _require_count("skip", count, 0, None)
        return self._refine(replace(self._options, skip=count))

    def page_size(self, count: int) -> Self:
        """Ask for at most *count* records in one request.

        Smaller pages take more requests, and less memory and time each: for
        servers that time out on wide pages.

        Args:
            count: Records, 1 to 5000.

        Returns:
            A new query. This one is left as it was.

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
        _require_count("page_size", count, 1, PAGE_MAX)
        return self._refine(replace(self._options, page_size=count))

    def timeout(self, seconds: float | None) -> Self:
        """End a reading of the whole that takes longer than *seconds*.

        The time counts from the first request, the consumer's own included.
        What ends late is a `RequestTimeout` whose ``plan`` says where to go on.
        Single requests have time limits of their own, in the settings.

        Args:
            seconds: More than 0, or None for no end.

        Returns:
            A new query. This one is left as it was.

        Raises:
            LimitError: *seconds* is not more than 0.

        Example:
            >>> client.customers.timeout(3600).options.timeout
            3600
        """
        if seconds is not None and not seconds > 0:
            message = f"timeout takes seconds, more than 0, got {seconds!r}"
            raise LimitError(message)
        return self._refine(replace(self._options, timeout=seconds))

    def _known_member(self, member: Name) -> str:
        name = str(member)
        if name not in self._extra_expands:
            found = _find(name, self._namespace)
            if self._namespace is not None and not isinstance(found, Fields):
                raise unknown_field(name, type(self._namespace), members_only=True)
        return name

    @property
    def _parameters(self) -> tuple[str, ...]:
        return ()

    def _known_parameter(self, name: str) -> str:
        known = self._parameters
        if self._namespace is not None and name not in known:
            told = ", ".join(known) or "none"
            message = f"expected a parameter of this resource ({told}), got {name}"
            raise UnknownFieldError(message, name=name)
        return name

    def _ordering(self, key: Name | Ordering) -> Ordering:
        if isinstance(key, str):
            name, _, direction = key.partition(" ")
            if direction.strip() not in {"", "asc", "desc"}:
                message = f"expected 'name', 'name asc' or 'name desc', got {key!r}"
                raise QueryError(message)
            key = Ordering(name, descending=direction.strip() == "desc")
        made = key if isinstance(key, Ordering) else Ordering(str(key))
        found = _field(made.field, self._namespace)
        return Ordering(found.asc().field, made.descending)


def _find(name: str, namespace: Fields | None) -> Field[Any] | Fields:
    return AnyField(name) if namespace is None else look_up(namespace, name)


def _field(name: str, namespace: Fields | None) -> Field[Any]:
    found = _find(name, namespace)
    if isinstance(found, Fields):
        raise QueryError(f"expected a field, got the member {name!r}")
    return found


def _check_leaf(leaf: Expression, namespace: Fields) -> None:
    """Refuse a condition that does not fit the field of its name.

    Raises:
        UnknownFieldError: There is no such field.
        InvalidValue: It is of another kind.
    """
    if type(leaf) is Raw:
        return
    about = cast("Comparison | Call | In", leaf)
    operator = about.operator if type(about) is Comparison else ""
    kind = _kind_against(namespace, about.field, type(about), operator, about.kind)
    if kind:
        message = f"{about.field}: expected a condition on {kind}, got {leaf}"
        raise InvalidValue(message, value=str(leaf))


@cache
def _kind_against(
    namespace: Fields, name: str, leaf: type[Expression], operator: str, given: str
) -> str:
    """Give the kind of a field where a condition does not fit it; else nothing."""
    kind = _field(name, namespace).kind
    wanted = "text" if leaf is Call else kind
    ordered = operator not in {"", "eq", "ne"}
    unfit = not (fits(kind, given) and fits(wanted, kind))
    return kind if unfit or (ordered and kind in {"boolean", "enum"}) else ""


def _parameter(name: str, value: object) -> str:
    if isinstance(value, str):
        quoted(value)  # refuses what cannot be sent
        return value
    try:
        return integer(value)
    except InvalidValue:
        message = f"{name}: expected text or a whole number, got {value!r}"
        raise InvalidValue(message, value=value) from None


def _require_count(name: str, count: int, low: int, high: int | None) -> None:
    whole = type(count) is int  # True is no count
    if not whole or not low <= count <= (count if high is None else high):
        wanted = f"{low} or more" if high is None else f"{low} to {high}"
        message = f"{name} takes {wanted} records, got {count!r}"
        raise LimitError(message)
