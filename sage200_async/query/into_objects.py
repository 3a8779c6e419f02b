"""How objects of a consumer's own type are made of records."""

from __future__ import annotations

from functools import partial
from inspect import Parameter, signature
from itertools import starmap
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET, inspect
from msgspec.structs import asdict, astuple

from sage200_async.errors import QueryError
from sage200_async.query.into_fields import class_of, fields_of, name_of
from sage200_async.query.into_selection import related_in
from sage200_async.wire.constructed import Constructed, handing_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.query.into_fields import Own

_MAKING: Final = ("__post_init__", "__init__", "__new__", "__setattr__")
_PYTHON: Final = frozenset({"builtins", "msgspec", "typing"})
# Modules whose own methods refuse no value.
_GENERATED: Final = "<string>"
# The file of what `dataclasses` generates; other libraries wrap it.
_BUILT: Final = attrgetter("_built")
# A name that no field has.


def is_simple(node: Own) -> bool:
    """Return whether objects can be made of many records at once, without fail."""
    related = any(related_in(field.type) for field in fields_of(node))
    return not related and not _runs_own_code(class_of(node))


def at_once(node: Own, added: str | None) -> dict[str, Any]:
    """Return how objects are made of many records, without a loop in Python.

    Args:
        node: The consumer's type.
        added: A field of the records that the type lacks, or None.
    """
    if isinstance(node, inspect.TypedDictType) and _is_whole(node):
        return _constructing(partial(_dicts, added))
    make, values = _maker(node), _values_getter(node, added)
    if isinstance(node, inspect.NamedTupleType):
        fill: Callable[[Any], Any] = class_of(node)._make
        return _constructing(lambda records: list(map(fill, map(values, records))))
    return _constructing(lambda records: list(starmap(make, map(values, records))))


def one_by_one(node: Own, added: str | None) -> dict[str, Any]:
    """Return a hook that makes an object while its record is decoded.

    What the consumer's own code refuses then is an error of that record, and objects
    of related records are made before the one that holds them.

    Args:
        node: The consumer's type.
        added: A field of the records that the type lacks, or None.
    """
    make, values = _maker(node), _values_getter(node, added)
    related = [bool(related_in(field.type)) for field in fields_of(node)]
    indices = [index for index, is_related in enumerate(related) if is_related]

    def make_one(record: Any) -> None:
        own = list(values(record))
        for index in indices:
            own[index] = _built(own[index])
        record._built = make(*own)  # noqa: SLF001

    attributes = _constructing(lambda records: list(map(_BUILT, records)))
    return {"__post_init__": make_one, **attributes}


def _constructing(construct: Callable[[list[Any]], list[Any]]) -> dict[str, Any]:
    return {"_construct": staticmethod(construct)}


def _dicts(added: str | None, records: list[Any]) -> list[Any]:
    rows = list(map(asdict, records))
    if added is not None:
        for row in rows:
            del row[added]
    return rows


def _built(value: Any) -> Any:
    """Return the consumer's objects for related records: one, or a list of them."""
    if isinstance(value, Constructed):
        return handing_on(type(value))([value])[0]
    if type(value) not in {list, tuple}:
        return value
    kinds = set(map(type, value))
    if len(kinds) != 1:  # none, or some are null
        return type(value)(map(_built, value))
    return type(value)(handing_on(kinds.pop())(value))


def _values_getter(node: Own, added: str | None) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads the values of a record that the consumer's type takes."""
    if added is None:
        return astuple
    names = [field.encode_name for field in fields_of(node)]
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
        return partial(_dict, names)
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
    """Return a dict of what came: a key that need not be there may be absent."""
    pairs = zip(names, values, strict=True)
    return {name: value for name, value in pairs if value is not UNSET}


def _is_whole(node: inspect.TypedDictType) -> bool:
    return all(field.required for field in node.fields)


def _runs_own_code(made_by: type[Any]) -> bool:
    """Return whether code of the author's runs when an object is made: it may raise."""
    return any(_is_own(made_by, name) for name in _MAKING)


def _is_own(made_by: type[Any], name: str) -> bool:
    base = next((base for base in made_by.__mro__ if name in vars(base)), object)
    if base.__module__.partition(".")[0] in _PYTHON:
        return False
    if name == "__new__" and hasattr(base, "_fields"):
        return "_fields" not in vars(base)  # generated with a NamedTuple
    code: Any = getattr(vars(base)[name], "__code__", None)
    is_generated = getattr(code, "co_filename", "") == _GENERATED
    return not (is_generated and "__dataclass_params__" in vars(base))
