"""What the catalogue says of a record, in the terms that a server needs."""

from __future__ import annotations

import functools
import types
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from sage200_async.odata.fields import (
    BooleanField,
    EnumField,
    Field,
    Fields,
    IntegerField,
    MomentField,
    NumberField,
    TextField,
    names_of,
)
from sage200_async.records import Record

_KINDS: Final[dict[type, str]] = {
    TextField: "text",
    IntegerField: "integer",
    NumberField: "number",
    MomentField: "moment",
    BooleanField: "boolean",
    EnumField: "enum",
}
_STAMPS: Final = ("date_time_created", "date_time_updated")
CONTROLS: Final = frozenset({"is_to_delete"})
"""Fields that steer a write and are never kept."""


class Shape(Struct, frozen=True):
    """The names in a record, or in a member of one."""

    scalars: dict[str, str]
    """Kind of each plain field, in the order in which the service serves them."""
    members: dict[str, type[Record] | None]
    """Record of each expandable member; None where the catalogue does not know it."""
    many: frozenset[str]
    """Members that are lists."""
    writable: frozenset[str]
    """Names that a body may set; others in a body are ignored."""
    required: frozenset[str]
    """Names that a new record needs."""


class Table(Struct, frozen=True):
    """One resource, as the sandbox keeps it."""

    path: str
    key: str
    verbs: frozenset[str]
    shape: Shape
    record: type[Record]
    pseudo_members: tuple[str, ...] = ()
    """Names that ``$expand`` takes though no record has them."""


def tables() -> dict[str, Table]:
    """Give every resource of the catalogue that holds records, by path."""
    from sage200_async.catalog.endpoints import Endpoints  # noqa: PLC0415

    found: dict[str, Table] = {}
    for endpoint in Endpoints.endpoints().values():
        record, key = endpoint.record, endpoint.key
        if key and record is not None:
            verbs = frozenset(str(verb) for verb in endpoint.verbs)
            shape = shape_of(record, key)
            found[endpoint.path] = Table(
                endpoint.path, key, verbs, shape, record, endpoint.pseudo_members
            )
    return found


@functools.cache
def shape_of(record: type[Record], key: str = "id") -> Shape:
    """Read a record's names from its namespace, its model and its input."""
    fields: Fields = vars(record)["fields"]
    hints = get_type_hints(record)
    names = names_of(type(fields))
    members = [name for name, kind in names.items() if issubclass(kind, Fields)]
    writable, required = _input_of(record)
    return Shape(
        scalars=_ordered(
            {name: _kind(kind) for name, kind in names.items() if name not in members},
            key,
        ),
        members={name: _record_in(hints.get(name)) for name in members},
        many=frozenset(name for name in members if _is_list(hints.get(name))),
        writable=writable or frozenset(names),
        required=required,
    )


def _kind(field: type[Field[object] | Fields]) -> str:
    return _KINDS.get(field, "any")


def _ordered(kinds: dict[str, str], key: str) -> dict[str, str]:
    """Order as served: business fields, the id, the two stamps."""
    tail = [key] if key == "id" else []
    last = [name for name in (*tail, *_STAMPS) if name in kinds]
    return {name: kinds[name] for name in kinds if name not in last} | {
        name: kinds[name] for name in last
    }


def _options(hint: object) -> tuple[object, ...]:
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)


def _is_list(hint: object) -> bool:
    return any(get_origin(option) is list for option in _options(hint))


def _record_in(hint: object) -> type[Record] | None:
    for option in _options(hint):
        inner = get_args(option)[0] if get_origin(option) is list else option
        if isinstance(inner, type) and issubclass(inner, Record):
            return inner
    return None


def _input_of(record: type[Record]) -> tuple[frozenset[str], frozenset[str]]:
    """Find what may and what must be written, from ``<Record>Input``."""
    home = record.__module__.replace(".models.", ".inputs.")
    module = import_module(home) if find_spec(home) else None
    given = getattr(module, f"{record.__name__}Input", None)
    row = getattr(module, f"{record.__name__}Row", None)
    names = [frozenset(each.__annotations__) for each in (given, row) if each]
    required = frozenset(given.__required_keys__) if given else frozenset[str]()
    return frozenset[str]().union(*names), required
