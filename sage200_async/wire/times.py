"""Times as text in JSON: with ``Z``, with an offset from UTC, or without either.

Sage writes ``Z``. A time without it is UTC, one with an offset is converted: in the
bytes, before they are decoded, since the parser has no place for it. Only fields that
hold times are rewritten, never text that looks like one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, get_args

from msgspec import Meta, ValidationError, convert

from sage200_async.wire.related import hints_of, with_related

UtcTime: TypeAlias = Annotated[datetime, Meta(tz=True)]
"""A time that the parser refuses without ``Z`` or an offset, at no cost."""

_TIME: Final = rb'("\s*:\s*")(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?)'
_OFFSET: Final = rb'([+-]\d\d:?\d\d)?"'


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


def _is_time(hint: Any) -> bool:
    return UtcTime in (hint, *get_args(hint))


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
        for record in with_related(model)
        for name, hint in hints_of(record).items()
        if _is_time(hint)
    }
    if not names:
        return None
    return re.compile(b'"(%b)' % b"|".join(sorted(names)) + _TIME + _OFFSET)
