"""Single values as text: to the last digit, and never with an exponent."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from sage200_async.errors import SinkError
from sage200_async.extract.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from decimal import Decimal

    from sage200_async.extract.tables import Column, Row

UNFIT: Final = (ValueError, TypeError, ArithmeticError)
"""What encoders raise for a value that they cannot hold; pyarrow's are among them."""
_SHOWN: Final = 40
# Characters of a value that a message shows.


def plain(number: Decimal) -> str:
    """Write all digits of *number*, as the wire had them, in plain notation.

    Raises:
        ValueError: It is no finite number.

    Example:
        >>> from decimal import Decimal
        >>> plain(Decimal("0.0000000")), plain(Decimal("1.50"))
        ('0.0000000', '1.50')
    """
    if not number.is_finite():
        raise ValueError(f"expected a finite number, got {number}")
    text = str(number)
    return format(number, "f") if "E" in text else text


def are_plain(numbers: Sequence[Decimal | None]) -> bool:
    """Tell whether ``str`` writes all *numbers* as `plain` does.

    One look at a whole column takes a fifth of the time that `plain` takes:
    only exponents have an ``E``, only ``NaN`` an ``a``, only ``Infinity`` a ``y``.
    """
    text = "".join(map(str, numbers))
    return not any(mark in text for mark in "Eay")


def moment(at: datetime) -> str:
    """Write a time in UTC as the wire does: a ``Z``, and no zeros at the end.

    Raises:
        ValueError: It has no time zone.

    Example:
        >>> from datetime import UTC, datetime
        >>> moment(datetime(2024, 1, 2, 9, 17, 16, 330_000, UTC))
        '2024-01-02T09:17:16.33Z'
    """
    text = utc(at).isoformat().removesuffix("+00:00")
    return f"{text.rstrip('0')}Z" if at.microsecond else f"{text}Z"


def utc(at: datetime) -> datetime:
    """Bring a time to UTC.

    Raises:
        ValueError: It has no time zone.
    """
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise ValueError(f"expected a time with a zone, got {at}")
    return at.astimezone(UTC)


def blamed(
    table: Table, rows: Sequence[Row], encode: Callable[[Table, Sequence[Row]], object]
) -> SinkError:
    """Find the value for which *encode* fails, and say which it is.

    Args:
        table: Whose rows they are.
        rows: Rows that cannot be encoded.
        encode: What fails on them.

    Returns:
        An error that names the column and the row's key.
    """
    for row in rows:
        for column, value in zip(table.columns, row, strict=True):
            try:
                encode(Table(table.name, (column,)), [(value,)])
            except UNFIT as error:
                return _unfit(table, row, column, value, error)
    return SinkError(f"{table.name}: rows that cannot be written")


def _unfit(
    table: Table, row: Row, column: Column, value: object, error: Exception
) -> SinkError:
    pairs = zip(table.columns, row, strict=True)
    found = [f"{each.name} {cell}" for each, cell in pairs if each.name in table.key]
    where = f"{table.name}, {' '.join(found) or 'no key'}: {column.name}"
    shown = repr(value)
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}…"
    why = str(error).partition("\n")[0] or type(error).__name__
    return SinkError(
        f"{where}: expected a value that fits {column.kind}, got {shown}: {why}"
    )
