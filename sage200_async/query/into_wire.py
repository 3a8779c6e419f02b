"""What records are decoded as before they become a consumer's own type.

A struct with the service's names and the consumer's types, and the key that pages are
checked by. It is decoded in C, and an object of the consumer's is then made of its
values. Whatever kind of type that is, an absent field is None where it may be, and
times are in UTC.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union
from uuid import UUID

import msgspec
from msgspec import NODEFAULT, UNSET, Meta, UnsetType, inspect

from sage200_async.errors import QueryError
from sage200_async.query.into_check import text_of
from sage200_async.query.into_fields import (
    OWN,
    class_of,
    fields_of,
    item_of,
    may_be_none,
    name_of,
    plain,
    takes_anything,
)
from sage200_async.query.into_objects import at_once, is_simple, one_by_one
from sage200_async.query.into_selection import is_whole
from sage200_async.wire.constructed import Constructed
from sage200_async.wire.times import UtcTime

if TYPE_CHECKING:
    from msgspec.inspect import Field, Type

    from sage200_async.query.into_fields import Own

_CONSTRAINTS: Final = (
    *("gt", "ge", "lt", "le", "multiple_of"),
    *("min_length", "max_length", "pattern"),
)
_SCALARS: Final[dict[type[Type], Any]] = {
    inspect.StrType: str,
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.BoolType: bool,
    inspect.NoneType: None,
    inspect.DecimalType: Decimal,
    inspect.UUIDType: UUID,
    inspect.DateTimeType: UtcTime,
    inspect.DateType: date,
    inspect.TimeType: time,
    inspect.TimeDeltaType: timedelta,
    inspect.BytesType: bytes,
}
# What JSON's values may become; the rest is refused.


def wire_of(
    node: Own, key: str | None = None, key_type: Any = Any
) -> type[Constructed]:
    """Return the struct that records are decoded as.

    Args:
        node: The consumer's type.
        key: The field that pages are checked by, whether *node* has it or not.
        key_type: Its type, where *node* has no such field.
    """
    fields = fields_of(node)
    names = [field.encode_name for field in fields]
    columns = [
        (field.encode_name, *_type_and_default(field, is_key=field.encode_name == key))
        for field in fields
    ]
    added = None if key in names else key
    if added is not None:
        columns.append((added, key_type, None))
    simple = is_simple(node)
    strict = isinstance(node, inspect.StructType) and node.forbid_unknown_fields
    built: Any = msgspec.defstruct(
        name_of(node),
        columns,
        bases=(Constructed,),
        namespace=at_once(node, added) if simple else one_by_one(node, added),
        kw_only=True,
        gc=not simple,
        dict=not simple,
        forbid_unknown_fields=strict,
    )
    wire: type[Constructed] = built
    return wire


def _type_and_default(field: Field, *, is_key: bool = False) -> tuple[Any, Any]:
    """Return the type of a column, and its value in records without it.

    The service omits nulls: what may be None is None where it is absent.
    """
    own = _annotation(field.type)
    if is_key and not field.required:
        return own, None  # a default would make a record of what shows no key
    if field.default is not NODEFAULT:
        return own, _default(field.default)
    if field.default_factory is not NODEFAULT:
        return own, msgspec.field(default_factory=field.default_factory)
    if not field.required:
        return own | UnsetType, UNSET
    return own, None if may_be_none(field.type) else msgspec.field()


def _default(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return msgspec.field(default_factory=lambda: value)
    return msgspec.field(default=value)


def _annotation(node: Type) -> Any:
    """Return the type that a column of a record is decoded as."""
    node = plain(node)
    if isinstance(node, OWN):
        return class_of(node) if is_whole(node) else wire_of(node)
    if isinstance(node, inspect.UnionType):
        return _of(Union, *map(_annotation, node.types))
    if isinstance(node, inspect.DictType):
        return _of(dict, *map(_annotation, (node.key_type, node.value_type)))
    item = item_of(node)
    if item is None:
        return _constrained(_scalar(node), node)
    is_list = isinstance(node, inspect.ListType)
    inner = _annotation(item)
    return _constrained(_of(list, inner) if is_list else _of(tuple, inner, ...), node)


def _of(kind: Any, *parameters: Any) -> Any:
    return kind[parameters[0] if len(parameters) == 1 else parameters]


def _scalar(node: Type) -> Any:
    """Return the type of a single value.

    Raises:
        QueryError: No value of JSON becomes one.
    """
    if takes_anything(node):
        return msgspec.Raw if isinstance(node, inspect.RawType) else Any
    if isinstance(node, inspect.EnumType):
        return node.cls
    if isinstance(node, inspect.LiteralType):
        return _of(Literal, *node.values)
    if type(node) not in _SCALARS:
        raise QueryError(f"into: no value of JSON becomes a {text_of(node)}; use Any")
    return _SCALARS[type(node)]


def _constrained(own: Any, node: Type) -> Any:
    """Return a type with the constraints that the consumer gave it."""
    limits = {name: getattr(node, name, None) for name in _CONSTRAINTS}
    constraints = {name: limit for name, limit in limits.items() if limit is not None}
    return Annotated[own, Meta(**constraints)] if constraints else own
