"""Records that are not what their resource has: which one, and what is wrong with it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.extract.rejects import RejectedRow
from sage200_async.wire.json_types import is_array, is_object
from sage200_async.wire.splitting import key_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.errors import DecodeError

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_HALF: Final = "half of a surrogate pair, which is no character"
RAW: Final = "_raw"
"""The only field of a record that is shown as text, as it cannot be read at all."""


def undecodable(table: str, key: str | None, error: DecodeError) -> RejectedRow:
    r"""Return the record of *error*, with its key even where it is not JSON.

    Args:
        table: The table that it was for.
        key: The name of the key, if there is one.
        error: What reading it has raised.

    Example:
        >>> from sage200_async.errors import DecodeError
        >>> error = DecodeError("not JSON", raw=rb'{"id":7,"name":"a\ud800"}')
        >>> record = undecodable("customers", "id", error)
        >>> record.key, record.column, record.row["name"]
        ((7,), 'name', 'a\\ud800')
    """
    text = error.raw.decode("utf-8", "backslashreplace")
    try:
        fields = _fields(error.raw, text)
        path, row = next(_halves(fields), ""), _encodable(fields)
    except RecursionError:  # nested too deeply for anyone who reads the file
        path, row = "", {RAW: text}
    return RejectedRow(
        table=table,
        key=_key(error.raw, key),
        column=path or error.json_path.lstrip("$0123456789[]").lstrip("."),
        reason=_HALF if path else _reason(error),
        row=row,
    )


def _key(raw: bytes, name: str | None) -> tuple[int | None, ...]:
    if name is None:
        return ()
    return (key_in(raw, name),)


def _reason(error: DecodeError) -> str:
    return str(error).partition(f"at {error.json_path}: ")[2] or str(error)


def _fields(raw: bytes, text: str) -> dict[str, Any]:
    """Return the fields of a record, as far as they can be read."""
    try:
        if text.encode() == raw:
            return dict(_FIELDS.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        record = json.loads(text, strict=False, parse_float=Decimal)
    except (ValueError, ArithmeticError):
        record = None
    return dict(record) if is_object(record) else {RAW: text}


def _halves(value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of texts with half of a surrogate pair."""
    if isinstance(value, str):
        if value != value.encode("utf-8", "replace").decode():
            yield path
    elif is_object(value):
        for name, one in value.items():
            yield from _halves(one, f"{path}.{name}" if path else name)
    elif is_array(value):
        for number, one in enumerate(value):
            yield from _halves(one, f"{path}[{number}]")


def _encodable(value: Any) -> Any:
    """Return *value* with what JSON cannot hold as text."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if is_object(value):
        return {_encodable(name): _encodable(one) for name, one in value.items()}
    if is_array(value):
        return [_encodable(one) for one in value]
    if isinstance(value, Decimal | float) and not Decimal(value).is_finite():
        return str(value)
    return value
