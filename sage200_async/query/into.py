"""Reading into a type of the consumer's own: what is asked for, and what it becomes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec.structs import replace

from sage200_async.errors import QueryError
from sage200_async.odata.builder import add_expand, add_select
from sage200_async.query.endpoint import type_name
from sage200_async.query.into_check import check
from sage200_async.query.into_fields import described, require_type
from sage200_async.query.into_selection import expanded, selected
from sage200_async.query.into_wire import wire_of
from sage200_async.wire.constructed import RECORD

if TYPE_CHECKING:
    from sage200_async.odata.options import QueryOptions
    from sage200_async.query.endpoint import Endpoint
    from sage200_async.query.records import Record
    from sage200_async.wire.constructed import Constructed

_CACHED: Final = 256


class _Form(NamedTuple):
    """How records become a consumer's type."""

    wire: type[Constructed]
    """What they are decoded as."""
    select: tuple[str, ...]
    expand: tuple[str, ...]


def read_into(
    endpoint: Endpoint[Any], options: QueryOptions, model: Any, resource: type[Any]
) -> tuple[Endpoint[Any], QueryOptions]:
    """Return the endpoint whose records become *model*, and what is asked of it.

    Args:
        endpoint: What is read.
        options: What was asked for so far; an earlier type's fields are dropped.
        model: The consumer's type, or the record of the catalog itself.
        resource: The class of the query.

    Raises:
        UnknownFieldError: The record has no field of that name.
        QueryError: *model* is no type that records can become; or fields were chosen
            by name as well.
    """
    if endpoint.into is not None:
        options = replace(options, select=(), expand=())
    if model is endpoint.record:
        return replace(endpoint, into=None, resource=resource), options
    if options.select or options.expand:
        message = (
            f"{endpoint.path}: into() reads the fields of {type_name(model)}: leave "
            "select() and expand() out, and add their fields to the type"
        )
        raise QueryError(message)
    endpoint = replace(endpoint, into=model, resource=resource)
    form, fields = _form_of(endpoint), endpoint.fields
    options = add_select(options, fields, form.select)
    return endpoint, add_expand(options, fields, endpoint.extra_expands, form.expand)


def decoded_as(endpoint: Endpoint[Any]) -> type[Constructed]:
    """Return what records are decoded as, to become an ``endpoint.into``."""
    return _form_of(endpoint).wire


def names_refused(endpoint: Endpoint[Any], method: str) -> QueryError:
    """Return the error of a `select` or an `expand` beside the fields of a type."""
    name = type_name(endpoint.into)
    return QueryError(
        f"{endpoint.path}: into({name}) says which fields are read: leave {method}() "
        f"out, and add them to {name}"
    )


def _form_of(endpoint: Endpoint[Any]) -> _Form:
    require_type(endpoint.into)
    model: Any = endpoint.into
    return _form(model, endpoint.record, endpoint.key)


@lru_cache(_CACHED)
def _form(model: Any, record: type[Record] | None, key: str | None) -> _Form:
    node = described(model)
    check(node, record, key)
    expand = expanded(node) if record is None else ()
    key_type: Any = Any if record is None else int | None
    wire = wire_of(node, key, key_type)
    setattr(wire, RECORD, record)
    return _Form(
        wire,
        tuple(selected(node)),
        tuple(dict.fromkeys(expand)),
    )
