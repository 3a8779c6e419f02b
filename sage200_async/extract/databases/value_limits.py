"""What columns of databases can hold, to explain why a value was refused."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Final

from sage200_async.extract.text_values import utc

if TYPE_CHECKING:
    from sage200_async.extract.tables import Kind

_INT64: Final = range(-(2**63), 2**63)
DIGITS: Final = 38
"""Digits of a DuckDB decimal, the most that it can have."""
PLACES: Final = 10
"""Decimal places of a DuckDB decimal: exchange rates of Sage have up to 10."""


def value_rejection(kind: Kind, value: object, without: str = "") -> str:
    """Return what a value has to be if a column of *kind* cannot hold it; else nothing.

    Args:
        kind: What the column holds.
        value: A value, not None.
        without: Text that the database refuses in text, or nothing.

    Example:
        >>> value_rejection("number", Decimal("NaN"))
        'a finite number'
        >>> value_rejection("text", "a")
        ''
    """
    if kind == "integer":
        return integer_rejection(value)
    if kind == "number":
        finite = isinstance(value, Decimal) and value.is_finite()
        return "" if finite else "a finite number"
    if kind == "datetime":
        return "" if _is_time(value) else "a time from the year 1 to 9999, in UTC"
    return text_rejection(value, without)


def integer_rejection(value: object) -> str:
    """Return what an integer has to be if *value* is not; else nothing."""
    fits = isinstance(value, int) and value in _INT64
    return "" if fits else "a whole number of 64 bits"


def decimal_rejection(value: object) -> str:
    """Return what a DuckDB decimal has to be if *value* is not; else nothing.

    Example:
        >>> decimal_rejection(Decimal("12.3450000000000"))
        ''
        >>> decimal_rejection(Decimal("1.23456789012"))
        'at most 28 digits before and 10 after the point'
    """
    with localcontext(prec=200):
        fits = isinstance(value, Decimal) and _fits(value)
    whole = DIGITS - PLACES
    return "" if fits else f"at most {whole} digits before and {PLACES} after the point"


def text_rejection(value: object, without: str = "\0") -> str:
    """Return what text has to be if *value* is not; else nothing.

    Args:
        value: Perhaps text.
        without: Text that the database refuses in it, or nothing.
    """
    text = value if isinstance(value, str) else ""
    if text.encode("utf-8", "replace").decode() != text:
        return "text of whole characters"
    return "text without zero characters" if without and without in text else ""


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, datetime) and bool(utc(value))
    except OverflowError:
        return False


def _fits(value: Decimal) -> bool:
    if not value.is_finite() or value.adjusted() >= DIGITS - PLACES:
        return False
    return value == value.quantize(Decimal(1).scaleb(-PLACES))
