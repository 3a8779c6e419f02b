"""The base of every resource and query: an endpoint, and where its requests go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from msgspec.structs import replace

from sage200_async._notebook import table
from sage200_async.errors import (
    ClientClosed,
    InvalidValue,
    QueryError,
    UnsupportedOperation,
)
from sage200_async.errors.foreign_text import one_line
from sage200_async.limits import PAGE_MAX
from sage200_async.odata.encoding import encode_segment
from sage200_async.odata.literals import integer, quoted
from sage200_async.odata.options import QueryOptions
from sage200_async.odata.plain_values import plain, shown
from sage200_async.query.endpoint import type_name
from sage200_async.settings import CompanyContext
from sage200_async.wire.json_types import Untyped
from sage200_async.wire.messages import company_request

if TYPE_CHECKING:
    from sage200_async.paging.page_reader import Connection
    from sage200_async.query.endpoint import Endpoint
    from sage200_async.wire.messages import Response

_NO_COMPANY: Final = CompanyContext()
_PLAIN: Final = QueryOptions()
_SHOWN: Final = 160
# Characters of a query that its repr shows: errors and logs contain it.

_LOOP: Final = "use `async for`, or [record async for record in query] for a list"


class _Unsupported:
    """An operation that a resource lacks; to read it raises `UnsupportedOperation`.

    One attribute for each operation, and not `__getattr__`, which would make
    every other attribute slower.
    """

    def __init__(self, passive: str = "") -> None:
        self._passive = passive

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, resource: BoundEndpoint | None, owner: type) -> NoReturn:
        if resource is None:
            raise AttributeError(f"{owner.__name__} has no {self._name!r}")
        cannot = self._passive or self._name
        message = f"{resource.endpoint.path} cannot {cannot}; {_abilities(resource)}"
        raise UnsupportedOperation(message, verb=self._name)


class _OtherName:
    """A name that other libraries have for what a query does; says what it is here."""

    def __init__(self, advice: str) -> None:
        self._advice = advice

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, resource: BoundEndpoint | None, owner: type) -> NoReturn:
        if resource is None:
            raise AttributeError(f"{owner.__name__} has no {self._name!r}")
        path = resource.endpoint.path
        message = f"{path} has no {self._name!r}; {self._advice}"
        raise UnsupportedOperation(message, verb=self._name)


def _abilities(resource: BoundEndpoint) -> str:
    endpoint = resource.endpoint
    can = ", ".join(sorted(endpoint.verbs))
    below = f"it only leads to what is below its records, as in {endpoint.path}[id]"
    return f"it can {can}" if can else below


_LISTED: Final = "be listed"


class BoundEndpoint:
    """An endpoint with the options of a query, bound to a client or not yet.

    Immutable, hashable and picklable; equal ones have equal URLs. A pickle
    contains the query and its company, not the client: `Sage200Client.run`
    binds it again.
    """

    __slots__ = ("_connection", "context", "endpoint", "options")

    def __init__(
        self,
        endpoint: Endpoint[Any],
        options: QueryOptions = _PLAIN,
        context: CompanyContext = _NO_COMPANY,
        connection: Connection | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.options = options
        self.context = context
        self._connection = connection

    def bound(
        self, context: CompanyContext, connection: Connection, page_size: int = PAGE_MAX
    ) -> Self:
        """Return the same query, to be sent there, in pages of *page_size* at most."""
        options = self.options
        if options.page_size > page_size:
            options = replace(options, page_size=page_size)
        return type(self)(self.endpoint, options, context, connection)

    def below(self, path: str) -> Self:
        """Return the same query for what is below *path*."""
        endpoint = replace(self.endpoint, path=f"{path}/{self.endpoint.path}")
        return type(self)(endpoint, self.options, self.context, self._connection)

    @property
    def _model(self) -> type[Any]:
        """What records are decoded as."""
        if self.endpoint.into is None:
            return self.endpoint.record or Untyped
        from sage200_async.query.into import decoded_as  # noqa: PLC0415 - late

        return decoded_as(self.endpoint)

    def _connected(self) -> Connection:
        """Return the client that the query is bound to.

        Raises:
            ClientClosed: There is none.
        """
        if self._connection is None:
            message = (
                f"{self!r} is not bound to a client; use client.run(query), as in "
                "await client.run(query).first()"
            )
            raise ClientClosed(message)
        return self._connection

    async def _send(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        *,
        idempotent: bool = True,
    ) -> Response:
        request = company_request(
            self.context, method, path, query, body, idempotent=idempotent
        )
        return await self._connected().transport.send(request)

    def _item_path(self, id: object) -> str:  # noqa: A002 - Sage's word for it
        own = plain(id)
        if type(own) not in {int, str} or own in {"", ".", ".."}:
            message = f"expected an id, a whole number or text, got {shown(id)}"
            hint = "; is 'id' among the fields selected?" if id is None else ""
            if isinstance(id, slice):
                hint = "; use skip() and top() for part of the records"
            raise QueryError(f"{self.endpoint.path}: {message}{hint}")
        try:
            if type(own) is int:
                return f"{self.endpoint.path}/{integer(own)}"
            quoted(own)  # refuses what cannot be sent
        except InvalidValue as error:
            message = f"{self.endpoint.path}: id: {error}"
            raise InvalidValue(message, value=id) from None
        return f"{self.endpoint.path}/{encode_segment(own)}"

    def _require(self, operation: str, *allowed: str) -> None:
        """Refuse options that the operation does not take, rather than drop them."""
        options = self.options
        plain = QueryOptions(page_size=options.page_size)
        if options == plain:
            return
        for name in plain.__struct_fields__:
            changed = getattr(options, name) != getattr(plain, name)
            if changed and name not in allowed:
                taken = " and ".join(allowed) or "no query options"
                message = f"{operation} takes {taken}, got {name} on"
                raise QueryError(f"{message} {self.endpoint.path}; leave {name} out")

    def __dir__(self) -> list[str]:
        kind = type(self)
        return [name for name in super().__dir__() if hasattr(kind, name)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BoundEndpoint):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[object, ...]:
        return (type(self), self.endpoint, self.options, self.context)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.endpoint, self.options, self.context))

    def __repr__(self) -> str:
        options = [f"{name}={value}" for name, value in self._shown_options()]
        text = ", ".join([self.endpoint.path, *options])
        shown = one_line(text, _SHOWN)
        return f"{type(self).__name__}({shown})"

    def _repr_html_(self) -> str:
        endpoint = self.endpoint
        record = None if endpoint.record is None else endpoint.record.__name__
        operations = ("operations", ", ".join(sorted(endpoint.verbs)))
        rows = [operations, ("record", record), *self._shown_options()]
        return table(endpoint.path, [*rows, ("first request", self._first_request())])

    def _first_request(self) -> object:
        """Return the first URL, why there is none, or None where nothing is listed."""
        try:
            return getattr(self, "url", None)
        except QueryError as error:
            return error

    def _shown_options(self) -> list[tuple[str, object]]:
        """Return the options that are set; a type stands for the fields that it has."""
        into = self.endpoint.into
        options: list[tuple[str, object]] = []
        if into is not None:
            options.append(("into", type_name(into)))
        return options + [
            (name, value)
            for name in _PLAIN.__struct_fields__
            if (value := getattr(self.options, name)) != getattr(_PLAIN, name)
            and (into is None or name not in {"select", "expand"})
        ]

    if TYPE_CHECKING:
        __iter__: None
        __contains__: None
    else:

        def __iter__(self, _: object = None) -> NoReturn:
            path = self.endpoint.path
            if "list" not in self.endpoint.verbs:
                raise TypeError(f"{path} cannot be listed; {_abilities(self)}")
            message = f"read {path} with `async for`, not with `for`, `in` or list()"
            raise TypeError(message)

        __contains__ = __iter__

        def __getitem__(self, _: object) -> NoReturn:
            path = self.endpoint.path
            hint = "use first() or top(n)" if "list" in self.endpoint.verbs else ""
            message = f"{path} has nothing below its records"
            raise TypeError(f"{message}; {hint or _abilities(self)}")

        # A class of `operations` or `collection` that a resource inherits from
        # overrides what the resource can do.
        get = _Unsupported()
        create = _Unsupported()
        insert = _Unsupported()
        upsert = _Unsupported()
        update = _Unsupported()
        update_many = _Unsupported()
        delete = _Unsupported()
        first = _Unsupported(_LISTED)
        one = _Unsupported(_LISTED)
        count = _Unsupported(_LISTED)
        pages = _Unsupported(_LISTED)
        read = _Unsupported(_LISTED)
        plan = _Unsupported(_LISTED)
        resume = _Unsupported(_LISTED)
        to_arrow = _Unsupported(_LISTED)
        to_polars = _Unsupported(_LISTED)
        to_pandas = _Unsupported(_LISTED)
        explain = _Unsupported(_LISTED)
        url = _Unsupported(_LISTED)
        filter = _Unsupported(_LISTED)
        order_by = _Unsupported(_LISTED)
        top = _Unsupported(_LISTED)
        skip = _Unsupported(_LISTED)
        page_size = _Unsupported(_LISTED)
        timeout = _Unsupported(_LISTED)
        select = _Unsupported("be read")
        expand = _Unsupported("be read")
        parameters = _Unsupported("be read")
        into = _Unsupported("be read")
        limit = _OtherName("use top(n)")
        where = _OtherName("use filter(...)")
        all = _OtherName(_LOOP)
        list = _OtherName(_LOOP)
        to_list = _OtherName(_LOOP)


def connection_of(bound: BoundEndpoint) -> Connection:
    """Return what *bound* is bound to.

    Raises:
        ClientClosed: It is not bound to a client.
    """
    return bound._connected()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
