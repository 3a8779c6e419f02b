"""Questions: queries with a place to go, and a client to go there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from msgspec.structs import replace

from sage200_async.errors import ClientClosed, QueryError, UnsupportedOperation
from sage200_async.limits import PAGE_MAX
from sage200_async.odata.builder import Builder
from sage200_async.odata.encoding import encode_segment
from sage200_async.odata.options import QueryOptions
from sage200_async.query.endpoint import VERBS
from sage200_async.settings import CompanyContext
from sage200_async.wire.json_types import Untyped
from sage200_async.wire.messages import company_request

if TYPE_CHECKING:
    from sage200_async.odata.fields import Fields
    from sage200_async.paging.page_reader import Connection
    from sage200_async.query.endpoint import Endpoint
    from sage200_async.wire.messages import Response

_NOWHERE: Final = CompanyContext()
_ALL: Final = QueryOptions()
_SHOWN: Final = 160
# Characters of a query that its repr shows: errors and logs carry it.


class _Lacking:
    """A verb that a resource does not have, which says what it does have.

    As one attribute for each verb, and not as `__getattr__`: that would make every
    other attribute slower.
    """

    def __init__(self, verb: str) -> None:
        self._verb = verb

    def __get__(self, query: Query | None, owner: type[Query]) -> NoReturn:
        if query is None:
            raise AttributeError(f"{owner.__name__} has no {self._verb!r}")
        path, verb = query.endpoint.path, self._verb
        can = ", ".join(sorted(query.endpoint.verbs))
        raise UnsupportedOperation(f"{path} cannot {verb}; it can {can}", verb=verb)


class Query(Builder):
    """What every resource is, whatever it can do: a query, and where it goes.

    Immutable, hashable and picklable; equal queries have equal URLs. A pickle
    keeps the question and where it goes, not the client: `Sage200Client.run`
    binds it again.
    """

    __slots__ = ("_connection", "_options", "context", "endpoint")

    def __init__(
        self,
        endpoint: Endpoint[Any],
        options: QueryOptions | None = None,
        context: CompanyContext | None = None,
        connection: Connection | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.context = context or _NOWHERE
        self._options = options or _ALL
        self._connection = connection

    def bound(
        self, context: CompanyContext, connection: Connection, page_size: int = PAGE_MAX
    ) -> Self:
        """Return the same query, to be sent there, in pages of *page_size* at most."""
        options = self._options
        if options.page_size > page_size:
            options = replace(options, page_size=page_size)
        return type(self)(self.endpoint, options, context, connection)

    def below(self, path: str) -> Self:
        """Give the same question about what lies below *path*."""
        endpoint = replace(self.endpoint, path=f"{path}/{self.endpoint.path}")
        return type(self)(endpoint, self._options, self.context, self._connection)

    @property
    def _model(self) -> type[Any]:
        return self.endpoint.record or Untyped

    @property
    def _namespace(self) -> Fields | None:
        return self.endpoint.fields

    @property
    def _extra_expands(self) -> tuple[str, ...]:
        return self.endpoint.extra_expands

    @property
    def _parameters(self) -> tuple[str, ...]:
        return self.endpoint.parameters

    def _connected(self) -> Connection:
        if self._connection is None:
            raise ClientClosed(f"{self!r} has no client: give it to client.run(...)")
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

    def _refine(self, options: QueryOptions) -> Self:
        return type(self)(self.endpoint, options, self.context, self._connection)

    def _item(self, id: object) -> str:  # noqa: A002 - Sage's word for it
        whole = isinstance(id, int) and not isinstance(id, bool)
        if not whole and (not isinstance(id, str) or id in {"", ".", ".."}):
            raise QueryError(f"{self.endpoint.path}: expected an id, got {id!r}")
        return f"{self.endpoint.path}/{encode_segment(id)}"

    def _require(self, verb: str, *allowed: str) -> None:
        """Refuse options that the verb does not take, rather than drop them."""
        plain = QueryOptions(page_size=self._options.page_size)
        for name in plain.__struct_fields__:
            given = getattr(self._options, name)
            if name not in allowed and given != getattr(plain, name):
                told = {"where": "filter", "order": "order_by"}.get(name, name)
                taken = " and ".join(allowed) or "no query options"
                message = f"{verb} takes {taken}, got {told} on {self.endpoint.path}"
                raise QueryError(message)

    def __dir__(self) -> list[str]:
        kind = type(self)
        return [name for name in super().__dir__() if hasattr(kind, name)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Query):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[object, ...]:
        return (type(self), self.endpoint, self._options, self.context)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.endpoint, self._options, self.context))

    def __repr__(self) -> str:
        plain = QueryOptions()
        asked = [
            f"{name}={value}"
            for name in plain.__struct_fields__
            if (value := getattr(self._options, name)) != getattr(plain, name)
        ]
        shown = ", ".join([self.endpoint.path, *asked])
        cut = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
        return f"{type(self).__name__}({cut})"

    if not TYPE_CHECKING:
        # What a resource can do, a class of its own gives it; the rest is here.
        vars().update({verb: _Lacking(verb) for verb in VERBS})
