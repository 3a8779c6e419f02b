"""What columns of databases can hold, for those who ask why a value was refused."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final

_WHOLE: Final = range(-(2**63), 2**63)
DIGITS: Final = 38
"""Digits of a DuckDB decimal, the most that there are."""
PLACES: Final = 10
"""Decimal places of a DuckDB decimal: exchange rates of Sage have up to 10."""


def takes_integer(value: object) -> str:
    """Say what an integer has to be where *value* is not that; else nothing."""
    fits = isinstance(value, int) and value in _WHOLE
    return "" if fits else "a whole number of 64 bits"


def takes_decimal(value: object) -> str:
    """Say what a DuckDB decimal has to be where *value* is not that; else nothing.

    Example:
        >>> takes_decimal(Decimal("12.3450000000000"))
        ''
        >>> takes_decimal(Decimal("1.23456789012"))
        'at most 28 digits before and 10 after the point'
    """
    with localcontext(prec=200):
        fits = isinstance(value, Decimal) and _fits(value)
    whole = DIGITS - PLACES
    return "" if fits else f"at most {whole} digits before and {PLACES} after the point"


def takes_text(value: object, without: str = "\0") -> str:
    """Say what text has to be where *value* is not that; else nothing.

    Args:
        value: Perhaps text.
        without: What the database does not take in it, or nothing.
    """
    text = value if isinstance(value, str) else ""
    if text.encode("utf-8", "replace").decode() != text:
        return "text of whole characters"
    return "text without zero characters" if without and without in text else ""


def _fits(value: Decimal) -> bool:
    if not value.is_finite() or value.adjusted() >= DIGITS - PLACES:
        return False
    return value == value.quantize(Decimal(1).scaleb(-PLACES))
