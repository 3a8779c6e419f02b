"""Splits an array of records of which some may not be JSON.

One lone surrogate or raw control character in a text makes the whole array unreadable
to a strict parser. Where each record ends can be seen all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_MALFORMED: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_CUT: Final = "truncated"
# The parser's word for an array that is cut in a text or in a nested array. It says so
# of a lone surrogate in the last bytes, too: then the next cut is tried.
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
TO_BRACKET: Final = re.compile(
    rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{}])', re.DOTALL
)
"""From outside of any text: up to the next bracket, past whole texts."""
_BLANKS: Final = b" \t\r\n"
_MAX_STEPS: Final = 20_000
# Brackets after which the key of a record is not searched any further.
_TO_COMMA: Final = re.compile(
    rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{},])', re.DOTALL
)


def split(array: bytes) -> Sequence[bytes | msgspec.Raw]:
    r"""Return the bytes of each record of *array*, whether they can be read or not.

    Raises:
        msgspec.DecodeError: It is cut, or its brackets do not match.

    Example:
        >>> split(rb'[{"id":1},{"name":"a\ud800"}]')
        [b'{"id":1}', b'{"name":"a\\ud800"}']
    """
    try:
        return _RAWS.decode(array)
    except _MALFORMED:
        records = _between_brackets(array)
        if records is None:
            raise
        return records


def split_or_none(array: bytes) -> Sequence[bytes | msgspec.Raw] | None:
    """Return what `split` does, or None where *array* is cut at the wrong place."""
    try:
        return _RAWS.decode(array)
    except _MALFORMED as error:
        return None if _CUT in str(error) else _between_brackets(array)


def key_in(record: bytes, name: str) -> int | None:
    r"""Return the whole number in a field of *record*, which may not be JSON, or None.

    Fields of nested records are not looked at.

    Example:
        >>> key_in(rb'{"lines":[{"id":1}],"name":"a\ud800","id":2}', "id")
        2
    """
    pattern = re.compile(
        rb'[{,]\s*"%b"\s*:\s*(-?\d{1,18})\s*[,}]' % re.escape(name.encode())
    )
    at, depth, steps = record.find(b"{") + 1, 1, 0
    while depth and at and steps < _MAX_STEPS:
        steps += 1
        key = pattern.match(record, at - 1) if depth == 1 else None
        if key is not None:
            return int(key[1])
        match = (_TO_COMMA if depth == 1 else TO_BRACKET).match(record, at)
        if match is None:
            break
        at, token = match.end(), match[1]
        if token != b",":
            depth += 1 if token in b"[{" else -1
    return None


def _between_brackets(array: bytes) -> list[bytes] | None:
    """Return what is between the commas of the outer array, or None if it is none."""
    records: list[bytes] = []
    start = at = depth = 1
    while depth:
        match = (_TO_COMMA if depth == 1 else TO_BRACKET).match(array, at)
        if match is None:
            return None
        at, token = match.end(), match[1]
        if token == b",":
            records.append(array[start : at - 1].strip(_BLANKS))
            start = at
        else:
            depth += 1 if token in b"[{" else -1
    if array[at:].strip() or array[:1] != b"[":
        return None
    records.append(array[start : at - 1].strip(_BLANKS))
    return records if all(map(_has_right_brackets, records)) else None


def _has_right_brackets(record: bytes) -> bool:
    """Return whether *record* is JSON but for its texts, or nested too deeply.

    A quote that is not escaped would make one record of many.
    """
    try:
        return _is_json(record) or _is_json(_TEXT.sub(b'""', record))
    except RecursionError:
        return True


def _is_json(record: bytes) -> bool:
    try:
        _RAW.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
