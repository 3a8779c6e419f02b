"""What a request body may say: known names, values of the right type."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.schema.tables import shape_of
from sage200_async.sandbox.store.records import WriteError
from sage200_async.sandbox.store.rows import decode
from sage200_async.sandbox.store.timestamps import served_timestamp
from sage200_async.wire.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.schema.tables import Shape
    from sage200_async.sandbox.store.rows import Values

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "text": (str,),
    "enum": (str,),
    "datetime": (str,),
    "integer": (int,),
    "number": (int, Decimal, float),
    "boolean": (bool,),
}


def parse_json(body: bytes) -> Any:
    """Return the value of a body.

    Raises:
        WriteError: It is not JSON.
    """
    try:
        return decode(body)
    except ValueError as error:
        raise WriteError(f"The body is no JSON: {error}") from error


def require_object(value: Any) -> Values:
    """Return a parsed body, or a row of it, that is a JSON object.

    Raises:
        WriteError: It is not an object.
    """
    if not is_object(value):
        raise WriteError("The body must be a JSON object.")
    return dict(value)


def writable_values(
    shape: Shape, body: Mapping[str, Any], *, allow_bare_dates: bool
) -> Values:
    """Return what a body sets; read-only names are ignored.

    Raises:
        WriteError: A name is unknown, or a value does not fit its field.
    """
    values: Values = {}
    for name, value in body.items():
        if name not in shape.scalars and name not in shape.expandables:
            raise WriteError(f"Could not find a property named '{name}'.")
        if name not in shape.writable:
            continue
        if value is None:
            raise WriteError(f"{name}: a value is expected, null is not allowed.")
        if name in shape.expandables:
            values[name] = _related_values(
                shape, name, value, allow_bare_dates=allow_bare_dates
            )
        else:
            kind = shape.scalars[name]
            values[name] = _checked(
                name, kind, value, allow_bare_dates=allow_bare_dates
            )
    return values


def require_fields(shape: Shape, values: Mapping[str, Any]) -> None:
    """Check that a new record has every required field.

    Raises:
        WriteError: A field is missing; the message has the first by name.
    """
    for name in sorted(shape.required):
        if name not in values:
            raise WriteError(f"{name}: a value is required.")


def _related_values(
    shape: Shape, name: str, value: Any, *, allow_bare_dates: bool
) -> Any:
    record, is_list = shape.expandables[name], name in shape.lists
    rows: list[Any] = list(value) if is_array(value) else [value]
    if is_array(value) is not is_list or not all(map(is_object, rows)):
        expected = "a list of objects" if is_list else "an object"
        raise WriteError(f"{name}: {expected} is expected.")
    if record is not None:
        inner = shape_of(record)
        rows = [
            writable_values(inner, row, allow_bare_dates=allow_bare_dates)
            for row in rows
        ]
    return rows if is_list else rows[0]


def _checked(name: str, kind: str, value: Any, *, allow_bare_dates: bool) -> Any:
    types = _TYPES.get(kind)
    if types is None:
        return value
    is_boolean = isinstance(value, bool)
    if not isinstance(value, types) or is_boolean is not (kind == "boolean"):
        raise WriteError(f"{name}: expected {kind}, got {str(value)[:40]!r}.")
    if isinstance(value, str) and "\0" in value:
        raise WriteError(f"{name}: text cannot hold a NUL character.")
    if kind != "datetime":
        return value
    try:
        return served_timestamp(str(value), allow_bare_date=allow_bare_dates)
    except ValueError as error:
        raise WriteError(f"{name}: {error}.") from error
