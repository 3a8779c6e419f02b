"""Endpoints: resources as the catalogue declares them."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Generic,
    TypeGuard,
    TypeVar,
    get_origin,
    overload,
)

from msgspec import Struct

from sage200_async.records import Record

if TYPE_CHECKING:
    from sage200_async.view import View

Q = TypeVar("Q", bound="View[Any]")

VERBS: Final = ("get", "create", "update", "delete")
"""What a resource may be able to do, besides being listed."""


class Endpoint(Struct, Generic[Q], frozen=True):
    """A resource as the catalogue declares it.

    On a client it reads as the resource itself, ready to be asked.

    Example:
        >>> from sage200_async.catalog import Endpoints
        >>> sorted(Endpoints.sop_order_line_views.verbs)
        ['list']
        >>> Endpoints.sop_order_line_views.key
        'sop_order_line_id'
    """

    path: str
    """Below the base URL."""
    resource: type[Q]
    """What it reads as on a client: a `Table` or a `View`."""
    record: type[Record] | None = None
    """The record, or None where nobody knows it."""
    key: str | None = None
    """The unique ascending key, or None."""
    watermark: str | None = None
    """The field that moves on with every change, or None."""
    pseudo_members: tuple[str, ...] = ()
    """Names that ``$expand`` takes though no record has them."""

    @property
    def verbs(self) -> frozenset[str]:
        """What can be done with it, besides being listed."""
        kind = get_origin(self.resource) or self.resource
        return frozenset({"list", *(verb for verb in VERBS if hasattr(kind, verb))})

    @property
    def query(self) -> Q:
        """A query without a client, to be built, pickled and run later."""
        return self.resource(self)

    @overload
    def __get__(self, client: None, owner: type) -> Endpoint[Q]: ...
    @overload
    def __get__(self, client: Binder, owner: type) -> Q: ...
    def __get__(self, client: Binder | None, owner: type) -> Endpoint[Q] | Q:
        """Read as itself on the class, as a bound resource on a client."""
        return self if client is None else client.run(self.query)


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


def is_endpoint(value: object) -> TypeGuard[Endpoint[Any]]:
    """Tell whether *value* is an endpoint."""
    return isinstance(value, Endpoint)
