"""Related records that are nested: their JSON as typed values, and back."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.errors import SinkError
from sage200_async.extract.text_values import plain_number, time_in, timestamp, utc
from sage200_async.wire.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sage200_async.extract.tables import Column, Table

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_QUOTED: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def refuse_nested(tables: Sequence[Table], where: str) -> None:
    """Refuse tables with nested columns.

    Args:
        tables: The tables that are to be stored.
        where: What cannot nest them, such as ``CSV``.

    Raises:
        SinkError: A column is nested.
    """
    for table in tables:
        for column in table.columns:
            if column.fields:
                message = (
                    f"{table.name}: {where} cannot nest {column.name}; choose Parquet, "
                    "Arrow or NDJSON, or pass --related json or --related tables "
                    "(related=)"
                )
                raise SinkError(message)


def typed_values(column: Column, text: str | None) -> Any:
    """Return the JSON of related records as values of their fields' types."""
    return None if text is None else _typed(column, _DECODER.decode(text))


def _typed(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.many:
        return [_typed_fields(column, one) for one in value]
    return _typed_fields(column, value) if column.fields else _TYPED[column.kind](value)


def _typed_fields(column: Column, value: dict[str, Any]) -> dict[str, Any]:
    return {one.name: _typed(one, value.get(one.name)) for one in column.fields}


def nested_json(column: Column, value: Any) -> str | None:
    """Return related records as JSON: only *column*'s fields, without those that are null.

    Numbers and times are as in rows: with all digits, without zeros at the end of
    seconds.

    Args:
        column: The column that they are nested in.
        value: Records; or lists and dicts, as a file holds them: times may be text.
    """
    plain = _plain(column, value)
    return None if plain is None else _ENCODER.encode(plain).decode()


def _plain(column: Column, value: Any) -> Any:
    if is_array(value) and column.many:
        return [_plain_fields(column, one) for one in value]
    if value is None or column.fields:
        return _plain_fields(column, value)
    return _PLAIN.get(column.kind, _unchanged)(value)


def _plain_fields(column: Column, value: Any) -> Any:
    read: Callable[[str], Any]
    if is_object(value):
        read = value.get
    elif isinstance(value, msgspec.Struct):
        read = partial(getattr, value)
    else:
        return value
    pairs = ((one.name, _plain(one, read(one.name))) for one in column.fields)
    return {name: one for name, one in pairs if one is not None}


def _unchanged(value: Any) -> Any:
    return value


def _time(value: Any) -> Any:
    return utc(datetime.fromisoformat(value))


def _number(value: Any) -> Any:
    return value if isinstance(value, Decimal) else Decimal(value)


def _plain_time(value: Any) -> Any:
    """Return a time as text; what is none stays as it is."""
    at = time_in(value) if isinstance(value, str) else value
    try:
        return timestamp(at) if isinstance(at, datetime) else value
    except OverflowError:
        return value


def _plain_number(value: Any) -> Any:
    """Return a number with all digits; what is none stays as it is."""
    if isinstance(value, str) and _QUOTED.fullmatch(value):
        value = Decimal(value)  # some servers write numbers so
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    return msgspec.Raw(plain_number(value).encode())


def _plain_json(value: Any) -> Any:
    """Return what JSON text means, as columns hold it; other text stays as it is."""
    try:
        return _DECODER.decode(value) if isinstance(value, str) else value
    except msgspec.DecodeError:
        return value


def _json_text(value: Any) -> str:
    return value if isinstance(value, str) else _ENCODER.encode(value).decode()


_TYPED: Final = {
    "integer": _unchanged,
    "number": _number,
    "text": _unchanged,
    "boolean": _unchanged,
    "datetime": _time,
    "json": _json_text,
}
_PLAIN: Final[dict[str, Callable[[Any], Any]]] = {
    "datetime": _plain_time,
    "number": _plain_number,
    "json": _plain_json,
}
