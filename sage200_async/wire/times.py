"""Times as text in JSON: with ``Z``, with an offset from UTC, or without either.

Sage writes ``Z``. A time without it is UTC, one with an offset is converted: in the
bytes, before they are decoded, since the parser has no place for it. Only fields that
hold times are rewritten, never text that looks like one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Final, Optional, TypeAlias

from msgspec import Meta, ValidationError, convert

from sage200_async.wire.related import with_related

UtcTime: TypeAlias = Annotated[datetime, Meta(tz=True)]
"""A time that the parser refuses without ``Z`` or an offset, at no cost."""
_OPTIONAL: Final[Any] = Optional[UtcTime]  # noqa: UP045 - pyright knows no "|" of it

_TIME: Final = rb'("\s*:\s*")(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?)'
_OFFSET: Final = rb'([+-]\d\d:?\d\d)?"'
_TIME_WITH_OFFSET: Final = re.compile(
    rb'[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?[+-]\d\d:?\d\d"'
)
_EAST: Final = re.compile(rb'\+[01]\d:?\d\d"')
_EITHER: Final = re.compile(rb'[+-][01]\d:?\d\d"')
# Both match more than times: what is converted in vain only takes longer.
_NEAR: Final = 4096
# Bytes in which an offset west of UTC is searched: a server writes all times alike.


def starts_with_offset(page: bytes) -> bool:
    """Return whether the times at the start of *page* have an offset from UTC."""
    return _TIME_WITH_OFFSET.search(page, 0, _NEAR) is not None


def has_any_offset(record: bytes) -> bool:
    """Return whether *record* seems to have a time with an offset, east or west."""
    return _EITHER.search(record) is not None


def has_offset(array: bytes) -> bool:
    """Return whether *array* seems to have a time with an offset east of UTC.

    One search for a single byte, where there is none, takes less than a hundredth
    of the time of decoding; telephone numbers have that byte as well.
    """
    return b"+" in array and _EAST.search(array) is not None


def with_utc_times(array: bytes, model: Any) -> bytes:
    """Return JSON in which the times of *model* are in UTC, with ``Z``.

    Those past what Python holds are left such that they are refused.

    Example:
        >>> from sage200_async.catalog import Customer
        >>> body = b'{"name":"2024-07-01T09:00:00","account_opened":%s}'
        >>> with_utc_times(body % b'"2024-07-01T09:00:00+01:00"', Customer)
        b'{"name":"2024-07-01T09:00:00","account_opened":"2024-07-01T08:00:00Z"}'
    """
    pattern = _pattern_of(model)
    return array if pattern is None else pattern.sub(_in_utc, array)


def _in_utc(match: re.Match[bytes]) -> bytes:
    name, colon, time, offset = match.groups()
    if offset is not None:
        try:
            text = b"%b%b:%b" % (time, offset[:3], offset[-2:])
            moved = convert(text.decode(), datetime).astimezone(UTC)
        except (ValidationError, OverflowError):
            return b'"%b%b%b%b has no time in UTC"' % (name, colon, time, offset)
        time = moved.replace(tzinfo=None).isoformat().encode()
    return b'"%b%b%bZ"' % (name, colon, time)


@cache
def _pattern_of(model: Any) -> re.Pattern[bytes] | None:
    """Return what matches a time in a field of *model*, or of its related records."""
    names = {
        name.encode()
        for record in with_related(model, set())
        for name, hint in getattr(record, "__annotations__", {}).items()
        if hint == _OPTIONAL
    }
    if not names:
        return None
    return re.compile(b'"(%b)' % b"|".join(sorted(names)) + _TIME + _OFFSET)
