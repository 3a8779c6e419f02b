"""The columns of a query: types from the catalog, never from values."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

from sage200_async.arrow.libraries import DataType, Field, Schema, pa
from sage200_async.odata.namespaces import Fields, OpaqueFields, names_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.odata.options import QueryOptions

SCALE: Final = 10
"""Decimal places of a number: Sage's have 9 at most."""
WHOLE_DIGITS: Final = 38 - SCALE
"""Digits of a number before the point: with its places, the most that 128 bits hold."""
INTEGER: Final = pa.int64()
NUMBER: Final = pa.decimal128(WHOLE_DIGITS + SCALE, SCALE)
TIME: Final = pa.timestamp("us", tz="UTC")
_TYPES: Final[dict[str, DataType]] = {
    "integer": INTEGER,
    "number": NUMBER,
    "text": pa.string(),
    "enum": pa.string(),
    "boolean": pa.bool_(),
    "datetime": TIME,
}
_JSON: Final = {b"content": b"json"}
# Of a field whose values have no fixed type: they are JSON text.
_NAME: Final = re.compile(r"\w+")


def schema_of(record: Any, options: QueryOptions, key: str | None) -> Schema:
    """Return the columns of a query: the key, the selected fields, what is expanded.

    Expanded records are structs, or lists of structs. Within them, so are the lists and
    the parts that are theirs, such as a contact's emails, and what is expanded by name, as
    in ``"lines.product"``; other related records are JSON text.
    Every column may be null but the key: Sage omits what is null.

    Args:
        record: The record of the catalog.
        options: What is selected and expanded.
        key: The unique key, or None.
    """
    expanded = [name.split(".") for name in _expanded(options)]
    plain = list(_plain_names(record))
    chosen = [name.partition(".")[0] for name in options.select] or plain
    keyed = [key] if key and key not in chosen else []
    heads = [path[0] for path in expanded]
    names = dict.fromkeys([*keyed, *chosen, *heads])
    known = _kinds(record)
    fields = [_field(record, name, expanded) for name in names if name in known]
    return pa.schema(
        [field.with_nullable(False) if field.name == key else field for field in fields]
    )


def _kinds(record: Any) -> dict[str, Any]:
    """Return the fields of *record* by name, each with its class."""
    namespace: Fields = record.fields
    return dict(names_of(type(namespace)))


def _expanded(options: QueryOptions) -> Iterator[str]:
    yield from options.expand
    for name in options.select:
        if "." in name:
            yield name.partition(".")[0]


def _plain_names(record: Any) -> Iterator[str]:
    for name, kind in _kinds(record).items():
        if not issubclass(kind, Fields):
            yield name


def _field(
    record: Any, name: str, expanded: list[list[str]], above: tuple[Any, ...] = ()
) -> Field:
    kind: Any = _kinds(record)[name]
    if not issubclass(kind, Fields):
        known = _TYPES.get(kind.kind)
        return (
            pa.field(name, known)
            if known
            else pa.field(name, pa.string(), metadata=_JSON)
        )
    related = related_record(record, name)
    if related is None or related in above or issubclass(kind, OpaqueFields):
        return pa.field(name, pa.string(), metadata=_JSON)
    below = [path[1:] for path in expanded if path[0] == name and len(path) > 1]
    struct = pa.struct(list(_parts(related, below, (*above, record))))
    if _is_list(record, name):
        return pa.field(name, pa.list_(pa.field("item", struct, nullable=False)))
    return pa.field(name, struct)


def _parts(
    record: Any, named: list[list[str]], above: tuple[Any, ...]
) -> Iterator[Field]:
    """Yield the fields of an expanded record, with what belongs to it or is named.

    Other related records stand for themselves, and Sage seldom brings them: all of them
    would be thousands of columns. They are JSON text, so that none is lost.
    """
    heads = {path[0] for path in named}
    for name, kind in _kinds(record).items():
        related = related_record(record, name) if issubclass(kind, Fields) else None
        own = related is None or _belongs(related, record, name)
        if own or name in heads or _is_list(record, name):
            yield _field(record, name, named, above)
        else:
            yield pa.field(name, pa.string(), metadata=_JSON)


def _belongs(related: Any, record: Any, name: str) -> bool:
    """Return whether a related record is part of *record*, rather than linked by an id."""
    if related.__name__.startswith(record.__name__):
        return True
    linked = f"{name}_id" in record.__struct_fields__
    return bool(related.__module__ == record.__module__) and not linked


def related_record(record: Any, name: str) -> Any:
    """Return the record that a field of *record* holds, one or a list, or None."""
    words = _NAME.findall(str(record.__annotations__.get(name)))
    names = vars(sys.modules[record.__module__])
    kinds = (names.get(word) for word in words)
    return next((kind for kind in kinds if hasattr(kind, "fields")), None)


def _is_list(record: Any, name: str) -> bool:
    return str(record.__annotations__.get(name)).startswith("list[")


def is_json(field: Field) -> bool:
    """Return whether the values of *field* are JSON text, since they have no type."""
    return field.metadata is not None and field.metadata.get(b"content") == b"json"
