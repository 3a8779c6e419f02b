"""Whether a consumer's own type can hold the records of a resource."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Literal,
    NamedTuple,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import inspect

from sage200_async.errors import QueryError, UnknownFieldError
from sage200_async.odata.fields import field as field_named
from sage200_async.odata.namespaces import unknown_field
from sage200_async.query.into_fields import (
    OWN,
    alternatives,
    fields_of,
    item_of,
    name_of,
    takes_anything,
)
from sage200_async.query.into_selection import is_whole, related_in
from sage200_async.query.records import Record

if TYPE_CHECKING:
    from msgspec.inspect import Type

    from sage200_async.odata.namespaces import Fields
    from sage200_async.query.into_fields import Own

_HOLDS: Final[dict[Any, tuple[type[Type], ...]]] = {
    str: (inspect.StrType, inspect.UUIDType),
    int: (inspect.IntType, inspect.DecimalType),
    Decimal: (inspect.DecimalType,),
    bool: (inspect.BoolType,),
    datetime: (inspect.DateTimeType,),
}
_DEEP: Final = "a type of your own stands alone or in a list; use dict[str, Any] here"
_ADVICE: Final = {
    str: "str, a Literal or an Enum",
    int: "int",
    Decimal: "Decimal, which keeps every digit",
    bool: "bool",
    datetime: "datetime: times come aware, in UTC",
}


def check(node: Own, record: type[Record] | None, key: str | None) -> None:
    """Check the names and the types of the fields of *node*.

    Args:
        node: The consumer's type.
        record: What it is made of; None where the catalog has none: then only
            what no record could have is refused.
        key: The field that pages are checked by.

    Raises:
        UnknownFieldError: The record has no field of that name.
        QueryError: A type cannot hold what its field holds.
    """
    _check_level(node, record, (node,))
    if record is None:
        return
    for field in fields_of(node):
        types = alternatives(field.type)
        if field.encode_name == key and not all(map(_holds_key, types)):
            where = f"{name_of(node)}.{field.name}"
            got = " | ".join(map(text_of, types))
            message = f"{where}: {got} cannot hold the key {key}; use int"
            raise QueryError(message)


class _Expected(NamedTuple):
    """What a field of the service holds."""

    kind: Literal["any", "list", "record", "scalar"]
    """Anything, a list of related records, one, or a single value."""
    types: tuple[Any, ...]
    """Of a value all that it may have; of related records what they are."""


def _check_level(
    node: Own, record: type[Record] | None, above: tuple[Own, ...]
) -> None:
    for field in fields_of(node):
        where = f"{name_of(node)}.{field.name}"
        hint = _hint_of(where, field.encode_name, record)
        _check_field(where, field.type, _expected(hint), above)


def _hint_of(where: str, name: str, record: type[Record] | None) -> Any:
    """Return the annotation of a field of the catalog.

    Raises:
        UnknownFieldError: There is none of that name.
        QueryError: It is no name, or one of a field of related records.
    """
    if "." in name:
        message = (
            f"{where}: {name!r} is a field of related records; annotate "
            f"{name.partition('.')[0]!r} with a type of its own instead"
        )
        raise QueryError(message)
    if record is None:
        field_named(name)  # refuses what is no name
        return Any
    hints = _hints(record)
    if name not in hints:
        namespace: Fields = record.fields
        error = unknown_field(name, type(namespace))
        raise UnknownFieldError(f"{where}: {error}", name=name, nearest=error.nearest)
    return hints[name]


def _check_field(
    where: str, node: Type, expected: _Expected, above: tuple[Own, ...]
) -> None:
    types, related = alternatives(node), related_in(node)
    if any(map(takes_anything, types)):
        return
    if not _fits(types, expected):
        raise QueryError(_misfit(where, types, expected))
    if any(map(_hides_own, types)):
        raise QueryError(f"{where}: {_DEEP}")
    if related in above:
        raise QueryError(f"{where}: it holds itself, without an end")
    if related is not None:
        record = expected.types[0] if expected.kind in {"list", "record"} else None
        _check_level(related, _record_in(record), (*above, related))


def _hides_own(node: Type) -> bool:
    """Return whether a type of the consumer's own is deeper than in a list."""
    item = item_of(node)
    if isinstance(node, inspect.DictType):
        return any(map(_has_own, alternatives(node.value_type)))
    inner = [] if item is None else alternatives(item)
    return any(_has_own(one) for one in inner if not isinstance(one, OWN))


