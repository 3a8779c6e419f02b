"""Endpoints: resources as the catalog declares them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Generic,
    NoReturn,
    Protocol,
    Self,
    TypeGuard,
    TypeVar,
    get_origin,
    overload,
)

from msgspec import Struct

from sage200_async.errors import QueryError, UnsupportedOperation
from sage200_async.limits import PAGE_MAX
from sage200_async.odata.plain_values import shown
from sage200_async.odata.suggest import did_you_mean
from sage200_async.query.records import Record

if TYPE_CHECKING:
    from sage200_async.odata.namespaces import Fields
    from sage200_async.paging.page_reader import Connection
    from sage200_async.settings import CompanyContext


class Bindable(Protocol):
    """What an endpoint needs to know of a query."""

    def bound(
        self, context: CompanyContext, connection: Connection, page_size: int = PAGE_MAX
    ) -> Self:
        """Return the same query, to be sent there, in pages of *page_size* at most."""
        ...

    def below(self, path: str) -> Self:
        """Return the same query for what is below *path*."""
        ...


Q = TypeVar("Q", bound=Bindable)

VERBS: Final = ("get", "create", "update", "update_many", "delete")
"""The operations that a resource may have, besides ``list``."""

Model = type[Record] | str
"""A record, or ``module:Record`` for one that is loaded on first use."""


class Endpoint(Struct, Generic[Q], frozen=True):
    """A resource as the catalog declares it.

    As an attribute of a client it is the resource itself, bound to that client.

    Example:
        >>> from sage200_async.catalog import Endpoints
        >>> sorted(Endpoints.sop_order_line_views.verbs)
        ['list']
        >>> Endpoints.sop_order_line_views.key
        'sop_order_line_id'
    """

    path: str
    """Below the base URL, or below the item that it is declared in."""
    resource: type[Q]
    """The class of the resource: a `Resource`, a `CollectionQuery` and so on."""
    model: Model | None = None
    """The record, or None where it is unknown."""
    key: str | None = None
    """The unique ascending key, or None."""
    watermark: str | None = None
    """The field that increases with every change, or None."""
    extra_expands: tuple[str, ...] = ()
    """Names that ``$expand`` takes though they are no fields of the record."""
    parameters: tuple[str, ...] = ()
    """Query parameters that only this resource takes, such as ``$ageingdatetype``."""
    default_order: tuple[str, ...] = ()
    """The order of a request without one, as Sage documents it."""
    reply: Model | None = None
    """The record that writes return, or None where it is `model`."""
    creates_many: bool = False
    """Whether `create` returns a list of records."""
    professional_only: bool = False
    """Whether Sage 200 Standard lacks it."""
    item: type[Item] | None = None
    """What is below one of its records, or None."""
    into: type[Any] | None = None
    """The consumer's own type that records become, or None; see `CollectionQuery.into`."""

    @property
    def record(self) -> type[Record] | None:
        """The record, or None where it is unknown."""
        return load_record(self.model)

    @property
    def fields(self) -> Fields | None:
        """The record's fields, or None where they are unknown."""
        return _fields_of(self.model)

    @property
    def reply_record(self) -> type[Record] | None:
        """The record that writes return, or None where it is `record`."""
        return load_record(self.reply)

    @property
    def verbs(self) -> frozenset[str]:
        """The operations that the resource has."""
        kind = get_origin(self.resource) or self.resource
        listed = {"list"} if hasattr(kind, "pages") else set[str]()
        return frozenset(listed | {verb for verb in VERBS if hasattr(kind, verb)})

    @property
    def query(self) -> Q:
        """A query that is not bound to a client: to build, pickle and run later."""
        resource: Any = self.resource
        query: Q = resource(self)
        return query

    @overload
    def __get__(self, client: None, owner: type) -> Endpoint[Q]: ...
    @overload
    def __get__(self, client: Binder, owner: type) -> Q: ...
    def __get__(self, client: Binder | None, owner: type) -> Endpoint[Q] | Q:
        """Return itself on the class, and a bound resource on a client."""
        return self if client is None else client.run(self.query)


@cache
def load_record(model: Model | None) -> type[Record] | None:
    """Return the record that *model* is or names."""
    if not isinstance(model, str):
        return model
    module, _, name = model.partition(":")
    record: type[Record] | None = getattr(import_module(module), name, None)
    if record is None:
        message = (
            f"the catalog of this version has no record {name}: it comes from another "
            "version of sage200_async; install the same one in both places"
        )
        raise QueryError(message)
    return record


@cache
def _fields_of(model: Model | None) -> Fields | None:
    record = load_record(model)
    return None if record is None else record.fields


class Binder:
    """What has endpoints as attributes, and binds their queries to a client."""

    def run(self, query: Q) -> Q:
        """Return *query*, bound to a client."""
        raise NotImplementedError

    @classmethod
    def endpoints(cls) -> dict[str, Endpoint[Any]]:
        """Return every endpoint, by its path and in the order of paths."""
        attributes = [getattr(cls, name) for name in dir(cls)]
        by_path = {value.path: value for value in attributes if _is_endpoint(value)}
        return dict(sorted(by_path.items()))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_"):
                raise AttributeError(name)
            names = [known for known in dir(type(self)) if not known.startswith("_")]
            otherwise = "`sage200 resources` lists those of the catalog"
            hint = did_you_mean(name, names, otherwise)
            message = f"{type(self).__name__} has no resource {name!r}{hint}"
            raise UnsupportedOperation(message, verb=name)


class Item(Binder):
    """One record by its id, and the resources below it; no I/O."""

    def __init__(
        self,
        path: str,
        context: CompanyContext,
        connection: Connection | None,
        page_size: int = PAGE_MAX,
    ) -> None:
        self._path = path
        self._context = context
        self._connection = connection
        self._page_size = page_size

    def run(self, query: Q) -> Q:
        """Return *query*, for what is below this item."""
        below = query.below(self._path)
        if self._connection is None:
            return below
        return below.bound(self._context, self._connection, self._page_size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._path})"


def type_name(model: object) -> str:
    """Return the name of a consumer's type, for messages."""
    return str(getattr(model, "__name__", None) or shown(model))


def _is_endpoint(value: object) -> TypeGuard[Endpoint[Any]]:
    return isinstance(value, Endpoint)
