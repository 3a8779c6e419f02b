"""What of a row a record lacks: only that is sent; pure.

Texts compare without blanks at either end, numbers as the field rounds them, times as
SQL Server stores them. What a row does not mention stays as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from sage200_async.errors import InvalidInput
from sage200_async.odata.enums import number_of
from sage200_async.odata.fields import Field
from sage200_async.odata.namespaces import Fields, names_of
from sage200_async.wire.json_types import is_array, is_object
from sage200_async.write.keys import key_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_TICK: Final = timedelta(milliseconds=4)
# SQL Server's datetime has steps of 1/300 s.
_DELETE: Final = "is_to_delete"


class Changes(NamedTuple):
    """What is to be sent for a record that exists."""

    values: dict[str, Any]
    adds_rows: bool
    """Whether related rows are added: then it must not be sent twice."""


class Comparison:
    """Compares rows with the records of one resource.

    Args:
        fields: The fields of the record; None where they are unknown.
        places: How many decimal places fields have.
        nested_by: The fields by which rows of related records are found.
    """

    def __init__(
        self,
        fields: type[Fields] | None,
        places: Callable[[type[Fields]], Mapping[str, int]],
        nested_by: Mapping[str, Sequence[str]],
    ) -> None:
        self._fields = fields
        self._places = places
        self._nested_by = nested_by
        self._adds_rows = False

    def changes(self, row: Mapping[str, Any], record: Mapping[str, Any]) -> Changes:
        """Return what of *row* differs from *record*.

        Raises:
            InvalidInput: Related rows cannot be found in the record.
        """
        self._adds_rows = False
        values = self._differing(row, record, self._fields, "")
        return Changes(values, self._adds_rows)

    def _differing(
        self,
        row: Mapping[str, Any],
        record: Mapping[str, Any],
        fields: type[Fields] | None,
        path: str,
    ) -> dict[str, Any]:
        kinds = {} if fields is None else names_of(fields)
        places: Mapping[str, int] = {} if fields is None else self._places(fields)
        changes: dict[str, Any] = {}
        for name, value in row.items():
            kind, current = kinds.get(name), record.get(name)
            inner = kind if kind is not None and issubclass(kind, Fields) else None
            if is_object(value):
                below = self._below(value, current, inner, f"{path}{name}.")
                if below:
                    changes[name] = below
            elif is_array(value):
                rows = self._rows(value, current, inner, f"{path}{name}")
                if rows:
                    changes[name] = rows
            elif not _same(value, current, kind_of_field(kind), name, places.get(name)):
                changes[name] = value
        return changes

    def _below(
        self, value: Any, current: Any, fields: type[Fields] | None, path: str
    ) -> dict[str, Any]:
        """Return the changes of one related record, with its id where it has one."""
        record: Mapping[str, Any] = current if is_object(current) else {}
        changes = self._differing(value, record, fields, path)
        if changes and record.get("id"):
            return {"id": record["id"], **changes}
        return changes

    def _rows(
        self, rows: Any, current: Any, fields: type[Fields] | None, path: str
    ) -> list[Any]:
        """Return the related rows that are to be changed, added or removed."""
        if not is_array(current):
            fault = f"{path}: the service does not show what is there"
            raise InvalidInput(fault, faults=(fault,))
        present = [row for row in current if is_object(row)]
        by = self._nested_by.get(path, ())
        changed: list[Any] = []
        for row in rows:
            if not is_object(row):
                continue
            record = _counterpart(row, present, by, path)
            if record is None:
                if not row.get(_DELETE):
                    changed.append(row)
                    self._adds_rows = True
            elif row.get(_DELETE):
                changed.append({"id": record.get("id"), _DELETE: True})
            else:
                rest = {k: v for k, v in row.items() if k not in {"id", *by}}
                below = self._differing(rest, record, fields, f"{path}.")
                if below:
                    changed.append({"id": record.get("id"), **below})
        return changed


def _counterpart(
    row: Mapping[str, Any], present: list[Any], by: Sequence[str], path: str
) -> Any:
    """Return the related record that *row* is about, or None where there is none.

    Raises:
        InvalidInput: Nothing says which one it is, or several could be.
    """
    names = _names_of_key(row, by)
    key = key_in(row, names) if names else None
    if key is None:
        name = path.rpartition(".")[2]
        wanted = " and ".join(by) if by else f"nested_by={{{path!r}: '...'}}"
        fault = (
            f"{path}: a row has neither an id nor {wanted}, so that it cannot be "
            f"looked for among the {name} that are there"
        )
        raise InvalidInput(fault, faults=(fault,))
    matching = [record for record in present if key_in(record, names) == key]
    if len(matching) > 1:
        fault = f"{path}: {len(matching)} rows have the same {' and '.join(names)}"
        raise InvalidInput(fault, faults=(fault,))
    if not matching and names == ("id",):
        fault = f"{path}: no row has the id {row['id']}"
        raise InvalidInput(fault, faults=(fault,))
    return matching[0] if matching else None


def require_nested_once(
    row: Mapping[str, Any], nested_by: Mapping[str, Sequence[str]], path: str = ""
) -> None:
    """Refuse related rows of one row that are about the same record.

    Raises:
        InvalidInput: Several have the same id, or the same key.
    """
    for name, value in row.items():
        below = f"{path}{name}"
        if is_object(value):
            require_nested_once(value, nested_by, f"{below}.")
        for nested in _objects(value):
            require_nested_once(nested, nested_by, f"{below}.")
        keys = [
            _nested_key(nested, nested_by.get(below, ())) for nested in _objects(value)
        ]
        known = [key for key in keys if key is not None]
        if len({*known}) < len(known):
            fault = f"{below}: several rows are about the same one, by their id or key"
            raise InvalidInput(fault, faults=(fault,))


def _objects(value: object) -> list[Any]:
    return [row for row in value if is_object(row)] if is_array(value) else []


def _names_of_key(row: Mapping[str, Any], by: Sequence[str]) -> Sequence[str]:
    return ("id",) if row.get("id") else by


def _nested_key(row: Mapping[str, Any], by: Sequence[str]) -> str | None:
    """Return by what a related row is found; None where nothing says it."""
    names = _names_of_key(row, by)
    key = key_in(row, names) if names else None
    return None if key is None else f"{','.join(names)} {key}"


def kind_of_field(kind: type[Any] | None) -> str:
    """Return what a field holds, or "" where that is unknown."""
    return kind.kind if kind is not None and issubclass(kind, Field) else ""


def _same(
    wanted: object, current: object, kind: str, name: str, places: int | None
) -> bool:
    """Return whether a field has the value that is wanted."""
    if wanted is None or wanted is False:
        return _is_nothing(current, name, null=wanted is None)
    if kind == "enum":
        return _same_enum(wanted, current)
    if _is_number(wanted):
        return _same_number(wanted, current, name, places)
    if isinstance(wanted, str):
        return _same_text(wanted, current) or (
            kind in {"datetime", ""} and _same_time(wanted, current)
        )
    return wanted == current


def _is_nothing(current: object, name: str, *, null: bool) -> bool:
    """Return whether a field is null, or no; 0 is the id of no record."""
    if current is None or current is False:
        return current is None or not null
    return null and (current == "" or (current == 0 and name.endswith("_id")))


def _same_enum(wanted: object, current: object) -> bool:
    """Return whether two values are one: as names in any case, or name and number."""
    return not _forms(wanted).isdisjoint(_forms(current))


def _forms(value: object) -> set[str]:
    text = str(value).strip()
    number = number_of(text)
    return {text.casefold()} if number is None else {text.casefold(), str(number)}


def _same_text(wanted: object, current: object) -> bool:
    return str(wanted).strip(" ") == str("" if current is None else current).strip(" ")


def _same_time(wanted: object, current: object) -> bool:
    times = [_time(wanted), _time(current)]
    if times[0] is None or times[1] is None:
        return False
    return abs(times[0] - times[1]) <= _TICK


def _time(value: object) -> datetime | None:
    try:
        at = msgspec.convert(value, datetime)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _same_number(
    wanted: object, current: object, name: str, places: int | None
) -> bool:
    if current is None:
        return wanted == 0 and name.endswith("_id")
    try:
        exact, stored = Decimal(str(wanted)), Decimal(str(current))
        if exact == stored:
            return True
        if places is None:
            return False
        step = Decimal(1).scaleb(-places)
        return stored in {
            exact.quantize(step, ROUND_HALF_UP),
            exact.quantize(step, ROUND_HALF_EVEN),
        }
    except InvalidOperation:
        return False