def _has_own(node: Type) -> bool:
    if isinstance(node, OWN):
        return not is_whole(node)
    return _hides_own(node) or any(map(_has_own, _items(node)))


def _items(node: Type) -> list[Type]:
    item = item_of(node)
    return [] if item is None else alternatives(item)


def _fits(types: list[Type], expected: _Expected) -> bool:
    if expected.kind == "any":
        return True
    if expected.kind == "scalar":
        return _holds_values(types, expected.types)
    return len(types) == 1 and _holds_related(types[0], many=expected.kind == "list")


def _expected(hint: Any) -> _Expected:
    types = tuple(one for one in get_args(hint) if one is not type(None))
    if not types or Any in types:
        return _Expected("any", ())
    first = types[0]
    if get_origin(first) is list:
        return _Expected("list", get_args(first))
    if get_origin(first) is dict or _record_in(first) is not None:
        return _Expected("record", types)
    return _Expected("scalar", tuple(map(_class_in, types)))


def _class_in(hint: Any) -> Any:
    """Return the class of a value: that of a time is annotated."""
    return get_args(hint)[0] if get_args(hint) else hint


def _record_in(hint: Any) -> type[Record] | None:
    is_class = isinstance(hint, type) and get_origin(hint) is None
    return hint if is_class and issubclass(hint, Record) else None


def _holds_related(node: Type, *, many: bool) -> bool:
    item = item_of(node)
    if many != (item is not None):
        return False
    inner = [node] if item is None else alternatives(item)
    return len(inner) == 1 and (
        isinstance(inner[0], (inspect.DictType, *OWN)) or takes_anything(inner[0])
    )


def _holds_values(types: list[Type], expected: tuple[Any, ...]) -> bool:
    """Return whether all values fit: an Enum or a Literal narrows them on purpose."""
    literals = [value for one in types for value in _values_of(one)]
    if literals:
        return all(type(value) in {*expected, type(None)} for value in literals)
    if Decimal in expected and any(isinstance(one, inspect.FloatType) for one in types):
        return False  # it would be preferred
    return all(any(_holds(one, kind) for one in types) for kind in expected)


def _holds(node: Type, kind: Any) -> bool:
    is_aware = not isinstance(node, inspect.DateTimeType) or node.tz is not False
    return isinstance(node, _HOLDS[kind]) and is_aware


def _values_of(node: Type) -> tuple[Any, ...]:
    if isinstance(node, inspect.EnumType):
        return tuple(one.value for one in node.cls)
    return node.values if isinstance(node, inspect.LiteralType) else ()


def _holds_key(node: Type) -> bool:
    return isinstance(node, inspect.IntType) or takes_anything(node)


def _misfit(where: str, types: list[Type], expected: _Expected) -> str:
    got = " | ".join(map(text_of, types)) or "None"
    if expected.kind == "scalar":
        names = [one.__name__ for one in expected.types]
        advice = " | ".join(names) if len(names) > 1 else _ADVICE[expected.types[0]]
    else:
        record = _record_in(expected.types[0])
        fields = "" if record is None else f", with fields of {record.__name__}"
        many = "a list of " if expected.kind == "list" else ""
        advice = f"{many}a type of your own{fields}"
    return f"{where}: {got} cannot hold the values of this field; use {advice}"


def text_of(node: Type) -> str:
    """Return a type as one would write it, near enough for a message."""
    if isinstance(node, OWN):
        return name_of(node)
    if isinstance(node, inspect.CustomType | inspect.EnumType):
        return node.cls.__name__
    if isinstance(node, inspect.LiteralType):
        return f"Literal[{', '.join(map(repr, node.values))}]"
    item = item_of(node)
    if item is not None:
        return f"list[{text_of(item)}]"
    name = type(node).__name__.removesuffix("Type")
    return name if name in {"Decimal", "UUID"} else name.lower()


@cache
def _hints(record: type[Record]) -> dict[str, Any]:
    """Return the annotations of the fields of a record of the catalog."""
    hints = get_type_hints(record, include_extras=True)
    return {name: hints[name] for name in record.__struct_fields__}
