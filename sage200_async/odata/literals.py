"""OData literals: one function for each type of field.

A literal is written by the field's type, never by the value's: a number field
takes no text, a text field no number, and `True` is not 1. An enum, a subclass and a
scalar of numpy are taken for what they are: see `plain`. Each function returns the finished literal or raises `InvalidValue`.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, NoReturn

from sage200_async.errors import InvalidValue
from sage200_async.limits import INT64_MAX
from sage200_async.odata.plain_values import plain, shown

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["text", "integer", "number", "boolean", "datetime", "enum", "null"]
"""The type of a field or of a literal."""

NULL: Final = "null"

EXPECTED: Final = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "True or False",
    "datetime": "a date or a datetime",
    "enum": "an enum's name or number",
}
"""The values that a field of each kind takes, in words."""

_MAX_EXPONENT: Final = 400
# Decimal places, and zeros before them: further than any float goes. A Decimal
# of a few bytes can stand for a gigabyte of digits.


def _refuse(expected: str, value: object) -> NoReturn:
    got = f"{shown(value)} ({type(value).__name__})"
    message = f"expected {expected}, got {got}"
    raise InvalidValue(message, value=value)


def quoted(value: str) -> str:
    """Return *value* in quotes, with the quotes in it doubled.

    Example:
        >>> quoted("O'Brien")
        "'O''Brien'"
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        _refuse("text without lone surrogates", value)
    return "'" + value.replace("'", "''") + "'"


def text(value: object) -> str:
    """Return a text literal."""
    own = value if type(value) is str else plain(value)
    if type(own) is not str:
        _refuse(EXPECTED["text"], value)
    return quoted(own)


def integer(value: object) -> str:
    """Return an integer literal, within the 64 bits that the service stores."""
    own = value if type(value) is int else plain(value)
    if type(own) is not int:
        _refuse(EXPECTED["integer"], value)
    if not -INT64_MAX - 1 <= own <= INT64_MAX:
        _refuse("a whole number of 64 bits", value)
    return str(own)


def number(value: object) -> str:
    """Return a decimal literal in plain notation, digit for digit.

    A float is written in its shortest form, as Python shows it.

    Example:
        >>> number(Decimal("1E-7")), number(0.1), number(10)
        ('0.0000001', '0.1', '10')
    """
    own = value if type(value) is int else plain(value)
    if type(own) is int:
        return integer(own)
    if type(own) is not float and type(own) is not Decimal:
        _refuse(EXPECTED["number"], value)
    if not (own.is_finite() if type(own) is Decimal else math.isfinite(own)):
        _refuse("a finite number", value)
    exact = Decimal(str(own))
    if abs(exact.adjusted()) > _MAX_EXPONENT:
        _refuse(f"a number within {_MAX_EXPONENT} digits of the point", value)
    return format(exact, "f")


def boolean(value: object) -> str:
    """Return `true` or `false`."""
    own = value if type(value) is bool else plain(value)
    if type(own) is not bool:
        _refuse(EXPECTED["boolean"], value)
    return "true" if own else "false"


def timestamp(value: object) -> str:
    """Return a date literal, or a datetime in UTC with its ``Z``.

    Source: Sage 200 API guide, "Query parameters": dates are not quoted, and
    a time needs the trailing ``Z``.

    Example:
        >>> timestamp(date(2016, 2, 23))
        '2016-02-23'
        >>> timestamp(datetime(2016, 2, 24, 9, 52, 11, 452_000, tzinfo=UTC))
        '2016-02-24T09:52:11.452Z'
    """
    own = plain(value)
    if type(own) is datetime:
        if own.utcoffset() is None:
            _refuse("a datetime with a time zone, such as tzinfo=UTC", value)
        utc = _utc(own)
        spec = "milliseconds" if utc.microsecond % 1000 == 0 else "microseconds"
        return utc.isoformat(timespec=spec)[: -len("+00:00")] + "Z"
    if type(own) is date:
        return own.isoformat()
    _refuse(EXPECTED["datetime"], value)


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        _refuse("a datetime of the years 1 to 9999 in UTC", value)


def enum(value: object) -> str:
    """Return an enum literal, by name or by number: both are quoted.

    Source: Sage 200 API guide, "Query parameters": ``document_status eq '2'``
    and ``eq 'EnumDocumentStatusComplete'`` are the same.
    """
    own = plain(value)
    if type(own) is str:
        return quoted(own)
    if type(own) is not int:
        _refuse(EXPECTED["enum"], value)
    return quoted(integer(own))


WRITERS: Final[dict[str, Callable[[object], str]]] = {
    "text": text,
    "integer": integer,
    "number": number,
    "boolean": boolean,
    "datetime": timestamp,
    "enum": enum,
}
"""The function that writes the literals of each kind of field."""


def literal(kind: str, value: object) -> str:
    """Return *value* as a literal of *kind*; None is ``null`` for every kind."""
    return NULL if value is None else WRITERS[kind](value)


def kind_of(value: object) -> Kind:
    """Return the kind of a plain Python value, for a field of unknown type."""
    match plain(value):
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "text"
        case int():
            return "integer"
        case float() | Decimal():
            return "number"
        case date():
            return "datetime"
        case _:
            _refuse("text, a number, a boolean, a date or a datetime", value)


_FITS: Final[dict[str, frozenset[str]]] = {
    "text": frozenset({"text", "null"}),
    "enum": frozenset({"enum", "text", "null"}),
    "integer": frozenset({"integer", "null"}),
    "number": frozenset({"integer", "number", "null"}),
    "boolean": frozenset({"boolean", "null"}),
    "datetime": frozenset({"datetime", "null"}),
}


def fits(field_kind: str, literal_kind: str) -> bool:
    """Whether a literal of one kind can be compared with a field of another."""
    return literal_kind in _FITS[field_kind]
