"""How each refinement changes the options of a query; pure.

Each function checks what it is passed and returns new `QueryOptions`. The
methods of `Query` of the same names document them.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from msgspec.structs import replace

from sage200_async.errors import (
    InvalidValue,
    LimitError,
    QueryError,
    UnknownFieldError,
)
from sage200_async.limits import INT64_MAX, PAGE_MAX
from sage200_async.odata.enums import require_no_near_miss
from sage200_async.odata.expressions import (
    And,
    Call,
    Comparison,
    Expression,
    In,
    Raw,
    depth,
)
from sage200_async.odata.fields import AnyField, EnumField, Field, Ordering
from sage200_async.odata.literals import EXPECTED, fits, integer, quoted
from sage200_async.odata.namespaces import (
    Fields,
    expandable_names,
    look_up,
    names_of,
    record_name,
)
from sage200_async.odata.plain_values import plain, shown
from sage200_async.odata.suggest import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sage200_async.odata.options import QueryOptions

Name: TypeAlias = str | Field[Any] | Fields
"""A field or related records: typed, or by name."""

_LONGEST: Final = sys.float_info.max
# Seconds: more than that no clock can add.
_MAX_DEPTH: Final = 64
# Levels of a condition; deeper ones would exhaust Python's own stack.
_DIRECTIONS: Final = ("asc", "desc")
_EXAMPLES: Final = {
    "select": "select('id', 'name')",
    "expand": "expand('contacts', 'memos')",
    "order_by": "order_by('balance desc', 'id')",
}
_METHODS: Final = {
    "filter": "filter",
    "select": "select",
    "expand": "expand",
    "orderby": "order_by",
    "top": "top",
    "skip": "skip",
    "count": "count",
}
# OData's own options, which a parameter would send twice, and their methods.


def add_filter(
    options: QueryOptions,
    fields: Fields | None,
    conditions: tuple[Expression, ...],
    equals: Mapping[str, object],
) -> QueryOptions:
    """Require *conditions*, and that fields equal the values of *equals*."""
    equal = [_field(name, fields) == value for name, value in equals.items()]
    current = () if options.filter is None else (options.filter,)
    joined = And.of(*current, *conditions, *equal)
    for condition in conditions:
        leaves = _leaves(condition)
        if fields is not None:
            for leaf in leaves:
                _check_leaf(leaf, fields)
    return replace(options, filter=joined)


def add_select(
    options: QueryOptions, fields: Fields | None, names: Iterable[Name]
) -> QueryOptions:
    """Add *names* to those selected, and related records to those expanded."""
    added = [_text("select", name) for name in names]
    related = [name for name in added if isinstance(_find(name, fields), Fields)]
    select = tuple(dict.fromkeys((*options.select, *added)))
    if not related:
        return replace(options, select=select)
    heads = [name.partition(".")[0] for name in related]
    expand = tuple(dict.fromkeys((*options.expand, *heads)))
    return replace(options, select=select, expand=expand)


def add_expand(
    options: QueryOptions,
    fields: Fields | None,
    extra: tuple[str, ...],
    names: Iterable[Name],
) -> QueryOptions:
    """Add *names* to those expanded; *extra* are allowed besides the record's."""
    added = [_text("expand", name) for name in names]
    for name in added:
        if name not in extra:
            _require_expandable(name, fields, extra)
    expand = dict.fromkeys((*options.expand, *added))
    return replace(options, expand=tuple(expand))


def add_order_by(
    options: QueryOptions, fields: Fields | None, keys: Iterable[Name | Ordering]
) -> QueryOptions:
    """Add *keys* to the order; a field that is in it already keeps its place."""
    order = {ordering.field: ordering for ordering in options.order_by}
    for key in keys:
        ordering = _ordering(key, fields)
        order.setdefault(ordering.field, ordering)
    return replace(options, order_by=tuple(order.values()))


def set_parameters(
    options: QueryOptions,
    resource: str,
    known: tuple[str, ...] | None,
    values: Mapping[str, object],
) -> QueryOptions:
    """Set query parameters; *known* are those of *resource*, None for any."""
    parameters = dict(options.parameters)
    for name, value in values.items():
        if not (name.isidentifier() and name.isascii()):
            raise QueryError(f"expected the name of a parameter, got {name!r}")
        if method := _METHODS.get(name.lower()):
            raise QueryError(f"${name} is no parameter; use the method {method}()")
        if known is not None and f"${name}" not in known:
            raise _unknown_parameter(resource, name, known)
        parameters[f"${name}"] = _parameter(name, value)
    return replace(options, parameters=tuple(parameters.items()))


def set_top(options: QueryOptions, count: int) -> QueryOptions:
    """Limit the stream to *count* records."""
    _require_count("top", count, 0, None)
    return replace(options, top=count)


def set_skip(options: QueryOptions, count: int) -> QueryOptions:
    """Skip *count* records."""
    _require_count("skip", count, 0, None)
    return replace(options, skip=count)


def set_page_size(options: QueryOptions, count: int) -> QueryOptions:
    """Limit a request to *count* records."""
    _require_count("page_size", count, 1, PAGE_MAX)
    return replace(options, page_size=count)


def set_timeout(options: QueryOptions, seconds: float | None) -> QueryOptions:
    """Limit a whole read to *seconds*."""
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if seconds is not None and not (number and 0 < seconds <= _LONGEST):
        got = shown(seconds)
        message = f"timeout takes seconds, more than 0, or None, got {got}"
        raise LimitError(message)
    return replace(options, timeout=seconds)


