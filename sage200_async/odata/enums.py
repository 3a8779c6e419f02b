"""Enums: a value that is almost one of those that are known is a misspelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sage200_async.errors import InvalidValue
from sage200_async.odata.plain_values import plain, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX: Final = "enum"
# What most of Sage's values begin with, in small letters.
_NUMBERS: Final = {"accountstatusactive": 0, "enumstockitemstatustypeactive": 0}
# Of names in small letters.


def require_no_near_miss(field: str, value: object, known: Iterable[str]) -> None:
    """Refuse a *value* that is almost one of those that are known.

    Raises:
        InvalidValue: It differs from one by its case or by one letter, or is its end.
    """
    own = plain(value)
    meant = near_miss(own, known) if type(own) is str else None
    if meant is not None:
        raw = f"raw(\"{field} eq '...'\") passes any text"
        message = f"{field}: got {shown(own)}, expected {meant!r}; {raw}"
        raise InvalidValue(message, value=value)


def number_of(name: str) -> int | None:
    """Return the number that stands for a name in other places, where it is known.

    Source:
        A public connector (craft-erpy) reads the status of customers and of products in
        views, where 0 is active. The names of the other numbers are not known.

    Example:
        >>> number_of("AccountStatusActive"), number_of("AccountStatusHidden")
        (0, None)
    """
    return _NUMBERS.get(name.casefold())


def near_miss(text: str, known: Iterable[str]) -> str | None:
    """Return the known text that *text* was surely meant to be, or None.

    It differs by case, by one letter, by two that are swapped or by ``Enum`` at its
    beginning; or it is the last words of one known text only.

    Example:
        >>> near_miss("Dueate", ["DueDate"]), near_miss("duedate", ["DueDate"])
        ('DueDate', 'DueDate')
        >>> near_miss("DueDate", ["DueDate", "DueDates"])
        >>> near_miss("on hold", ["EnumDocumentStatusOnHold"])
        'EnumDocumentStatusOnHold'
    """
    values = tuple(known)
    if text in values:
        return None
    folded = text.casefold()
    slip = next((v for v in values if _is_one_slip(folded, v.casefold())), None)
    if slip is not None:
        return slip
    bare = folded.replace(" ", "").replace("_", "")
    whole = bare.removeprefix(_PREFIX)
    for value in values:
        if _is_one_slip(whole, value.casefold().removeprefix(_PREFIX)):
            return value
    ends = [value for value in values if _is_last_words(bare, value)]
    return ends[0] if len(ends) == 1 else None


def _is_last_words(folded: str, value: str) -> bool:
    """Whether a text is what *value* ends in, from a word's capital letter on."""
    start = len(value) - len(folded)
    if not folded or start <= 0 or not value.casefold().endswith(folded):
        return False
    before, first, after = value[start - 1], value[start], value[start + 1 : start + 2]
    return first.isupper() and (before.islower() or after.islower())


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
