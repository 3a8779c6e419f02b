"""Timestamps as Sage serves them, and in a form that sorts."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Final

_TIMESTAMP: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)?)?"
)
TICKS: Final = 300
"""Ticks per second: SQL Server's ``datetime`` counts three-hundredths.

Source: learn.microsoft.com, "datetime (Transact-SQL)": values are rounded to
.000, .003 or .007 seconds.
"""


def sortable_timestamp(text: str, *, allow_bare_date: bool = True) -> str:
    """Return a date or time in UTC, without its ``Z`` and without trailing zeros.

    Such texts sort as the times do.

    Raises:
        ValueError: It is neither a date nor a time, or a time without a zone.

    Example:
        >>> sortable_timestamp("2016-02-24T09:52:11.640Z")
        '2016-02-24T09:52:11.64'
        >>> sortable_timestamp("2016-02-23")
        '2016-02-23T00:00:00'
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a date or a time")
    day, minute, second, fraction, zone = match.groups()
    bare_date = minute is None
    if (bare_date and not allow_bare_date) or (not bare_date and zone is None):
        raise ValueError(f"{text!r} needs a time with its Z")
    utc = datetime.fromisoformat(f"{day}T{minute or '00:00'}{second or ':00'}")
    if zone not in {None, "Z"}:
        hours, minutes = zone[1:].split(":")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        try:
            utc += offset if zone[0] == "-" else -offset
        except OverflowError as error:
            raise ValueError(f"{text!r} is out of range") from error
    trimmed = (fraction or "").rstrip("0")
    return utc.isoformat() + (f".{trimmed}" if trimmed else "")


def served_timestamp(text: str, *, allow_bare_date: bool = True) -> str:
    """Return a date or time as Sage serves it: ``Z`` last, no trailing zeros.

    Raises:
        ValueError: It is neither a date nor a time, or a time without a zone.

    Example:
        >>> served_timestamp("2024-01-02T03:04:05.640Z")
        '2024-01-02T03:04:05.64Z'
    """
    return sortable_timestamp(text, allow_bare_date=allow_bare_date) + "Z"


def timestamp_at(tick: int) -> str:
    """Return the time that is *tick* three-hundredths of a second after 1970.

    Example:
        >>> timestamp_at(1), timestamp_at(30)
        ('1970-01-01T00:00:00.003Z', '1970-01-01T00:00:00.1Z')
    """
    seconds, part = divmod(tick, TICKS)
    text = datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
    milliseconds = (part * 10 + 1) // 3
    fraction = f"{milliseconds:03d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def now_after(previous: str | None) -> str:
    """Return the current time, or one just after *previous* if that is later."""
    now = timestamp_at(int(time.time() * TICKS))
    if previous is None or previous.rstrip("Z") < now.rstrip("Z"):
        return now
    last = datetime.fromisoformat(previous)
    return timestamp_at(int(last.timestamp() * TICKS) + 2)
