"""Where the live service and a record have grown apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.errors import DecodeError
from sage200_async.odata.fields import Field, Fields, names_of
from sage200_async.wire.decode import UNFIT, decoder_for
from sage200_async.wire.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sage200_async.wire.messages import Response

_SHOWN: Final = 200
_NAMES: Final = ("name", "Name", "field", "Field")
_TYPES: Final = ("type", "Type", "dataType", "DataType")
_LISTS: Final = ("value", "fields", "metadata", "properties")
_MEMBER: Final = "member"
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
    "array": _MEMBER,
    "list": _MEMBER,
    "coll": _MEMBER,
    "obj": _MEMBER,
}
# The beginnings of type names, OData's, .NET's and JSON's; the shape of
# $metadata is not documented, so what begins otherwise is not compared.


class Retyped(Struct, frozen=True):
    """A field whose type is not the one known here."""

    name: str
    expected: str
    """What the record says: text, integer, number, boolean, moment or member."""
    got: str
    """What the service says or serves."""


class SchemaDiff(Struct, frozen=True):
    """How the live service differs from a record. True when it does."""

    unknown: tuple[str, ...] = ()
    """Served or announced, and not in the record: it is passed over."""
    missing: tuple[str, ...] = ()
    """In the record, and not announced: it reads as None."""
    retyped: tuple[Retyped, ...] = ()
    """Of another type: it may not decode."""

    def __bool__(self) -> bool:
        return bool(self.unknown or self.missing or self.retyped)


def read_metadata(response: Response) -> dict[str, str]:
    """Read the reply to ``$metadata=true``: names, each with its type's name.

    Its shape is not documented beyond "name, type, sort order, sort
    ascending": a list of objects and an object by name are understood, bare or
    in a wrapper.

    Raises:
        DecodeError: The reply is neither; the message shows it.

    Source:
        Sage 200 API guide, "Query parameters".
    """
    try:
        found = dict(_announced(decoder_for(Any).decode(bytes(response.body))))
    except UNFIT:
        found = {}
    if not found:
        got = bytes(response.body)[:_SHOWN].decode(errors="replace")
        raise DecodeError(
            f"expected names and types of fields, got {got!r}", json_path="$"
        )
    return found


def _announced(reply: Any) -> Iterator[tuple[str, str]]:
    if is_array(reply):
        for each in reply:
            if is_object(each) and (name := _first(each, _NAMES)):
                yield name, _first(each, _TYPES)
    elif is_object(reply):
        inner = next(
            (reply[name] for name in _LISTS if is_array(reply.get(name))), None
        )
        if inner is not None:
            yield from _announced(inner)
            return
        for name, said in reply.items():
            yield name, _first(said, _TYPES) if is_object(said) else str(said)


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
    known = {name: _kind(each) for name, each in names_of(type(fields)).items()}
    served: dict[str, str] = {}
    for row in rows:
        served |= {name: kind for name, value in row.items() if (kind := _seen(value))}
    said = {name: _kind_named(text) for name, text in announced.items()}
    retyped = [
        Retyped(name, known[name], got)
        for name, got in {**said, **served}.items()
        if name in known and got and not _agree(known[name], got)
    ]
    return SchemaDiff(
        unknown=tuple(sorted((said.keys() | served.keys()) - known.keys())),
        missing=tuple(sorted(known.keys() - said.keys() - served.keys())),
        retyped=tuple(sorted(retyped, key=lambda each: each.name)),
    )


def _kind(each: type[Field[Any] | Fields]) -> str:
    if issubclass(each, Fields):
        return _MEMBER
    return "text" if each.kind == "enum" else each.kind


def _kind_named(text: str) -> str:
    plain = text.lower().removeprefix("edm.").removeprefix("system.")
    return next((kind for start, kind in _KINDS.items() if plain.startswith(start)), "")


def _seen(value: object) -> str:
    """Tell the kind of a value as it came; null tells nothing."""
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
            return _MEMBER
        case _:
            return "number"


def _agree(expected: str, got: str) -> bool:
    """Tell whether one kind may come as another: times are text in JSON."""
    return expected == got or (expected, got) in {
        ("number", "integer"),
        ("datetime", "text"),
    }
