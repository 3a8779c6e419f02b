"""What the catalog says of a record, in the terms that a server needs."""

from __future__ import annotations

import functools
import sys
import types
from importlib import import_module
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from sage200_async.odata.fields import (
    BooleanField,
    DateTimeField,
    EnumField,
    Field,
    Fields,
    IntegerField,
    NumberField,
    TextField,
    names_of,
)
from sage200_async.query.endpoint import load
from sage200_async.query.records import Record

_KINDS: Final[dict[type, str]] = {
    TextField: "text",
    IntegerField: "integer",
    NumberField: "number",
    DateTimeField: "datetime",
    BooleanField: "boolean",
    EnumField: "enum",
}
_STAMPS: Final = ("date_time_created", "date_time_updated")
CONTROLS: Final = frozenset(
    {
        "is_to_delete",
        "is_editing",
        "is_to_sequence_lines",
        "override_on_hold",
        "recalculate_prices",
        "suppress_warnings",
        "create_cancelled_line",
    }
)
"""Fields that steer a write and are never kept."""


class Shape(Struct, frozen=True):
    """The names in a record, or in a member of one."""

    scalars: dict[str, str]
    """Kind of each plain field, in the order in which the service serves them."""
    members: dict[str, type[Record] | None]
    """Record of each expandable member; None where the catalog does not know it."""
    many: frozenset[str]
    """Members that are lists."""
    writable: frozenset[str]
    """Names that a body may set; others in a body are ignored."""
    required: frozenset[str]
    """Names that a new record needs."""


class Table(Struct, frozen=True):
    """One resource, as the sandbox keeps it; its record is loaded when needed."""

    path: str
    """Its name: the last of the path, wherever the path begins."""
    model: type[Record] | str | None
    declared_key: str | None = None
    by_id: bool = True
    """Whether a path names one of its records by id."""
    extra_expands: tuple[str, ...] = ()
    """Names that ``$expand`` takes though no record has them."""
    parameters: tuple[str, ...] = ()
    """Query parameters of its own."""
    order: tuple[str, ...] = ()
    """The order where a request gives none."""
    single: bool = False
    """Whether it is one object."""

    @property
    def key(self) -> str:
        """The field that tells records apart, or ``""`` where none does."""
        if self.declared_key is not None:
            return self.declared_key
        return "id" if self.by_id and "id" in shape_of(self.model).scalars else ""

    @property
    def record(self) -> type[Record] | None:
        """Its record, or None where nobody knows it."""
        return load(self.model)

    @property
    def shape(self) -> Shape:
        """The names in its record."""
        return shape_of(self.model, self.declared_key or "id")


@functools.cache
def shape_of(model: type[Record] | str | None, key: str = "id") -> Shape:
    """Read a record's names from its namespace, its model and its input."""
    record = load(model)
    if record is None:
        return Shape({key: "integer"}, {}, *[frozenset[str]()] * 3)
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


def area_of(model: type[Record] | str | None) -> str:
    """Name the module of Sage 200 that a record belongs to: ``sales``, ``sop``."""
    if model is None:
        return ""
    module = model.partition(":")[0] if isinstance(model, str) else model.__module__
    return module.rpartition(".")[2]


def _kind(field: type[Field[Any] | Fields]) -> str:
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
    """Find what may and what must be written, from the record's inputs."""
    module = _inputs_beside(record)
    named = [
        getattr(module, f"{record.__name__}{suffix}", None)
        for suffix in ("Input", "Row", "Changes")
    ]
    given = [each for each in named if each is not None]
    if not given:
        return frozenset(), frozenset()
    required = frozenset[str]() if named[0] is None else named[0].__required_keys__
    names = {str(name) for each in given for name in each.__annotations__}
    return frozenset(names), required


def _inputs_beside(record: type[Record]) -> types.ModuleType:
    try:
        return import_module(record.__module__.replace(".models.", ".inputs."))
    except ModuleNotFoundError:  # an area of which nothing is written
        return sys.modules[record.__module__]
