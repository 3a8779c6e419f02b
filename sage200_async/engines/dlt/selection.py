"""Which records are read, and what of them; checked without I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.catalog.endpoints import Endpoints
from sage200_async.errors import QueryError
from sage200_async.odata.expressions import raw
from sage200_async.odata.plain_values import shown
from sage200_async.odata.suggest import did_you_mean
from sage200_async.query.collection import CollectionQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COMMON: Final = ("top", "skip")


class Selection(Struct, frozen=True, kw_only=True):
    """What is read of each resource, by its name."""

    columns: Mapping[str, Sequence[str]]
    filter: Mapping[str, str]
    expand: Mapping[str, Sequence[str]]


def queries_of(
    resources: Sequence[str | CollectionQuery[Any]], selection: Selection
) -> list[CollectionQuery[Any]]:
    """Return the query of each of *resources*.

    Raises:
        QueryError: There is none; one is unknown, cannot be listed, or is named twice;
            or the selection has one that is not read.
        UnknownFieldError: It has no such column or related records.
    """
    queries = [_query(resource) for resource in resources]
    names = [query.endpoint.path for query in queries]
    _require_different(names)
    for argument in selection.__struct_fields__:
        _require_read(argument, getattr(selection, argument), names)
    return [_refined(query, selection) for query in queries]


def _query(resource: str | CollectionQuery[Any]) -> CollectionQuery[Any]:
    if not isinstance(resource, str):
        return _required_query(resource)
    endpoints = Endpoints.endpoints()
    if resource not in endpoints:
        hint = did_you_mean(resource, endpoints, "`sage200 resources` lists them")
        raise QueryError(f"the catalog has no resource {resource!r}{hint}")
    endpoint = endpoints[resource]
    if "list" not in endpoint.verbs:
        raise QueryError(f"{resource} cannot be listed")
    query: CollectionQuery[Any] = endpoint.query
    return query


def _required_query(query: Any) -> CollectionQuery[Any]:
    if not issubclass(type(query), CollectionQuery):
        message = "sage200() takes names of resources, or queries of them, got"
        raise QueryError(f"{message} {shown(query)}")
    checked: CollectionQuery[Any] = query
    return checked


def _require_different(names: Sequence[str]) -> None:
    if not names:
        message = "sage200() needs the name of a resource, such as 'customers'"
        raise QueryError(message)
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        message = f"{twice[0]} is named twice; use a source with another name for each"
        raise QueryError(message)


def _require_read(argument: str, known: Iterable[str], names: Sequence[str]) -> None:
    for name in known:
        if name not in names:
            hint = did_you_mean(name, names, f"the source reads {', '.join(names)}")
            raise QueryError(f"{argument} names {name!r}, which is not read{hint}")


def _refined(query: CollectionQuery[Any], selection: Selection) -> CollectionQuery[Any]:
    """Return *query* with what the selection has of it.

    Raises:
        QueryError: It has an order or an end of its own: a table is read by its key.
    """
    name, options = query.endpoint.path, query.options
    ordered = ("order_by",) if query.endpoint.key and options.order_by else ()
    for method in (*ordered, *(one for one in _COMMON if getattr(options, one))):
        raise QueryError(f"{name}: leave {method}() out: a table has all that match")
    condition = selection.filter.get(name)
    for part in () if condition is None else (raw(condition),):
        query = query.filter(part)
    columns = _names("columns", name, selection.columns.get(name, ()))
    return query.select(*columns).expand(
        *_names("expand", name, selection.expand.get(name, ()))
    )


def _names(argument: str, resource: str, names: Sequence[str]) -> Iterator[str]:
    if isinstance(names, str):
        message = f"{argument}: expected a list of names for {resource}, got"
        raise QueryError(f"{message} {shown(names)}")
    yield from names
