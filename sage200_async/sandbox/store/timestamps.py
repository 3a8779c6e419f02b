"""Times as the service writes them, and as text that compares like times."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Final

_MOMENT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)?)?"
)
TICKS: Final = 300
"""Ticks to a second: SQL Server's ``datetime`` keeps a three-hundredth.

Source: learn.microsoft.com, "datetime (Transact-SQL)": values are rounded to
.000, .003 or .007 seconds.
"""


def comparable(text: str, *, bare_date: bool = True) -> str:
    """Bring a date or a time to UTC, without its ``Z``, fraction trimmed.

    Such texts compare as the times do.

    Raises:
        ValueError: It is no date, no time, or a time without a zone.

    Example:
        >>> comparable("2016-02-24T09:52:11.640Z")
        '2016-02-24T09:52:11.64'
        >>> comparable("2016-02-23")
        '2016-02-23T00:00:00'
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a date or a time")
    day, minute, second, fraction, zone = match.groups()
    if (minute is None and not bare_date) or (minute is not None and zone is None):
        raise ValueError(f"{text!r} needs a time with its Z")
    moment = datetime.fromisoformat(f"{day}T{minute or '00:00'}{second or ':00'}")
    if zone not in {None, "Z"}:
        hours, minutes = zone[1:].split(":")
        shift = timedelta(hours=int(hours), minutes=int(minutes))
        try:
            moment += shift if zone[0] == "-" else -shift
        except OverflowError as error:
            raise ValueError(f"{text!r} is out of range") from error
    trimmed = (fraction or "").rstrip("0")
    return moment.isoformat() + (f".{trimmed}" if trimmed else "")


def served(text: str, *, bare_date: bool = True) -> str:
    """Write a time as the service does: ``Z`` last, no trailing noughts.

    Example:
        >>> served("2024-01-02T03:04:05.640Z")
        '2024-01-02T03:04:05.64Z'
    """
    return comparable(text, bare_date=bare_date) + "Z"


def stamp(tick: int) -> str:
    """Write the time that is *tick* three-hundredths of a second after 1970.

    Example:
        >>> stamp(1), stamp(30)
        ('1970-01-01T00:00:00.003Z', '1970-01-01T00:00:00.1Z')
    """
    seconds, part = divmod(tick, TICKS)
    text = datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
    milliseconds = (part * 10 + 1) // 3
    fraction = f"{milliseconds:03d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def now_after(previous: str | None) -> str:
    """Give the time of a write, later than *previous* where there is one."""
    now = stamp(int(time.time() * TICKS))
    if previous is None or previous.rstrip("Z") < now.rstrip("Z"):
        return now
    last = datetime.fromisoformat(previous)
    return stamp(int(last.timestamp() * TICKS) + 2)
