"""Records of a schema, for resources that the catalog does not know."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, Optional

import msgspec

from sage200_async.arrow.libraries import DataType, Field, Schema, pa
from sage200_async.arrow.schema import NUMBER, TIME
from sage200_async.errors import QueryError
from sage200_async.wire.times import UtcTime

_KINDS: Final[dict[DataType, Any]] = {
    pa.int64(): int,
    NUMBER: Decimal,
    pa.string(): str,
    pa.bool_(): bool,
    TIME: UtcTime,
}


def model_of(schema: Schema) -> type[msgspec.Struct]:
    """Return a record with the columns of *schema*, all of which may be absent.

    Raises:
        QueryError: A column has a type that no field of Sage's has.
    """
    return _struct("Record", list(schema))


def _struct(name: str, fields: list[Field]) -> type[msgspec.Struct]:
    pairs = [(field.name, Optional[_kind(field)], None) for field in fields]  # noqa: UP045
    return msgspec.defstruct(name, pairs, frozen=True, kw_only=True)


def _kind(field: Field) -> Any:
    kind = field.type
    if pa.types.is_list(kind):
        return list[_kind(kind.value_field)]  # type: ignore[misc]
    if pa.types.is_struct(kind):
        return _struct(field.name.title(), list(kind))
    if kind not in _KINDS:
        known = ", ".join(map(str, _KINDS))
        message = (
            f"schema: column {field.name!r} is {kind}: expected one of {known}, or a "
            "struct or a list of them"
        )
        raise QueryError(message)
    return _KINDS[kind]
