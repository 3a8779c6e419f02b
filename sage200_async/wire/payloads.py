"""Request bodies: checked against the fields of the record, then encoded."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.errors import InvalidInput, InvalidValue, QueryError
from sage200_async.odata.fields import Field
from sage200_async.odata.literals import integer, kind_of, literal, quoted
from sage200_async.odata.namespaces import Fields, OpaqueFields, look_up, unknown_field
from sage200_async.odata.plain_values import plain, shown
from sage200_async.wire.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_DEPTH: Final = 32
# Levels of related records: Sage's own go four levels deep at most.
_SHOWN: Final = 80
# Characters of a path that a message shows.
_LISTED: Final = 20
# Faults that a message lists.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def encode_input(
    values: Mapping[str, Any], fields: Fields | None, faults: Sequence[str] = ()
) -> bytes:
    """Check *values* and encode them as JSON.

    Decimals are written digit for digit. A plain date becomes its midnight in UTC,
    as the service rejects bare dates in documents; a datetime is an instant, which
    is sent in UTC. For the date of a document pass a plain date: midnight in London
    on 1 July is 23:00 UTC on 30 June, the day before.

    Args:
        values: Field names and their values.
        fields: The record's fields, or None where nobody knows them.
        faults: What is known to be wrong already.

    Raises:
        UnknownFieldError: A name that the record does not have.
        InvalidInput: Values that are not of their fields' types, and *faults*:
            all of them at once.
        QueryError: *values* is no mapping, or a related record is neither a
            mapping nor a list of them.

    Source:
        Bare dates: hotgluexyz/target-sage-200.

    Example:
        >>> from sage200_async.catalog import Customer
        >>> encode_input({"credit_limit": Decimal("10.50")}, Customer.fields)
        b'{"credit_limit":10.50}'
    """
    misfits: list[InvalidValue] = []
    checked = _checked(values, fields, "", misfits)
    _refuse(misfits, faults)
    return _ENCODER.encode(checked)


def encode_inputs(
    rows: Sequence[Mapping[str, Any]], fields: Fields | None, faults: Sequence[str] = ()
) -> bytes:
    """Check several *rows* and encode them as one JSON array.

    Raises:
        QueryError: *rows* is no list, or a row is no mapping.
        UnknownFieldError: A name that the record does not have.
        InvalidInput: Values that are not of their fields' types, and *faults*.
    """
    if not is_array(rows):
        raise QueryError(
            f"rows: expected a list of mappings, one for each record, got {shown(rows)}"
        )
    misfits: list[InvalidValue] = []
    checked = [_checked(row, fields, f"[{i}]", misfits) for i, row in enumerate(rows)]
    _refuse(misfits, faults)
    return _ENCODER.encode(checked)


def _refuse(misfits: list[InvalidValue], faults: Sequence[str]) -> None:
    """Raise one error of all that is wrong, if anything is."""
    texts = (*map(str, misfits), *faults)
    if not texts:
        return
    value = misfits[0].value if misfits else None
    listed = "; ".join(texts[:_LISTED])
    if len(texts) == 1:
        raise InvalidInput(listed, value=value, faults=texts)
    rest = f"; and {len(texts) - _LISTED} more" if len(texts) > _LISTED else ""
    message = f"{len(texts)} faults: {listed}{rest}"
    raise InvalidInput(message, value=value, faults=texts)


def adds_rows(values: Mapping[str, Any]) -> bool:
    """Return whether sending *values* twice would add something twice.

    Related records without an id are added, so an update with such rows must
    not be repeated.

    Source:
        Sage 200 API guide: rows with an id are changed, others are added.
    """
    return any(
        adds_rows(value)
        if is_object(value)
        else any(not row.get("id") or adds_rows(row) for row in _rows_in(value))
        for value in values.values()
    )


def _rows_in(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if is_object(row)] if is_array(value) else []


def _checked(
    values: Any, fields: Fields | None, path: str, misfits: list[InvalidValue]
) -> dict[str, Any]:
    if not is_object(values):
        raise QueryError(
            f"{path or 'values'}: expected a mapping of field names to values, "
            f"got {_shown(values)}"
        )
    if path.count(".") + path.count("[") > MAX_DEPTH:
        message = f"{path[:_SHOWN]}...: nested more than {MAX_DEPTH} levels deep"
        raise QueryError(f"{message}; does it contain itself?")
    checked: dict[str, Any] = {}
    for key, value in values.items():
        name = _name(key, path)
        place = f"{path}.{name}" if path else name
        checked[name] = _checked_value(value, _field(fields, name), place, misfits)
    return checked


def _shown(values: object) -> str:
    """Return *values* for a message; for a record, how to make a mapping of it."""
    if not hasattr(values, "to_dict"):
        return shown(values)
    kind = type(values).__name__
    return f"a {kind}; pass what is to change, or record.to_dict()"


def _name(key: object, path: str) -> str:
    """Return the name of a field as it is written.

    Raises:
        InvalidValue: It is no text, or text that cannot be sent.
    """
    own = plain(key)
    try:
        text: str = own if type(own) is str else integer(own)
        quoted(text)  # refuses what cannot be sent
    except InvalidValue:
        place = f"{path}: " if path else ""
        message = f"{place}expected the name of a field, got {shown(key)}"
        raise InvalidValue(message, value=key) from None
    return text


def _field(fields: Fields | None, name: str) -> Field[Any] | Fields | None:
    if fields is None or isinstance(fields, OpaqueFields):
        return None
    if "." in name:  # look_up would reach into the related record
        raise unknown_field(name, type(fields))
    return look_up(fields, name)


def _checked_value(
    value: Any,
    field: Field[Any] | Fields | None,
    path: str,
    misfits: list[InvalidValue],
) -> Any:
    if is_object(value) or is_array(value):
        return _checked_related(value, field, path, misfits)
    if isinstance(field, Fields) and not isinstance(field, OpaqueFields):
        raise QueryError(f"{path}: expected a mapping or a list, got {_shown(value)}")
    try:
        literal(field.kind if isinstance(field, Field) else kind_of(value), value)
    except InvalidValue as error:
        misfits.append(InvalidValue(f"{path}: {error}", value=value))
        return None
    return _ready(value)


def _checked_related(
    value: Any,
    field: Field[Any] | Fields | None,
    path: str,
    misfits: list[InvalidValue],
) -> Any:
    if isinstance(field, Field):
        message = f"{path}: expected one value, got {shown(value)}"
        misfits.append(InvalidValue(message, value=value))
        return None
    if is_object(value):
        return _checked(value, field, path, misfits)
    return [
        _checked(row, field, f"{path}[{i}]", misfits) for i, row in enumerate(value)
    ]


def _ready(value: Any) -> Any:
    """Return *value* as the encoder has to be given it."""
    own = plain(value)
    if type(own) is datetime:
        return own.astimezone(UTC)
    if type(own) is date:
        return datetime.combine(own, time(), UTC)
    return own