def _text(method: str, name: Any) -> str:
    """Return *name* as text.

    Raises:
        QueryError: It is neither a field, nor related records, nor text.
    """
    if isinstance(name, str | Field | Fields):
        text: str = str.__str__(name) if isinstance(name, str) else f"{name}"
        return text
    example = _EXAMPLES[method]
    message = f"{method} takes names or fields, as in {example}, got {shown(name)}"
    raise QueryError(message)


def _find(name: str, fields: Fields | None) -> Field[Any] | Fields:
    return AnyField(name) if fields is None else look_up(fields, name)


def _field(name: str, fields: Fields | None) -> Field[Any]:
    known = _find(name, fields)
    if isinstance(known, Fields):
        message = (
            f"{name!r} is no field; expand({name!r}) includes these related records"
        )
        raise QueryError(message)
    return known


def _require_expandable(
    name: str, fields: Fields | None, extra: tuple[str, ...]
) -> None:
    if fields is None:
        AnyField(name)
        return
    head = name.partition(".")[0]
    known = names_of(type(fields))
    if head in known and isinstance(look_up(fields, name), Fields):
        return
    expandable = [*expandable_names(type(fields)), *extra]
    if name in known:
        hint = f"; it is a field: use select({name!r})"
    else:
        hint = did_you_mean(
            name, expandable, f"it has {', '.join(expandable) or 'none'}"
        )
    message = f"{record_name(type(fields))} has no related records {name!r}"
    raise UnknownFieldError(
        message + hint, name=name, nearest=nearest(name, expandable)
    )


def _ordering(key: Name | Ordering, fields: Fields | None) -> Ordering:
    if isinstance(key, str):
        key = _parsed_ordering(key)
    elif not isinstance(key, Ordering):
        key = Ordering(_text("order_by", key))
    return Ordering(str(_field(key.field, fields)), key.descending)


def _parsed_ordering(text: str) -> Ordering:
    name, _, direction = text.partition(" ")
    direction = direction.strip()
    if direction not in {"", *_DIRECTIONS} or name.startswith(("-", "+")):
        raise QueryError(f"order_by: {_order_hint(text, name, direction)}")
    return Ordering(name, descending=direction == "desc")


def _order_hint(text: str, name: str, direction: str) -> str:
    if "," in text:
        return f"expected one field in each argument, got {text!r}"
    ascending = nearest(direction.lower(), _DIRECTIONS) == "asc" or name[0] == "+"
    example = f"{name.lstrip('-+')} {_DIRECTIONS[not ascending]}"
    return f"expected a name, and asc or desc, got {text!r}; use {example!r}"


def _leaves(condition: Expression) -> Sequence[Expression]:
    """Return the leaves of *condition*.

    Raises:
        QueryError: It is nested so deep that it can be neither printed nor hashed.
    """
    try:
        leaves = condition.leaves()
    except RecursionError:
        leaves = ()
    if not leaves or (len(leaves) > _MAX_DEPTH and depth(condition) > _MAX_DEPTH):
        message = (
            f"a condition is nested more than {_MAX_DEPTH} levels deep; join its "
            "parts with any_of and all_of"
        )
        raise QueryError(message)
    return leaves


def _check_leaf(leaf: Expression, fields: Fields) -> None:
    """Refuse a condition that does not fit the field of its name.

    Raises:
        UnknownFieldError: There is no such field.
        InvalidValue: It is of another kind.
    """
    if type(leaf) is Raw:
        return
    typed = cast("Comparison | Call | In", leaf)
    operator = typed.operator if type(typed) is Comparison else ""
    expected = _misfit(fields, typed.field, type(typed), operator, typed.kind)
    if expected:
        message = f"{typed.field}: expected {expected}, got {leaf}"
        raise InvalidValue(message, value=str(leaf))
    if typed.kind == "text" and not isinstance(typed, Call):
        _check_enum(typed, fields)


def _check_enum(leaf: Comparison | In, fields: Fields) -> None:
    """Refuse a text that nearly is a known value of an enum."""
    field = look_up(fields, leaf.field)
    if isinstance(field, EnumField) and field.known:
        written = leaf.literals if isinstance(leaf, In) else (leaf.literal,)
        for literal in written:
            require_no_near_miss(leaf.field, literal.strip("'"), field.known)


@cache
def _misfit(
    fields: Fields, name: str, leaf: type[Expression], operator: str, literal_kind: str
) -> str:
    """Return what a condition on the field has to be, or "" where this one fits."""
    kind = _field(name, fields).kind
    if kind == "any":
        return ""
    if not fits(kind, literal_kind) or (leaf is Call and kind != "text"):
        return f"a comparison with {EXPECTED[kind]}"
    if operator not in {"", "eq", "ne"} and kind in {"boolean", "enum"}:
        return "== or !=, as its values have no order"
    return ""


def _unknown_parameter(
    resource: str, name: str, known: tuple[str, ...]
) -> UnknownFieldError:
    names = [parameter.removeprefix("$") for parameter in known]
    hint = did_you_mean(name, names, f"it has {', '.join(names) or 'none'}")
    message = f"{resource} has no parameter {name!r}{hint}"
    return UnknownFieldError(message, name=name, nearest=nearest(name, names))


def _parameter(name: str, value: object) -> str:
    own = plain(value)
    try:
        text: str = own if type(own) is str else integer(own)
        quoted(text)  # refuses what cannot be sent
    except InvalidValue:
        message = f"{name}: expected text or a whole number, got {shown(value)}"
        raise InvalidValue(message, value=value) from None
    return text


def _require_count(name: str, count: int, low: int, high: int | None) -> None:
    whole = type(count) is int  # True is no count
    if not whole or not low <= count <= (INT64_MAX if high is None else high):
        expected = f"{low} or more" if high is None else f"{low} to {high}"
        message = f"{name} takes {expected} records, got {shown(count)}"
        raise LimitError(message)
