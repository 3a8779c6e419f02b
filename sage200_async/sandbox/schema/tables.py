"""What the catalog says about a resource: its key, fields and related records."""

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
    IntegerField,
    NumberField,
    TextField,
)
from sage200_async.odata.namespaces import Fields, known_values, names_of
from sage200_async.query.endpoint import load_record
from sage200_async.query.input_rules import rules_of
from sage200_async.query.records import Record
from sage200_async.sandbox.schema.served_order import served_names, unserved_names

_KINDS: Final[dict[type, str]] = {
    TextField: "text",
    IntegerField: "integer",
    NumberField: "number",
    DateTimeField: "datetime",
    BooleanField: "boolean",
    EnumField: "enum",
}
STAMPS: Final = ("date_time_created", "date_time_updated")
"""When a record was created and last changed; served as its last fields."""
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
"""Fields that control a write and are never stored."""


class Shape(Struct, frozen=True):
    """The fields and related records of one record type."""

    scalars: dict[str, str]
    """Kind of each plain field, in the order in which the service serves them."""
    served: dict[str, str]
    """Those that responses have."""
    expandables: dict[str, type[Record] | None]
    """Record type of each related record; None where the catalog does not know it."""
    lists: frozenset[str]
    """The expandables that are lists."""
    writable: frozenset[str]
    """Names that a body may set; others in a body are ignored."""
    required: frozenset[str]
    """Names that a new record needs."""
    unserved: frozenset[str] = frozenset()
    """Names that are never stored, and that no response has."""
    lengths: dict[str, int] = {}
    """Characters of each text at most."""
    enum_values: dict[str, tuple[str, ...]] = {}
    """Values of each enum that are known; there may be others."""

    @property
    def fields(self) -> frozenset[str]:
        """The names of all fields and related records."""
        return frozenset(self.scalars) | frozenset(self.expandables)


class Table(Struct, frozen=True):
    """One resource as the sandbox stores it. Its record type is loaded when needed."""

    path: str
    """Its name: the last segment of its path, nested or not."""
    model: type[Record] | str | None
    declared_key: str | None = None
    by_id: bool = True
    """Whether a path can name one of its records by id."""
    extra_expands: tuple[str, ...] = ()
    """Names that ``$expand`` accepts although the record has no such field."""
    parameters: tuple[str, ...] = ()
    """Query parameters that only this resource has."""
    default_order: tuple[str, ...] = ()
    """The order of a request without ``$orderby``."""
    is_single: bool = False
    """Whether it is one object, not a collection."""
    is_derived: bool = False
    """Whether its rows are not stored, but made of other records when they are read."""

    @property
    def key(self) -> str:
        """The field that identifies a record, or ``""`` if there is none."""
        if self.declared_key is not None:
            return self.declared_key
        return "id" if self.by_id and "id" in shape_of(self.model).scalars else ""

    @property
    def record(self) -> type[Record] | None:
        """Its record type, or None if it is unknown."""
        return load_record(self.model)

    @property
    def shape(self) -> Shape:
        """The fields and related records of its record type."""
        return shape_of(self.model, self.declared_key or "id")


@functools.cache
def shape_of(model: type[Record] | str | None, key: str = "id") -> Shape:
    """Return the shape of a record type, read from its model and its inputs."""
    record = load_record(model)
    if record is None:
        none = frozenset[str]()
        only = {key: "integer"}
        return Shape(only, only, {}, none, none, none)
    fields: Fields = vars(record)["fields"]
    hints = get_type_hints(record)
    names = names_of(type(fields))
    related = [name for name, kind in names.items() if issubclass(kind, Fields)]
    writable, required = _writable_and_required(record)
    kinds = {name: _kind(kind) for name, kind in names.items() if name not in related}
    scalars = _served_order(kinds, key, record.__name__)
    unserved = CONTROLS | unserved_names(record.__name__)
    return Shape(
        scalars=scalars,
        served={name: kind for name, kind in scalars.items() if name not in unserved},
        expandables={name: _record_type(hints.get(name)) for name in related},
        lists=frozenset(name for name in related if _is_list(hints.get(name))),
        writable=writable or frozenset(names),
        required=required,
        lengths=_lengths(type(fields)),
        unserved=unserved,
        enum_values={name: known_values(type(fields), name) for name in names},
    )


def area_of(model: type[Record] | str | None) -> str:
    """Return the Sage 200 module that a record belongs to, as in ``sales``, ``sop``."""
    if model is None:
        return ""
    module = model.partition(":")[0] if isinstance(model, str) else model.__module__
    return module.rpartition(".")[2]


def _kind(field: type[Field[Any] | Fields]) -> str:
    return _KINDS.get(field, "any")


def _served_order(kinds: dict[str, str], key: str, record: str) -> dict[str, str]:
    """Return the fields as Sage orders them: business fields, id, two timestamps.

    A field whose place is unknown follows the one that it follows in the documents.
    """
    tail = [key] if key == "id" else []
    last = [name for name in (*tail, *STAMPS) if name in kinds]
    seen = [name for name in served_names(record) if name in kinds]
    names, before = list(seen), ""
    for name in kinds:
        if name not in seen and name not in last:
            names.insert(names.index(before) + 1 if before else 0, name)
        before = before if name in last else name
    return {name: kinds[name] for name in (*names, *last)}


def _options(hint: object) -> tuple[object, ...]:
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)


def _is_list(hint: object) -> bool:
    return any(get_origin(option) is list for option in _options(hint))


def _record_type(hint: object) -> type[Record] | None:
    for option in _options(hint):
        inner = get_args(option)[0] if get_origin(option) is list else option
        if isinstance(inner, type) and issubclass(inner, Record):
            return inner
    return None


def _lengths(fields: type[Fields]) -> dict[str, int]:
    rules = rules_of(fields)
    limits = {} if rules is None else rules.lengths
    return {name: most for name, (most, _) in limits.items()}


def _writable_and_required(
    record: type[Record],
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that a body may set, and those that it must set."""
    module = _inputs_module(record)
    candidates = [
        getattr(module, f"{record.__name__}{suffix}", None)
        for suffix in ("Input", "Row", "Changes")
    ]
    inputs = [candidate for candidate in candidates if candidate is not None]
    if not inputs:
        return frozenset(), frozenset()
    create = candidates[0]
    required = frozenset[str]() if create is None else create.__required_keys__
    names = {str(name) for input_type in inputs for name in input_type.__annotations__}
    return frozenset(names), required


def _inputs_module(record: type[Record]) -> types.ModuleType:
    try:
        return import_module(record.__module__.replace(".models.", ".inputs."))
    except ModuleNotFoundError:  # an area without any writes
        return sys.modules[record.__module__]
