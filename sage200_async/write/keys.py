"""Keys of rows, compared as the server's database compares them; pure."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.errors import InvalidInput
from sage200_async.odata.plain_values import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CONTROL: Final = frozenset({"Cc", "Cs"})
# Unicode's categories of characters that no key has.


def fold(text: str) -> str:
    """Return *text* as it compares: case and width folded, no blanks at the end.

    The default collation of Sage's databases, ``Latin1_General_CI_AS``, ignores case
    and width and pays attention to accents; SQL Server ignores blanks at the end. Of
    ``ß`` and ``ss`` this makes one, as Windows collations do. Where a server takes
    more for equal than that (``Æ`` and ``AE``), the look-up sees it.

    Source:
        learn.microsoft.com, "Collation and Unicode support"; ANSI SQL-92, 8.2, pads
        texts with blanks before it compares them. Sage's collation is inference.

    Example:
        >>> fold("Straße 1 ") == fold("STRASSE 1"), fold("é") == fold("e")
        (True, False)
    """
    composed = unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFKC", composed.casefold()).rstrip(" ")


def comparable(value: object) -> object:
    """Return one value of a key as it compares: ``7`` and ``7.0`` are the same.

    Example:
        >>> comparable(Decimal("7.0")), comparable("A1D001  ")
        ('7', 'a1d001')
    """
    if isinstance(value, str):
        return fold(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        exact = Decimal(str(value))
        whole = exact == exact.to_integral_value()
        return format(exact.quantize(Decimal(1)) if whole else exact.normalize(), "f")
    return value


def key_in(record: Mapping[str, Any], by: Sequence[str]) -> str | None:
    """Return the key of *record*, as it compares; None where a part is missing."""
    values = [record.get(name) for name in by]
    if any(value is None or value == "" for value in values):
        return None
    return msgspec.json.encode([comparable(value) for value in values]).decode()


def require_key(row: Mapping[str, Any], by: Sequence[str]) -> str:
    """Return the key of a *row* that is to be written.

    Raises:
        InvalidInput: It has none, or one that a server may change: then the record
            could not be found again.
    """
    faults = [fault for name in by if (fault := _fault(name, row.get(name)))]
    key = None if faults else key_in(row, by)
    if key is None:
        raise InvalidInput("; ".join(faults), faults=faults)
    return key


def _fault(name: str, value: object) -> str:
    """Return what is wrong with one part of a key, or ""."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return f"{name}: missing, the record is looked up by it"
    if not isinstance(value, str):
        return ""
    if value[0].isspace():
        return f"{name}: {shown(value)} begins with a blank, which Sage may drop"
    if any(unicodedata.category(character) in _CONTROL for character in value):
        return f"{name}: {shown(value)} has a control character, which Sage may drop"
    return ""
