"""Endpoints: resources as the catalog declares them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Generic,
    Protocol,
    Self,
    TypeGuard,
    TypeVar,
    get_origin,
    overload,
)

from msgspec import Struct

from sage200_async.limits import PAGE_MAX
from sage200_async.query.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.odata.fields import Fields
    from sage200_async.paging.page_reader import Connection
    from sage200_async.settings import CompanyContext


class Bindable(Protocol):
    """A query, as far as an endpoint has to know it."""

    def bound(
        self, context: CompanyContext, connection: Connection, page_size: int = PAGE_MAX
    ) -> Self:
        """Return the same query, to be sent there, in pages of *page_size* at most."""
        ...

    def below(self, path: str) -> Self:
        """Return the same query for what lies below *path*."""
        ...


Q = TypeVar("Q", bound=Bindable)

VERBS: Final = ("get", "create", "update", "update_many", "delete")
"""What a resource may be able to do, besides being listed."""

Model = type[Record] | str
"""A record, or ``module:Record`` for one that is loaded when first used."""


class Endpoint(Struct, Generic[Q], frozen=True):
    """A resource as the catalog declares it.

    On a client it reads as the resource itself, ready to be asked.

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
    """What it reads as on a client: a `Resource`, a `CollectionQuery` and so on."""
    model: Model | None = None
    """The record, or None where nobody knows it."""
    key: str | None = None
    """The unique ascending key, or None."""
    watermark: str | None = None
    """The field that moves on with every change, or None."""
    extra_expands: tuple[str, ...] = ()
    """Names that ``$expand`` takes though no record has them."""
    parameters: tuple[str, ...] = ()
    """Query parameters of its own, such as ``$ageingdatetype``."""
    default_order: tuple[str, ...] = ()
    """The order that Sage documents where a request gives none."""
    reply: Model | None = None
    """What writes are answered with, where that is not the record."""
    professional_only: bool = False
    """Whether Sage 200 Standard lacks it."""
    item: type[Item] | None = None
    """What lies below one of its records, or None."""

    @property
    def record(self) -> type[Record] | None:
        """The record, or None where nobody knows it."""
        return load(self.model)

    @property
    def fields(self) -> Fields | None:
        """The record's fields, or None where nobody knows them."""
        return _fields_of(self.model)

    @property
    def answer(self) -> type[Record] | None:
        """What writes are answered with, or None where that is the record."""
        return load(self.reply)

    @property
    def verbs(self) -> frozenset[str]:
        """What can be done with it."""
        kind = get_origin(self.resource) or self.resource
        listed = {"list"} if hasattr(kind, "pages") else set[str]()
        return frozenset(listed | {verb for verb in VERBS if hasattr(kind, verb)})

    @property
    def query(self) -> Q:
        """A query without a client, to be built, pickled and run later."""
        resource: Callable[[Endpoint[Q]], Q] = self.resource
        return resource(self)

    @overload
    def __get__(self, client: None, owner: type) -> Endpoint[Q]: ...
    @overload
    def __get__(self, client: Binder, owner: type) -> Q: ...
    def __get__(self, client: Binder | None, owner: type) -> Endpoint[Q] | Q:
        """Read as itself on the class, as a bound resource on a client."""
        return self if client is None else client.run(self.query)


@cache
def load(model: Model | None) -> type[Record] | None:
    """Give the record that *model* is or names."""
    if not isinstance(model, str):
        return model
    module, _, name = model.partition(":")
    record: type[Record] = getattr(import_module(module), name)
    return record


@cache
def _fields_of(model: Model | None) -> Fields | None:
    record = load(model)
    return None if record is None else record.fields


class Binder:
    """What endpoints are attributes of: it binds queries to a client."""

    def run(self, query: Q) -> Q:
        """Give *query* a client to run on."""
        raise NotImplementedError

    @classmethod
    def endpoints(cls) -> dict[str, Endpoint[Any]]:
        """Give every endpoint, by its name."""
        named = [(name, getattr(cls, name)) for name in dir(cls)]
        return {name: each for name, each in named if is_endpoint(each)}


class Item(Binder):
    """One record by its id, and the resources that lie below it; no I/O."""

    def __init__(
        self, path: str, context: CompanyContext, connection: Connection | None
    ) -> None:
        self._path = path
        self._context = context
        self._connection = connection

    def run(self, query: Q) -> Q:
        """Ask *query* below this item."""
        below = query.below(self._path)
        if self._connection is None:
            return below
        return below.bound(self._context, self._connection)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._path})"


def is_endpoint(value: object) -> TypeGuard[Endpoint[Any]]:
    """Tell whether *value* is an endpoint."""
    return isinstance(value, Endpoint)
