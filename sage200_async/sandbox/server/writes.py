"""What a body may say, and what a record is after it: pure functions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sage200_async.sandbox.data.enums import ENUMS
from sage200_async.sandbox.names import singular, snake
from sage200_async.sandbox.store.schema import CONTROLS, shape_of
from sage200_async.sandbox.store.timestamps import now_after, served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sage200_async.query.records import Record
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.schema import Shape, Table

_BLANK: Final[dict[str, Any]] = {
    "text": "",
    "integer": 0,
    "number": 0,
    "boolean": False,
}
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "text": (str,),
    "enum": (str,),
    "datetime": (str,),
    "integer": (int,),
    "number": (int, Decimal, float),
    "boolean": (bool,),
}


class _Writer(NamedTuple):
    """What rows of members need to know of where they hang."""

    take_id: Callable[[], int]
    owner: Mapping[str, int]


class WriteError(ValueError):
    """A body that the service would refuse with 400."""


def accepted(shape: Shape, body: Mapping[str, Any], *, bare_dates: bool) -> Values:
    """Keep what a body may set; names that are read-only are passed over.

    Raises:
        WriteError: A name is unknown, or a value does not fit its field.
    """
    kept: Values = {}
    for name, value in body.items():
        if name not in shape.scalars and name not in shape.members:
            raise WriteError(f"Could not find a property named '{name}'.")
        if name not in shape.writable:
            continue
        if value is None:
            raise WriteError(f"{name}: a value is expected, null is not allowed.")
        if name in shape.members:
            kept[name] = _accepted_member(shape, name, value, bare_dates=bare_dates)
        else:
            kept[name] = _fitting(name, shape.scalars[name], value, bare_dates)
    return kept


def _accepted_member(shape: Shape, name: str, value: Any, *, bare_dates: bool) -> Any:
    record = shape.members[name]
    many = isinstance(value, list)
    rows = cast("list[Any]", value if many else [value])
    if many is not (name in shape.many) or not all(
        isinstance(row, dict) for row in rows
    ):
        what = "a list of objects" if name in shape.many else "an object"
        raise WriteError(f"{name}: {what} is expected.")
    if record is not None:
        inner = shape_of(record)
        rows = [accepted(inner, row, bare_dates=bare_dates) for row in rows]
    return rows if name in shape.many else rows[0]


def _fitting(name: str, kind: str, value: Any, bare_dates: bool) -> Any:  # noqa: FBT001 - a setting passed on
    types = _TYPES.get(kind)
    if types is None:
        return value
    if not isinstance(value, types) or isinstance(value, bool) is not (
        kind == "boolean"
    ):
        raise WriteError(f"{name}: expected {kind}, got {str(value)[:40]!r}.")
    if isinstance(value, str) and "\0" in value:
        raise WriteError(f"{name}: text cannot hold a NUL character.")
    if kind != "datetime":
        return value
    try:
        return served(str(value), bare_date=bare_dates)
    except ValueError as error:
        raise WriteError(f"{name}: {error}.") from error


def missing(shape: Shape, values: Mapping[str, Any]) -> str:
    """Name the first required field that *values* lacks, or ``""``."""
    return next((name for name in sorted(shape.required) if name not in values), "")


def created(
    table: Table, values: Mapping[str, Any], take_id: Callable[[], int]
) -> tuple[int, Values]:
    """Give the record that a body makes: blanks, ids and stamps filled in.

    Returns:
        Its key, and the record.
    """
    shape = table.shape
    key = int(values.get(table.key) or take_id())
    stamped = now_after(None)
    record = blank(shape) | {
        name: value
        for name, value in values.items()
        if name in shape.scalars and name not in CONTROLS and value is not None
    }
    if table.key:
        record[table.key] = key
    for name in ("date_time_created", "date_time_updated"):
        if name in shape.scalars:
            record[name] = values.get(name) or stamped
    by = _Writer(take_id, {f"{singular(table.path)}_id": key})
    for name in (name for name in shape.members if name in values):
        record[name] = _merged(shape, name, None, values[name], by)
    return key, record


def changed(
    table: Table,
    old: Values,
    values: Mapping[str, Any],
    take_id: Callable[[], int],
    *,
    move: bool = True,
) -> Values:
    """Give the record after a partial update, its stamp moved on if it is to *move*."""
    shape, record = table.shape, dict(old)
    by = _Writer(take_id, {f"{singular(table.path)}_id": int(old.get(table.key, 0))})
    for name, value in values.items():
        if name in shape.members:
            record[name] = _merged(shape, name, old.get(name), value, by)
        elif name != table.key and name not in CONTROLS:
            record[name] = value
    stamped = "date_time_updated" in shape.scalars
    if move and stamped and "date_time_updated" not in values:
        record["date_time_updated"] = now_after(old.get("date_time_updated"))
    return record


def blank(shape: Shape) -> Values:
    """Give a record as the service serves one that was never filled in."""
    return {
        name: ENUMS.get(name, ("",))[0] if kind == "enum" else _BLANK[kind]
        for name, kind in shape.scalars.items()
        if (kind in _BLANK or kind == "enum") and name not in CONTROLS
    }


def _merged(shape: Shape, name: str, old: Any, new: Any, by: _Writer) -> Any:
    record = shape.members[name]
    if record is None:
        return new
    if name not in shape.many:
        return _row_after(record, old, new, by)
    kept: dict[Any, Values] = {row.get("id"): row for row in old or ()}
    for row in new:
        known = row.get("id")
        if row.get("is_to_delete"):
            kept.pop(known, None)
        elif old is not None and known is not None and known not in kept:
            raise WriteError(f"{name}: there is no row with the id {known}.")
        else:
            after = _row_after(record, kept.get(known), row, by)
            kept[after.get("id", len(kept))] = after
    return list(kept.values())


def _row_after(
    record: type[Record], old: Values | None, new: Mapping[str, Any], by: _Writer
) -> Values:
    """Give a member's row after a write: changed where *old* is, else added."""
    shape = shape_of(record)
    row = dict(old) if old else blank(shape)
    row |= {
        name: value
        for name, value in new.items()
        if name in shape.scalars and name not in CONTROLS
    }
    if "id" in shape.scalars and not row.get("id"):
        row["id"] = by.take_id()
    row |= {name: key for name, key in by.owner.items() if name in shape.scalars}
    stamped = now_after((old or {}).get("date_time_updated"))
    for name in ("date_time_created", "date_time_updated"):
        if name in shape.scalars and (old is None or name == "date_time_updated"):
            row[name] = new.get(name) or stamped
    owner = f"{snake(record.__name__)}_id"
    below = _Writer(by.take_id, {owner: row["id"]} if "id" in row else {})
    for name in (name for name in shape.members if name in new):
        row[name] = _merged(shape, name, row.get(name), new[name], below)
    return {name: row[name] for name in (*shape.scalars, *shape.members) if name in row}
