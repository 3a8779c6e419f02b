"""Enums: a value that is almost one of those that are known is a misspelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.errors import InvalidValue
from sage200_async.odata.plain_values import plain, shown

if TYPE_CHECKING:
    from collections.abc import Iterable


def require_no_near_miss(field: str, value: object, known: Iterable[str]) -> None:
    """Refuse a *value* that is almost one of those that are known.

    Raises:
        InvalidValue: It differs from one by its case or by one letter.
    """
    own = plain(value)
    meant = near_miss(own, known) if type(own) is str else None
    if meant is not None:
        raw = f"raw(\"{field} eq '...'\") passes any text"
        message = f"{field}: got {shown(own)}, expected {meant!r}; {raw}"
        raise InvalidValue(message, value=value)


def near_miss(text: str, known: Iterable[str]) -> str | None:
    """Return the known text that *text* was surely meant to be, or None.

    It differs by case, by one letter, or by two that are swapped.

    Example:
        >>> near_miss("Dueate", ["DueDate"]), near_miss("duedate", ["DueDate"])
        ('DueDate', 'DueDate')
        >>> near_miss("DueDate", ["DueDate", "DueDates"])
    """
    values = tuple(known)
    if text in values:
        return None
    folded = text.casefold()
    return next((v for v in values if _is_one_slip(folded, v.casefold())), None)


def _is_one_slip(one: str, other: str) -> bool:
    """Whether two texts are equal but for one letter, or two that are swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    pairs = enumerate(zip(one, other, strict=False))
    same = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    left, right = one[same:], other[same:]
    return (
        left[1:] == right[1:]  # another letter, or none at the end
        or left[1:] == right  # one too many
        or left == right[1:]  # one too few
        or (left[:2] == right[1::-1] and left[2:] == right[2:])  # swapped
    )
