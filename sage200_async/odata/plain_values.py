"""Values of other classes as Python's own: enums, numpy's scalars, pandas' times."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_EXACT: Final = frozenset({str, int, float, bool, Decimal, datetime, date, type(None)})
_SCALARS: Final = frozenset({str, int, float, bool})
_SHOWN: Final = 200
# Characters of a value that a message shows.


def plain(value: object) -> Any:
    """Return *value* as the plain type that it is one of, or as it is.

    A subclass of `str`, `int`, `float`, `Decimal`, `datetime` or `date` is taken for
    what it is, whatever it looks like when printed; a scalar of numpy for the
    Python value that its ``item()`` returns.

    Example:
        >>> from http import HTTPStatus
        >>> plain(HTTPStatus.OK)
        200
    """
    if type(value) in _EXACT:
        return value
    for kind, convert in _CONVERTERS:
        if isinstance(value, kind):
            return convert(value)
    return _plain_scalar(value)


def _plain_date(value: date) -> object:
    """Return a date or datetime; pandas' NaT is none, though its class says so."""
    try:
        if not isinstance(value, datetime):
            return date(value.year, value.month, value.day)
        time = (value.hour, value.minute, value.second, value.microsecond)
        day = (value.year, value.month, value.day)
        return datetime(*day, *time, tzinfo=value.tzinfo, fold=value.fold)
    except (TypeError, ValueError):
        return value


_CONVERTERS: Final[tuple[tuple[type, Callable[[Any], object]], ...]] = (
    (str, str.__str__),
    (int, int.__index__),
    (float, float.__float__),
    (Decimal, Decimal),
    (date, _plain_date),
)
# Each reads the value itself: what a subclass overrides is not asked.


def _plain_scalar(value: object) -> object:
    """Return what a scalar's ``item()`` returns; not that of an array or a time."""
    item = getattr(value, "item", None)
    if not callable(item) or getattr(value, "shape", None) != ():
        return value
    scalar = item()
    if type(scalar) is int and not hasattr(value, "__index__"):  # nanoseconds
        return value
    return scalar if type(scalar) in _SCALARS else value


def shown(value: object) -> str:
    """Return the repr of *value* for a message, short, whatever the value is."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a value's own repr, a long int, a deep list
        text = f"a value of {type(value).__name__} that cannot be shown"
    line = text if text.isprintable() else " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
