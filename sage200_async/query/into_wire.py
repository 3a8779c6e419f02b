"""What records are decoded as before they become a consumer's own type.

A struct with the service's names and the consumer's types, and the key that pages are
checked by. It is decoded in C; an object of the consumer's is then made of its values.
That takes less time than decoding a dataclass, and whatever kind of type it is, an
absent field is None where it may be, and times are in UTC.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial
from inspect import Parameter, signature
from itertools import starmap
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, Union
from uuid import UUID

import msgspec
from msgspec import NODEFAULT, UNSET, Meta, UnsetType, inspect
from msgspec.structs import astuple

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
from sage200_async.query.into_selection import is_whole, related_in
from sage200_async.wire.constructed import Constructed, handing_on
from sage200_async.wire.times import UtcTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec.inspect import Field, Type

    from sage200_async.query.into_fields import Own

_Values: TypeAlias = "Callable[[Any], tuple[Any, ...]]"

_CONSTRAINTS: Final = (
    *("gt", "ge", "lt", "le", "multiple_of"),
    *("min_length", "max_length", "pattern"),
)
_MAKING: Final = ("__post_init__", "__init__", "__new__", "__setattr__")
_PYTHON: Final = frozenset({"builtins", "msgspec", "typing"})
# Modules whose own methods refuse no value.
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
    columns = [(field.encode_name, *_type_and_default(field)) for field in fields]
    extra = [] if key is None or key in names else [(key, key_type, None)]
    simple = not _runs_own_code(class_of(node)) and not any(
        related_in(field.type) for field in fields
    )
    values = _values_getter(names, all_of_them=not extra)
    namespace = _at_once(node, values) if simple else _one_by_one(node, values)
    strict = isinstance(node, inspect.StructType) and node.forbid_unknown_fields
    built: Any = msgspec.defstruct(
        name_of(node),
        [*columns, *extra],
        bases=(Constructed,),
        namespace=namespace,
        kw_only=True,
        gc=not simple,
        dict=not simple,
        forbid_unknown_fields=strict,
    )
    wire: type[Constructed] = built
    return wire


def _at_once(node: Own, values: _Values) -> dict[str, Any]:
    """Return how the consumer's objects are made of many records, without a loop."""
    make = _maker(node)

    def construct(records: list[Any]) -> list[Any]:
        return list(starmap(make, map(values, records)))

    return {"construct": staticmethod(construct)}


def _one_by_one(node: Own, values: _Values) -> dict[str, Any]:
    """Return a hook that makes the consumer's object while its record is decoded.

    What the consumer's own code refuses then is an error of that record, and objects
    of related records are made before the one that holds them.
    """
    make = _maker(node)

    def make_one(record: Any) -> None:
        record.built = make(*map(_built, values(record)))

    def construct(records: list[Any]) -> list[Any]:
        return [record.built for record in records]

    return {"__post_init__": make_one, "construct": staticmethod(construct)}


def _built(value: Any) -> Any:
    if isinstance(value, Constructed):
        return handing_on(type(value))([value])[0]
    if type(value) in {list, tuple}:
        return type(value)(map(_built, value))
    return value


def _values_getter(names: list[str], *, all_of_them: bool) -> _Values:
    """Return what reads the values of a record that the consumer's type takes."""
    if all_of_them:
        return astuple
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda record: (only(record),)
    return attrgetter(*names)


def _maker(node: Own) -> Callable[..., Any]:
    """Return what makes an object of the values, in the order of the fields.

    Raises:
        QueryError: The type cannot be made of its fields.
    """
    names = [field.name for field in fields_of(node)]
    if isinstance(node, inspect.TypedDictType):
        whole = all(field.required for field in node.fields)
        return partial(_dict if whole else _partial_dict, names)
    made_by = class_of(node)
    parameters = signature(made_by)
    positional = [
        name
        for name, parameter in parameters.parameters.items()
        if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD
    ]
    try:
        parameters.bind(**dict.fromkeys(names))
    except TypeError as error:
        message = f"into: {name_of(node)} cannot be made of its fields: {error}"
        raise QueryError(message) from None
    if positional[: len(names)] == names:
        return made_by
    return lambda *values: made_by(**dict(zip(names, values, strict=True)))


def _dict(names: list[str], *values: Any) -> dict[str, Any]:
    return dict(zip(names, values, strict=True))


def _partial_dict(names: list[str], *values: Any) -> dict[str, Any]:
    pairs = zip(names, values, strict=True)
    return {name: value for name, value in pairs if value is not UNSET}


def _runs_own_code(made_by: type[Any]) -> bool:
    """Return whether code of the author's runs when an object is made: it may raise."""
    return any(_is_own(made_by, name) for name in _MAKING)


def _is_own(made_by: type[Any], name: str) -> bool:
    base = next((base for base in made_by.__mro__ if name in vars(base)), object)
    if base.__module__.partition(".")[0] in _PYTHON:
        return False
    if name == "__new__" and hasattr(base, "_fields"):
        return "_fields" not in vars(base)  # generated with a NamedTuple
    settings = vars(base).get("__dataclass_params__")
    generated = {"__init__": "init", "__setattr__": "frozen"}.get(name, "")
    return not getattr(settings, generated, False)


def _type_and_default(field: Field) -> tuple[Any, Any]:
    """Return the type of a column, and its value in records without it.

    The service omits nulls: what may be None is None where it is absent.
    """
    own = _annotation(field.type)
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
