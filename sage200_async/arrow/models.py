"""Records of a schema, for resources that the catalog does not know."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, Optional

import msgspec

from sage200_async.arrow.libraries import DataType, Field, Schema, pa
from sage200_async.arrow.schema import NUMBER, TIME, is_json
from sage200_async.errors import QueryError
from sage200_async.wire.times import UtcTime

_KINDS: Final[dict[DataType, Any]] = {
    pa.int64(): int,
    NUMBER: Decimal,
    pa.string(): str,
    pa.bool_(): bool,
    TIME: UtcTime,
}


def model_of(schema: Schema, key: str | None = None) -> type[msgspec.Struct]:
    """Return a record with the columns of *schema*; those that may be null may be absent.

    Args:
        schema: The columns.
        key: The one that is checked where pages are: here it may be absent.

    Raises:
        QueryError: It is no schema, or there is a column that no field of Sage's has.
    """
    if not isinstance(schema, pa.Schema):
        kind = type(schema).__name__
        raise QueryError(f"schema: expected a pyarrow.Schema, got {kind}")
    return _struct("Record", "schema", list(schema), key)


def _struct(
    name: str, path: str, fields: list[Field], key: str | None = None
) -> type[msgspec.Struct]:
    _require_names(path, [field.name for field in fields])
    pairs: list[Any] = []
    for field in fields:
        kind = _kind(field)
        if field.nullable or field.name == key:
            pairs.append((field.name, Optional[kind], None))  # noqa: UP045
        else:
            pairs.append((field.name, kind))
    return msgspec.defstruct(name, pairs, frozen=True, kw_only=True)


def _require_names(path: str, names: list[str]) -> None:
    """Raise QueryError unless *names* can be those of a record's fields."""
    if not names:
        raise QueryError(f"{path}: expected at least one column")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise QueryError(f"{path}: column {twice!r} is there twice: leave one out")
    for name in names:
        if not name.isidentifier() or name.startswith("__"):
            message = (
                f"{path}: column {name!r}: expected the name of a field as Sage writes "
                "it, of letters, digits and underscores"
            )
            raise QueryError(message)


def _kind(field: Field) -> Any:
    kind = field.type
    if is_json(field):
        return Any
    if pa.types.is_list(kind):
        item = kind.value_field
        if item.type != TIME and not pa.types.is_list(item.type):
            one = _kind(item)
            return list[Optional[one] if item.nullable else one]  # type: ignore[misc]  # noqa: UP045
    if pa.types.is_struct(kind):
        return _struct(field.name.title(), f"schema: {field.name}", list(kind))
    if kind not in _KINDS:
        known = ", ".join(map(str, _KINDS))
        message = (
            f"schema: column {field.name!r} is {kind}: expected one of {known}, a "
            "struct of them, or a list of any but times and lists"
        )
        raise QueryError(message)
    return _KINDS[kind]
