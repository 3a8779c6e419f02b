"""Values in one form, whatever holds them, and digests of rows.

A database and a file may write a value as they like: ``1.50`` or ``1.5``, a time
with or without zeros, the names of a JSON object in another order. Here each value
has one form, so that rows are equal exactly if their values are.
"""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Context, Decimal
from hashlib import blake2b
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.extract.text_values import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sage200_async.extract.tables import Kind, Row, Table

DIGEST_SIZE: Final = 16
"""Bytes of a digest."""

_EXACT: Final = Context(prec=2000)
# More digits than any number has, so that none is rounded.
_MAX_EXPONENT: Final = 400
# No number of a wire has a larger one; that of an altered file may.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", order="sorted")


def row_digests(table: Table, rows: Sequence[Row]) -> list[bytes]:
    """Return a digest of each row: equal rows have equal digests, and others do not."""
    if not rows:
        return []
    pairs = zip(table.columns, zip(*rows, strict=True), strict=True)
    columns = [canonical_values(column.kind, values) for column, values in pairs]
    name = table.name.encode()
    return [_digest(name, row) for row in zip(*columns, strict=True)]


def canonical_values(kind: Kind, values: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a column in their one form."""
    types = set(map(type, values))
    if types <= _PLAIN[kind]:
        return values
    convert = _CONVERSIONS.get(kind, _foreign)
    plain = _PLAIN[kind]
    return [v if type(v) in plain else convert(v) for v in values]


def canonical(kind: Kind, value: Any) -> Any:
    """Return one value in its one form."""
    return canonical_values(kind, [value])[0]


def exact_number(text: str) -> int | Decimal:
    """Return the number that *text* is, in its one form.

    Raises:
        ArithmeticError: It is no number.
    """
    return _number(Decimal(text))


def _number(number: Decimal) -> int | Decimal:
    """Return a number without zeros at its end, and without a sign if it is 0."""
    if not number:
        return 0
    if not number.is_finite() or abs(number.adjusted()) > _MAX_EXPONENT:
        return number
    whole = number.to_integral_value(context=_EXACT)
    return int(whole) if whole == number else number.normalize(_EXACT)


def _number_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, float) and math.isfinite(value):
        return _number(Decimal(repr(value)))
    return _foreign(value)


def _time_value(value: Any) -> Any:
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return utc(value)
    return _foreign(value)


def _json_value(value: Any) -> Any:
    if not isinstance(value, str):
        return _foreign(value)
    try:
        return msgspec.Raw(_ENCODER.encode(decode_json(value)))
    except FOREIGN_JSON_ERRORS:
        return _foreign(value)


def decode_json(text: str | bytes) -> Any:
    """Return JSON as Python's values, with exact numbers in their one form.

    Raises:
        MsgspecError: It is no JSON; or another of `FOREIGN_JSON_ERRORS`.
    """
    return _DECODER.decode(text)


FOREIGN_JSON_ERRORS: Final = (
    msgspec.MsgspecError,
    ValueError,
    ArithmeticError,
    RecursionError,
)
"""What decoding JSON of unknown origin may raise."""
_DECODER: Final = msgspec.json.Decoder(float_hook=exact_number)


def _foreign(value: Any) -> Any:
    """Return what a column should not hold in a form that no value of it has."""
    return [type(value).__name__, repr(value)]


_PLAIN: Final[dict[Kind, frozenset[type]]] = {
    "integer": frozenset({int, NoneType}),
    "number": frozenset({int, NoneType}),
    "text": frozenset({str, NoneType}),
    "boolean": frozenset({bool, NoneType}),
    "datetime": frozenset({NoneType}),
    "json": frozenset({NoneType}),
}
_CONVERSIONS: Final[dict[Kind, Callable[[Any], Any]]] = {
    "number": _number_value,
    "datetime": _time_value,
    "json": _json_value,
}


def _digest(name: bytes, row: Sequence[Any]) -> bytes:
    return blake2b(encode_value(row), digest_size=DIGEST_SIZE, key=name[:64]).digest()


def encode_value(value: Any) -> bytes:
    """Return the one form of a value as bytes: equal for equal values only."""
    try:
        return _ENCODER.encode(value)
    except (ValueError, TypeError, OverflowError):  # half a character, say
        return repr(value).encode("utf-8", "backslashreplace")
