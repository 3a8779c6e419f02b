"""Values that the parser takes, and that are none: money without bounds, local times.

A number of a few bytes may stand for a billion digits, and quoted ``NaN`` passes for a
decimal: either would stop a program that adds it up or prints it. A time with an offset is
right, but not in UTC. Both are seen by their values, a slice at a time, in C.
"""

from __future__ import annotations

import operator
from datetime import UTC, datetime
from decimal import (
    Clamped,
    Context,
    Decimal,
    DecimalException,
    InvalidOperation,
    Overflow,
    Rounded,
    Subnormal,
    localcontext,
)
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import ValidationError

from sage200_async.limits import MAX_EXPONENT
from sage200_async.wire.json_types import is_array
from sage200_async.wire.related import hints_of, related_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_DIGITS: Final = 60
_SUM: Final = Context(
    prec=_DIGITS,
    Emax=MAX_EXPONENT,
    Emin=-MAX_EXPONENT + _DIGITS - 1,
    traps=[Clamped, InvalidOperation, Overflow, Rounded, Subnormal],
)
# Usual sums are exact in it. Those of a number out of bounds raise, or are no number.
_SHOWN: Final = 40
# Characters of a number that a message shows.


class _Getters(NamedTuple):
    """How the values of one record are read, by what they are."""

    numbers: Callable[[Any], Iterable[Any]] | None
    times: Callable[[Any], Iterable[Any]] | None
    related: tuple[tuple[str, Any], ...]


def bounded_decimal(text: str) -> Decimal:
    """Return a number of a field without a type.

    Raises:
        ValueError: Its exponent is out of bounds.
    """
    number = Decimal(text)
    if not is_bounded(number):
        raise ValueError(_out_of_bounds(number))
    return number


def is_bounded(number: Decimal) -> bool:
    """Return whether *number* is finite, with no exponent past 400 either way.

    Example:
        >>> [is_bounded(Decimal(text)) for text in ("1E400", "1E401", "0E-401", "NaN")]
        [True, False, False, False]
    """
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        return False
    return exponent >= -MAX_EXPONENT and number.adjusted() <= MAX_EXPONENT


def require_bounded(records: Sequence[Any], model: Any, *, nested: bool) -> None:
    """Check the decimals of *records*.

    Args:
        records: All of one model.
        model: It.
        nested: Whether they may hold related records.

    Raises:
        ValidationError: One is out of bounds; the message has the path of the first.
    """
    for some, kind in _levels(records, model, nested=nested):
        numbers = _getters(kind).numbers
        if numbers is not None and not _add_up(some, numbers):
            _require_each(records, model)
            return


def has_local_times(records: Sequence[Any], model: Any, *, nested: bool) -> bool:
    """Return whether any time of *records* is not in UTC."""
    for some, kind in _levels(records, model, nested=nested):
        times = _getters(kind).times
        if times is not None:
            values = filter(None, chain.from_iterable(map(times, some)))
            if any(value.tzinfo is not UTC for value in values):
                return True
    return False


def is_nested(array: bytes, records: int) -> bool:
    """Return whether any of so many *records* holds an object."""
    at = -1
    for _ in range(records + 1):
        at = array.find(b"{", at + 1)
        if at < 0:
            return False
    return True


def _levels(
    records: Sequence[Any], model: Any, *, nested: bool
) -> Iterator[tuple[Sequence[Any], Any]]:
    """Yield *records* with their model, and then those that they hold, if any."""
    yield records, model
    if not nested:
        return
    for name, kind in _getters(model).related:
        values = filter(None, map(operator.attrgetter(name), records))
        held = [one for value in values for one in _all_in(value)]
        if held:
            yield from _levels(held, kind, nested=True)


def _all_in(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if is_array(value) else (value,)


def _add_up(records: Sequence[Any], numbers: Callable[[Any], Iterable[Any]]) -> bool:
    """Return whether the sum shows that all numbers of *records* are within bounds."""
    with localcontext(_SUM):
        try:
            total = _sum_of(records, numbers)
        except DecimalException:
            return False
    return not isinstance(total, Decimal) or total.is_finite()


def _sum_of(records: Sequence[Any], numbers: Callable[[Any], Iterable[Any]]) -> object:
    try:
        return sum(chain.from_iterable(map(numbers, records)))
    except TypeError:  # some are None
        values = chain.from_iterable(map(numbers, records))
        return sum([value for value in values if value is not None])  # noqa: C419 - faster


def _require_each(records: Sequence[Any], model: Any, path: str = "$") -> None:
    """Check number by number.

    Raises:
        ValidationError: One is out of bounds.
    """
    for index, record in enumerate(records):
        here = path if path == "$" and len(records) == 1 else f"{path}[{index}]"
        for name, hint in hints_of(model).items():
            value = getattr(record, name) if _is_number(hint) else None
            if isinstance(value, Decimal) and not is_bounded(value):
                raise ValidationError(f"{_out_of_bounds(value)} - at `{here}.{name}`")
        for name, kind in _getters(model).related:
            held = [*_all_in(getattr(record, name) or ())]
            _require_each(held, kind, f"{here}.{name}")


def _out_of_bounds(number: Decimal) -> str:
    text = str(number)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    limit = MAX_EXPONENT
    return f"Expected a number with no exponent past {limit} either way, got {shown}"


@cache
def _getters(model: Any) -> _Getters:
    hints = hints_of(model)
    numbers = [name for name, hint in hints.items() if _is_number(hint)]
    times = [name for name, hint in hints.items() if datetime.__name__ in str(hint)]
    related = tuple(related_fields(model).items())
    return _Getters(_all_of(numbers), _all_of(times), related)


def _is_number(hint: object) -> bool:
    return Decimal.__name__ in str(hint)


def _all_of(names: list[str]) -> Callable[[Any], Iterable[Any]] | None:
    """Return what reads these fields of a record as a tuple; None for no field."""
    if not names:
        return None
    # With one name only, it would return the value itself.
    return operator.attrgetter(*names, *names[: len(names) == 1])
