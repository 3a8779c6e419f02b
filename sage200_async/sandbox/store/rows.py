"""Records as they are kept: ready-made JSON, so that a page is joined text."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from sage200_async.sandbox.store.timestamps import served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.store.schema import Shape, Table

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_RAW: Final = msgspec.json.Decoder(dict[str, Raw])
_STARTS: Final[dict[str, bytes]] = {
    "text": b'"',
    "enum": b'"',
    "datetime": b'"',
    "integer": b"-0123456789",
    "number": b"-0123456789",
    "boolean": b"tf",
}
_NO_FRACTION: Final = frozenset(b"-0123456789")

Values = dict[str, Any]


class Row(NamedTuple):
    """One record: its key, its plain fields and its members, both as JSON."""

    key: int
    body: str
    members: str
    parent: int = 0
    """The id that it is listed below, where no field of its own says so."""


def encode(value: object) -> bytes:
    """Write JSON, decimals with the digits that they have."""
    return _ENCODER.encode(value)


def decode(text: str | bytes) -> Any:
    """Read JSON, numbers with a point as `Decimal`.

    Raises:
        ValueError: It is no JSON.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)


def record_of(row: Row) -> Values:
    """Read a whole record, members and all, stamps last."""
    values: Values = decode(row.body)
    stamps = {name: values.pop(name) for name in list(values) if _is_stamp(name)}
    members: Values = decode(row.members)
    return values | members | stamps


def merged(row: Row) -> bytes:
    """Write a row as one object, members last."""
    body, members = row.body.encode(), row.members.encode()
    comma = b"," if body != b"{}" and members != b"{}" else b""
    return body[:-1] + comma + members[1:]


def row_of(table: Table, values: Mapping[str, Any], key: int = 0) -> Row:
    """Write a record as a row, of the *key* that it has or else is given."""
    shape = table.shape
    scalars = {
        name: values[name] for name in shape.scalars if values.get(name) is not None
    }
    members = {
        name: values[name] for name in shape.members if values.get(name) is not None
    }
    body = encode(scalars).decode()
    own = int(values[table.key]) if table.key else key
    return Row(own, body, encode(members).decode())


def row_from_line(table: Table, line: bytes, number: int = 0) -> Row:
    """Read a line of a data file; numbers stay as they are written.

    Args:
        table: The resource.
        line: One JSON object.
        number: The record's key, where no field tells records apart.

    Raises:
        ValueError: It is no JSON object, has no key, or a value that its field
            cannot hold.
    """
    raws = {name: bytes(raw) for name, raw in _RAW.decode(line).items()}
    shape = table.shape
    for name, kind in shape.scalars.items():
        if name in raws:
            raws[name] = _checked(name, kind, raws[name])
    key = raws.get(table.key) if table.key else b"%d" % number
    if not key or not _NO_FRACTION.issuperset(key):
        raise ValueError(f"expected a whole number in {table.key!r}")
    extra = [name for name in raws if name not in shape.scalars]
    plain = [name for name in extra if name not in shape.members]
    names = [*_before_stamps(shape), *plain, *filter(_is_stamp, shape.scalars)]
    return Row(
        int(key),
        joined({name: raws[name] for name in names if raws.get(name)}),
        joined({name: raws[name] for name in extra if name in shape.members}),
    )


def _before_stamps(shape: Shape) -> list[str]:
    return [name for name in shape.scalars if not _is_stamp(name)]


def _is_stamp(name: str) -> bool:
    return name in {"date_time_created", "date_time_updated"}


def joined(raws: Mapping[str, bytes]) -> str:
    """Write an object of which the values are written already."""
    parts = (b'"%s":%s' % (name.encode(), raw) for name, raw in raws.items())
    return (b"{" + b",".join(parts) + b"}").decode()


def _checked(name: str, kind: str, raw: bytes) -> bytes:
    """Check one value; a null is written as the service serves it."""
    if raw == b"null":
        return b'""' if kind == "text" else b""
    starts = _STARTS.get(kind)
    if starts is not None and raw[0] not in starts:
        raise ValueError(f"{name}: expected {kind}, got {raw.decode()[:40]}")
    if kind == "integer" and not _NO_FRACTION.issuperset(raw):
        raise ValueError(f"{name}: expected a whole number, got {raw.decode()[:40]}")
    if b"\\u0000" in raw:
        raise ValueError(f"{name}: text cannot hold a NUL character")
    return encode(served(json.loads(raw))) if kind == "datetime" else raw


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
