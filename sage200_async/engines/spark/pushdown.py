"""Conditions of Spark that Sage can answer, with a superset of what Spark selects.

Spark applies all of its conditions to what arrives, so that more is right, and less is
not. A server compares texts in any case and without blanks at the end, so equality and
prefixes of texts may select more, and never less; the unique key is a whole number, with
which nothing can go wrong. All else stays with Spark: numbers and times may be rounded
when they are sent, and ``not`` makes less of more.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final

from sage200_async.errors import QueryError
from sage200_async.odata.fields import TextField
from sage200_async.odata.namespaces import look_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.engines.spark.pyspark_api import Filter
    from sage200_async.odata.expressions import Expression
    from sage200_async.query.collection import CollectionQuery

_MAX_VALUES: Final = 20
_MAX_LENGTH: Final = 100
# Values of an IN, and characters of a text: an encoded query has little room.


def _is_in(name: Any, values: Any) -> Any:
    return name.in_(values)


def _starts_with(name: Any, value: Any) -> Any:
    return name.startswith(value)


_COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "EqualTo": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
    "In": _is_in,
    "StringStartsWith": _starts_with,
}
_OF_TEXTS: Final = {"EqualTo", "In", "StringStartsWith"}
_OF_KEYS: Final = _COMPARISONS.keys() - {"StringStartsWith"}


def condition_of(condition: Filter, query: CollectionQuery[Any]) -> Expression | None:
    """Return a condition for Sage that selects no less than *condition*, or None."""
    kind = type(condition).__name__
    path: tuple[str, ...] = getattr(condition, "attribute", ())
    if len(path) != 1 or kind not in _COMPARISONS or query.endpoint.fields is None:
        return None
    name: Any = look_up(query.endpoint.fields, path[0])
    values = condition.value if kind == "In" else (condition.value,)
    if len(values) > _MAX_VALUES:
        return None
    is_key = path[0] == query.endpoint.key
    if is_key and kind in _OF_KEYS:
        suitable = all(type(value) is int for value in values)
    else:
        is_text = isinstance(name, TextField) and kind in _OF_TEXTS
        suitable = is_text and all(map(_is_harmless, values))
    return _expression(kind, name, condition.value) if suitable else None


def _is_harmless(value: object) -> bool:
    """Whether a server surely finds texts that equal *value*: it has some, and shows them."""
    is_short = isinstance(value, str) and 0 < len(value.strip()) <= _MAX_LENGTH
    return is_short and str(value).isprintable()


def _expression(kind: str, name: Any, value: Any) -> Expression | None:
    try:
        expression: Expression = _COMPARISONS[kind](name, value)
    except QueryError:
        return None
    return expression
