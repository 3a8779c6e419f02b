"""What the live service has and the catalog lacks, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.errors import DecodeError, QueryError
from sage200_async.odata.namespaces import Fields, names_of
from sage200_async.odata.suggest import did_you_mean
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.headers import request_id
from sage200_async.wire.json_types import (
    BYTE_ORDER_MARK,
    DECODING_ERRORS,
    is_array,
    is_object,
)
from sage200_async.wire.not_records import PROXY_HINT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sage200_async.odata.fields import Field
    from sage200_async.query.endpoint import Endpoint
    from sage200_async.query.records import Record
    from sage200_async.wire.messages import Response

_SHOWN: Final = 200
_NAMES: Final = ("name", "Name", "field", "Field")
_TYPES: Final = ("type", "Type", "dataType", "DataType")
_LISTS: Final = ("value", "fields", "metadata", "properties")
_EXPANDABLE: Final = "expandable"
_KINDS: Final = {
    "bool": "boolean",
    "int": "integer",
    "short": "integer",
    "long": "integer",
    "byte": "integer",
    "dec": "number",
    "num": "number",
    "dou": "number",
    "flo": "number",
    "single": "number",
    "date": "datetime",
    "time": "datetime",
    "str": "text",
    "text": "text",
    "enum": "text",
    "guid": "text",
    "array": _EXPANDABLE,
    "list": _EXPANDABLE,
    "coll": _EXPANDABLE,
    "obj": _EXPANDABLE,
}
# How the type names of OData, .NET and JSON begin; the shape of $metadata is not
# documented, so types that begin otherwise are not compared.


class Retyped(Struct, frozen=True):
    """A field whose type differs from that of the record."""

    name: str
    expected: str
    """In the record: text, integer, number, boolean, datetime or expandable."""
    got: str
    """As announced or served by the service."""


class SchemaDiff(Struct, frozen=True):
    """How the live service differs from a record. True where it does."""

    unknown: tuple[str, ...] = ()
    """Served or announced, and not in the record: ignored."""
    missing: tuple[str, ...] = ()
    """In the record, and not announced: always None."""
    retyped: tuple[Retyped, ...] = ()
    """Of another type: may not decode."""

    def __bool__(self) -> bool:
        return bool(self.unknown or self.missing or self.retyped)


def find_listed(
    endpoints: Mapping[str, Endpoint[Any]], name: str
) -> tuple[Endpoint[Any], type[Record]]:
    """Return a resource that is listed, and its record.

    Raises:
        QueryError: There is no such resource, or it has no records to list.
    """
    endpoint = endpoints.get(name)
    if endpoint is None:
        hint = did_you_mean(name, endpoints, "`sage200 resources` lists them")
        raise QueryError(f"the catalog has no resource {name!r}{hint}")
    if endpoint.record is None or "list" not in endpoint.verbs:
        raise QueryError(f"{name} has no records to list, so there is no schema")
    return endpoint, endpoint.record


def read_metadata(response: Response) -> dict[str, str]:
    """Return field names and the names of their types from ``$metadata=true``.

    The shape of the response is not documented beyond "name, type, sort order,
    sort ascending": a list of objects and an object by name are understood,
    bare or in a wrapper.

    Raises:
        DecodeError: The response is neither; the message shows it.

    Source:
        Sage 200 API guide, "Query parameters".
    """
    body = bytes(response.body).removeprefix(BYTE_ORDER_MARK)
    try:
        fields = dict(_announced(decoder_for(Any).decode(body)))
    except DECODING_ERRORS:
        fields = {}
    if not any(map(_kind_named, fields.values())):
        got = body[:_SHOWN].decode(errors="replace")
        error = DecodeError(
            f"expected names and types of fields, got {got!r}: either the service "
            f"ignores $metadata=true, or it is not Sage 200: {PROXY_HINT}",
            json_path="$",
        )
        error.request_id = request_id(response.headers)
        raise error
    return fields


def _announced(reply: Any) -> Iterator[tuple[str, str]]:
    if is_array(reply):
        for row in reply:
            if is_object(row) and (name := _first(row, _NAMES)):
                yield name, _first(row, _TYPES)
    elif is_object(reply):
        inner = next(
            (reply[name] for name in _LISTS if is_array(reply.get(name))), None
        )
        if inner is not None:
            yield from _announced(inner)
            return
        for name, kind in reply.items():
            yield name, _first(kind, _TYPES) if is_object(kind) else str(kind)


def _first(row: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((str(row[name]) for name in names if row.get(name)), "")


def compare(
    fields: Fields, announced: Mapping[str, str], rows: Iterable[Mapping[str, Any]]
) -> SchemaDiff:
    """Compare a record's fields with what is announced and what is served.

    Args:
        fields: The record's.
        announced: Names and types, from `read_metadata`.
        rows: Records as they came.
    """
    known = {name: _kind(cls) for name, cls in names_of(type(fields)).items()}
    served: dict[str, str] = {}
    for row in rows:
        kinds = {name: _kind_of_value(value) for name, value in row.items()}
        served |= {name: kind for name, kind in kinds.items() if kind}
    declared = {name: _kind_named(text) for name, text in announced.items()}
    retyped = [
        Retyped(name, known[name], got)
        for name, got in {**declared, **served}.items()
        if name in known and got and not _agree(known[name], got)
    ]
    return SchemaDiff(
        unknown=tuple(sorted((declared.keys() | served.keys()) - known.keys())),
        missing=tuple(sorted(known.keys() - declared.keys() - served.keys())),
        retyped=tuple(sorted(retyped, key=lambda field: field.name)),
    )


def _kind(cls: type[Field[Any] | Fields]) -> str:
    if issubclass(cls, Fields):
        return _EXPANDABLE
    return "text" if cls.kind == "enum" else cls.kind


def _kind_named(text: str) -> str:
    plain = text.lower().removeprefix("edm.").removeprefix("system.")
    return next((kind for start, kind in _KINDS.items() if plain.startswith(start)), "")


def _kind_of_value(value: object) -> str:
    """Return the kind of a value as it came, or "" for null."""
    match value:
        case None:
            return ""
        case bool():
            return "boolean"
        case str():
            return "text"
        case int():
            return "integer"
        case dict() | list():
            return _EXPANDABLE
        case _:
            return "number"


def _agree(expected: str, got: str) -> bool:
    """Whether one kind may come as another: times are text in JSON."""
    return expected == got or (expected, got) in {
        ("number", "integer"),
        ("datetime", "text"),
    }
