"""Values that the parser takes, and that are none: money without bounds, local times.

A number of a few bytes may stand for a billion digits, and quoted ``NaN`` passes for a
decimal: either would stop a program that adds it up or prints it. A time with an offset is
right, but not in UTC. Both are seen by their values, a slice at a time, in C.
"""

from __future__ import annotations

import operator
import re
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
from functools import cache, partial, reduce
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args, get_origin

from msgspec import Struct, ValidationError

from sage200_async.limits import MAX_EXPONENT
from sage200_async.wire.json_types import is_array, is_object
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
_ZERO: Final = Decimal(0)
_zone: Final = operator.attrgetter("tzinfo")
_is_set: Final = partial(operator.is_not, None)
_WORD: Final = re.compile(r"\w+")
_SHOWN: Final = 40
# Characters of a number that a message shows.


class _Getters(NamedTuple):
    """How the values of one record are read, by what they are."""

    numbers: Callable[[Any], Iterable[Any]] | None
    times: Callable[[Any], Iterable[Any]] | None
    related: tuple[tuple[str, Any], ...]
    names: tuple[str, ...]
    """The fields with numbers."""


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

    A zero has one digit before the point, whatever its exponent.

    Example:
        >>> [is_bounded(Decimal(text)) for text in ("1E400", "1E401", "0E-401", "NaN")]
        [True, False, False, False]
    """
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        return False
    return exponent >= -MAX_EXPONENT and (
        not number or number.adjusted() <= MAX_EXPONENT
    )


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
        if numbers is None or _add_up(some, numbers):
            continue
        if not all(map(is_bounded, _numbers_in(some, numbers))):
            _require_each(records, model)


def has_local_times(records: Sequence[Any], model: Any, *, nested: bool) -> bool:
    """Return whether any time of *records* is not in UTC."""
    for some, kind in _levels(records, model, nested=nested):
        times = _getters(kind).times
        if times and not _all_utc([*chain.from_iterable(map(times, some))]):
            return True
    return False


def _all_utc(values: list[Any]) -> bool:
    times: Iterable[Any] = filter(None, values)
    try:
        zones = [*map(_zone, times)]
    except AttributeError:  # some are in lists, or the consumer's own defaults
        times = [one for one in _flat(values) if isinstance(one, datetime)]
        zones = [*map(_zone, times)]
    return zones.count(UTC) == len(zones)


def is_nested(array: bytes, records: int, model: Any) -> bool:
    """Return whether any of so many *records* of *model* holds related records."""
    if not _getters(model).related:
        return False
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


def _all_in(value: Any) -> Sequence[Any]:
    """Return the records that a field holds, however deep."""
    return [one for one in _flat([value]) if isinstance(one, Struct)]


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    """Yield *values*, and what lists and objects among them hold, however deep."""
    for value in values:
        if is_object(value):
            yield from _flat(value.values())
        elif is_array(value):
            yield from _flat(value)
        else:
            yield value


def _add_up(records: Sequence[Any], numbers: Callable[[Any], Iterable[Any]]) -> bool:
    """Return whether the sum shows that all numbers of *records* are within bounds."""
    if len(records) == 1 and _is_finite_sum(numbers(records[0])):
        return True
    with localcontext(_SUM):
        try:
            total = _sum_of(records, numbers)
        except DecimalException:
            return False
    return not isinstance(total, Decimal) or total.is_finite()


def _is_finite_sum(values: Iterable[Any]) -> bool:
    """Return whether the sum of a few numbers is one: no context is entered for it."""
    try:
        return reduce(_SUM.add, values, _ZERO).is_finite()
    except (DecimalException, TypeError):  # some are None
        return False


def _sum_of(records: Sequence[Any], numbers: Callable[[Any], Iterable[Any]]) -> object:
    for some in (None, _is_set):
        values = chain.from_iterable(map(numbers, records))
        try:
            return sum(values if some is None else filter(some, values))
        except TypeError:  # some are None; or in lists, or the consumer's own defaults
            continue
    return sum(_numbers_in(records, numbers))


def _numbers_in(
    records: Sequence[Any], numbers: Callable[[Any], Iterable[Any]]
) -> list[Decimal]:
    values = [*chain.from_iterable(map(numbers, records))]
    return [value for value in _flat(values) if isinstance(value, Decimal)]


def _require_each(records: Sequence[Any], model: Any, path: str = "$") -> None:
    """Check number by number.

    Raises:
        ValidationError: One is out of bounds.
    """
    for index, record in enumerate(records):
        here = path if path == "$" and len(records) == 1 else f"{path}[{index}]"
        for name in _getters(model).names:
            for value in _flat([getattr(record, name)]):
                if isinstance(value, Decimal) and not is_bounded(value):
                    text = f"{_out_of_bounds(value)} - at `{here}.{name}`"
                    raise ValidationError(text)
        for name, kind in _getters(model).related:
            _require_each(_all_in(getattr(record, name)), kind, f"{here}.{name}")


def _out_of_bounds(number: Decimal) -> str:
    text = str(number)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    limit = MAX_EXPONENT
    return f"Expected a number with no exponent past {limit} either way, got {shown}"


@cache
def _getters(model: Any) -> _Getters:
    related = related_fields(model)
    hints = {k: hint for k, hint in hints_of(model).items() if k not in related}
    numbers = [name for name, hint in hints.items() if _may_be(hint, Decimal)]
    times = [name for name, hint in hints.items() if _may_be(hint, datetime)]
    some = tuple(related.items())
    return _Getters(_all_of(numbers), _all_of(times), some, tuple(numbers))


def _may_be(hint: Any, kind: Any) -> bool:
    """Return whether a field with this annotation may hold values of *kind*."""
    try:
        return _holds(hint, kind)
    except TypeError:  # what an ``Annotated`` carries need not be hashable
        return _holds.__wrapped__(hint, kind)


@cache
def _holds(hint: Any, kind: Any) -> bool:
    if isinstance(hint, str):
        return kind.__name__ in _WORD.findall(hint)
    if get_origin(hint) is Literal:
        return False
    return hint is kind or any(_may_be(part, kind) for part in get_args(hint))


def _all_of(names: list[str]) -> Callable[[Any], Iterable[Any]] | None:
    """Return what reads these fields of a record as a tuple; None for no field."""
    if not names:
        return None
    # With one name only, it would return the value itself.
    return operator.attrgetter(*names, *names[: len(names) == 1])
