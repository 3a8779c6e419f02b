"""Records as they are stored: ready-made JSON, so that a page is joined text."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from sage200_async.sandbox.schema.tables import STAMPS
from sage200_async.sandbox.store.timestamps import served_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.schema.tables import Shape, Table

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_FIRST_BYTES: Final[dict[str, bytes]] = {
    "text": b'"',
    "enum": b'"',
    "datetime": b'"',
    "integer": b"-0123456789",
    "number": b"-0123456789",
    "boolean": b"tf",
}
_INTEGER_BYTES: Final = frozenset(b"-0123456789")

Values = dict[str, Any]
"""A record, or some of its fields."""


class Row(NamedTuple):
    """One stored record."""

    key: int
    body: str
    """Its plain fields, as a JSON object."""
    expandables: str
    """Its related records, as a JSON object."""
    parent: int = 0
    """The id of the record that it is listed below, if no field holds that."""


def encode(value: object) -> bytes:
    """Return JSON. A `Decimal` keeps its digits."""
    return _ENCODER.encode(value)


def decode(text: str | bytes) -> Any:
    """Return the value of a JSON text, numbers with a point as `Decimal`.

    Raises:
        ValueError: It is not JSON.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def record_from_row(row: Row) -> Values:
    """Return a whole record with its related records, timestamps last."""
    values: Values = decode(row.body)
    stamps = {name: values.pop(name) for name in list(values) if name in STAMPS}
    expandables: Values = decode(row.expandables)
    return values | expandables | stamps


def json_from_row(row: Row) -> bytes:
    """Return a whole record as one JSON object, related records last."""
    body, expandables = row.body.encode(), row.expandables.encode()
    comma = b"," if body != b"{}" and expandables != b"{}" else b""
    return body[:-1] + comma + expandables[1:]


def row_from_record(table: Table, values: Mapping[str, Any], key: int = 0) -> Row:
    """Return a record as a row. *key* is used if its type has no key."""
    shape = table.shape
    scalars, expandables = (
        {name: values[name] for name in names if values.get(name) is not None}
        for names in (shape.scalars, shape.expandables)
    )
    own = int(values[table.key]) if table.key else key
    return Row(own, encode(scalars).decode(), encode(expandables).decode())


def row_from_line(table: Table, line: bytes, number: int = 0) -> Row:
    """Return one line of a data file as a row; its numbers keep their digits.

    Args:
        table: The resource.
        line: One JSON object.
        number: The key to use if the record type has none.

    Raises:
        ValueError: It is not a JSON object, has no key, or a value does not fit
            its field.
    """
    fields = {name: bytes(raw) for name, raw in _OBJECT.decode(line).items()}
    shape = table.shape
    for name, kind in shape.scalars.items():
        if name in fields:
            fields[name] = _checked(name, kind, fields[name])
    key = fields.get(table.key) if table.key else b"%d" % number
    if not key or not _INTEGER_BYTES.issuperset(key):
        raise ValueError(f"expected a whole number in {table.key!r}")
    related = [name for name in fields if name in shape.expandables]
    body = [name for name in _body_order(shape, fields) if fields.get(name)]
    return Row(
        int(key),
        join_object({name: fields[name] for name in body}),
        join_object({name: fields[name] for name in related}),
    )


def _body_order(shape: Shape, fields: Mapping[str, bytes]) -> list[str]:
    """Return the names of a body: known fields, unknown ones, timestamps."""
    known = [name for name in shape.scalars if name not in STAMPS]
    unknown = fields.keys() - shape.scalars.keys() - shape.expandables.keys()
    stamps = [name for name in shape.scalars if name in STAMPS]
    return [*known, *(name for name in fields if name in unknown), *stamps]


def join_object(fields: Mapping[str, bytes]) -> str:
    """Return a JSON object of values that are JSON already."""
    parts = (b'"%s":%s' % (name.encode(), raw) for name, raw in fields.items())
    return (b"{" + b",".join(parts) + b"}").decode()


def _checked(name: str, kind: str, raw: bytes) -> bytes:
    """Return one value as it is stored; null becomes what Sage serves instead."""
    if raw == b"null":
        return b'""' if kind == "text" else b""
    first_bytes = _FIRST_BYTES.get(kind)
    if first_bytes is not None and raw[0] not in first_bytes:
        raise ValueError(f"{name}: expected {kind}, got {raw.decode()[:40]}")
    if kind == "integer" and not _INTEGER_BYTES.issuperset(raw):
        raise ValueError(f"{name}: expected a whole number, got {raw.decode()[:40]}")
    if b"\\u0000" in raw:
        raise ValueError(f"{name}: text cannot hold a NUL character")
    return encode(served_timestamp(json.loads(raw))) if kind == "datetime" else raw


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
