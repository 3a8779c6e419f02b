"""The fields of a consumer's own type, whichever of four kinds it is.

`msgspec.inspect` resolves annotations, generics, renames and defaults; a node of it
describes one type.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, TypeAlias, get_origin

from msgspec import inspect

from sage200_async.errors import QueryError
from sage200_async.odata.plain_values import shown

if TYPE_CHECKING:
    from msgspec.inspect import Field, Type

Own: TypeAlias = (
    inspect.StructType
    | inspect.DataclassType
    | inspect.TypedDictType
    | inspect.NamedTupleType
)
"""A type with fields of its own."""

OWN: Final = (
    inspect.StructType,
    inspect.DataclassType,
    inspect.TypedDictType,
    inspect.NamedTupleType,
)
_KINDS: Final = "a msgspec.Struct, a dataclass, a TypedDict or a NamedTuple"


def described(model: Any) -> Own:
    """Return what *model* consists of.

    Raises:
        QueryError: It is no type with fields, or its annotations cannot be read.
    """
    require_type(model)
    node = _type_info(model)
    if isinstance(node, OWN) and not _is_foreign(node):
        return node
    raise _no_type(model)


def require_type(model: Any) -> None:
    """Raise a QueryError unless *model* is a class, perhaps with parameters."""
    if not isinstance(get_origin(model) or model, type):
        raise _no_type(model)


def _no_type(model: object) -> QueryError:
    return QueryError(f"into takes {_KINDS}, got {shown(model)}")


def _type_info(model: Any) -> Type:
    try:
        return inspect.type_info(model)
    except Exception as error:  # noqa: BLE001 - annotations are code of its author's
        hint = ""
        if isinstance(error, NameError):
            hint = (
                "; annotations that are text, as `from __future__ import annotations` "
                "makes them, are looked up in the module: define what they name there"
            )
        name = getattr(model, "__name__", str(model))
        problem = f"into: the fields of {name} cannot be read: {error}{hint}"
    raise QueryError(problem)


def _is_foreign(node: Own) -> bool:
    """Return whether a class looks like a dataclass and is of another library."""
    return isinstance(node, inspect.DataclassType) and not dataclasses.is_dataclass(
        class_of(node)
    )


def class_of(node: Own) -> type[Any]:
    """Return the class that a type is made by, without its parameters."""
    return get_origin(node.cls) or node.cls


def fields_of(node: Own) -> list[Field]:
    """Return the fields that are passed when one is made.

    Raises:
        QueryError: There are none.
    """
    fields = list(node.fields)
    if isinstance(node, inspect.DataclassType):
        own = dataclasses.fields(class_of(node))
        passed = {field.name for field in own if field.init}
        fields = [field for field in fields if field.name in passed]
    if isinstance(node, inspect.TypedDictType):  # sorted by name
        order = list(class_of(node).__annotations__)
        fields.sort(key=lambda field: order.index(field.name))
    if not fields:
        raise QueryError(f"into: {name_of(node)} has no fields to read")
    return fields


def name_of(node: Own) -> str:
    """Return the name of a type."""
    return class_of(node).__name__


def alternatives(node: Type) -> list[Type]:
    """Return the types that a value may have, besides None."""
    node = plain(node)
    types = node.types if isinstance(node, inspect.UnionType) else (node,)
    plain_types = [plain(one) for one in types]
    return [one for one in plain_types if not isinstance(one, inspect.NoneType)]


def plain(node: Type) -> Type:
    """Return a type without what `typing.Annotated` says beside it."""
    while isinstance(node, inspect.Metadata):
        node = node.type
    return node


def takes_anything(node: Type) -> bool:
    """Return whether a type holds whatever comes: Any, object, `msgspec.Raw`."""
    is_object = isinstance(node, inspect.CustomType) and node.cls is object
    return is_object or isinstance(node, inspect.AnyType | inspect.RawType)


def may_be_none(node: Type) -> bool:
    """Return whether None is a value of a type."""
    node = plain(node)
    if isinstance(node, inspect.UnionType):
        return any(map(may_be_none, node.types))
    if isinstance(node, inspect.LiteralType):
        return None in node.values
    return isinstance(node, inspect.NoneType) or takes_anything(node)


def item_of(node: Type) -> Type | None:
    """Return what a list holds; None where a type is no list."""
    if isinstance(node, inspect.ListType | inspect.VarTupleType):
        return plain(node.item_type)
    return None
