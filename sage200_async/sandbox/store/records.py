"""What a record is after a write: defaults, ids, timestamps, nested rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sage200_async.sandbox.schema.enums import FIELD_VALUES
from sage200_async.sandbox.schema.naming import singular, snake
from sage200_async.sandbox.schema.tables import STAMPS, shape_of
from sage200_async.sandbox.store.timestamps import now_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sage200_async.query.records import Record
    from sage200_async.sandbox.schema.tables import Shape, Table
    from sage200_async.sandbox.store.rows import Values

_BLANKS: Final[dict[str, Any]] = {
    "text": "",
    "integer": 0,
    "number": 0,
    "boolean": False,
}


class WriteError(ValueError):
    """A write that the service would refuse with 400."""


class _Nesting(NamedTuple):
    """What nested rows need from the record that they are in."""

    next_id: Callable[[], int]
    links: Mapping[str, int]
    """The field that holds the id of that record, and the id."""


def new_record(
    table: Table, values: Mapping[str, Any], next_id: Callable[[], int]
) -> tuple[int, Values]:
    """Return the record that a create makes, with defaults, ids and timestamps.

    Returns:
        Its key, and the record.
    """
    shape = table.shape
    key = int(values.get(table.key) or next_id())
    now = now_after(None)
    record = blank_record(shape) | {
        name: value
        for name, value in values.items()
        if name in shape.scalars and name not in shape.unserved and value is not None
    }
    if table.key:
        record[table.key] = key
    for name in STAMPS:
        if name in shape.scalars:
            record[name] = values.get(name) or now
    nesting = _Nesting(next_id, {f"{singular(table.path)}_id": key})
    for name in (name for name in shape.expandables if name in values):
        record[name] = _merge_related(shape, name, None, values[name], nesting)
    return key, record


def updated_record(
    table: Table,
    old: Values,
    values: Mapping[str, Any],
    next_id: Callable[[], int],
    *,
    touch: bool = True,
) -> Values:
    """Return the record after a partial update.

    Args:
        table: The resource.
        old: The record before.
        values: The fields and nested rows to change.
        next_id: Returns an id for a new nested row.
        touch: Whether ``date_time_updated`` changes.
    """
    shape, record = table.shape, dict(old)
    links = {f"{singular(table.path)}_id": int(old.get(table.key, 0))}
    nesting = _Nesting(next_id, links)
    for name, value in values.items():
        if name in shape.expandables:
            record[name] = _merge_related(shape, name, old.get(name), value, nesting)
        elif name != table.key and name not in shape.unserved:
            record[name] = value
    stamped = "date_time_updated" in shape.scalars
    if touch and stamped and "date_time_updated" not in values:
        record["date_time_updated"] = now_after(old.get("date_time_updated"))
    return record


def blank_record(shape: Shape) -> Values:
    """Return a record with the values that Sage gives fields nobody has filled in."""
    return {
        name: FIELD_VALUES.get(name, ("",))[0] if kind == "enum" else _BLANKS[kind]
        for name, kind in shape.scalars.items()
        if (kind in _BLANKS or kind == "enum") and name not in shape.unserved
    }


def _merge_related(
    shape: Shape, name: str, old: Any, new: Any, nesting: _Nesting
) -> Any:
    """Return a related record, or a list of them, after a write to its owner.

    In a list, rows with a known id are updated, those without an id are added
    and those with ``is_to_delete`` are removed.
    """
    record = shape.expandables[name]
    if record is None:
        return new
    if name not in shape.lists:
        return _merge_row(record, old, new, nesting)
    rows: dict[Any, Values] = {row.get("id"): row for row in old or ()}
    for row in new:
        row_id = row.get("id")
        if row.get("is_to_delete"):
            rows.pop(row_id, None)
        elif old is not None and row_id is not None and row_id not in rows:
            raise WriteError(f"{name}: there is no row with the id {row_id}.")
        else:
            merged = _merge_row(record, rows.get(row_id), row, nesting)
            rows[merged.get("id", len(rows))] = merged
    return list(rows.values())


def _merge_row(
    record: type[Record],
    old: Values | None,
    new: Mapping[str, Any],
    nesting: _Nesting,
) -> Values:
    """Return a nested row after a write: *old* updated, or a new row."""
    shape = shape_of(record)
    row = dict(old) if old else blank_record(shape)
    row |= {
        name: value
        for name, value in new.items()
        if name in shape.scalars and name not in shape.unserved
    }
    if "id" in shape.scalars and not row.get("id"):
        row["id"] = nesting.next_id()
    row |= {name: key for name, key in nesting.links.items() if name in shape.scalars}
    now = now_after((old or {}).get("date_time_updated"))
    for name in STAMPS:
        if name in shape.scalars and (old is None or name == "date_time_updated"):
            row[name] = new.get(name) or now
    link = f"{snake(record.__name__)}_id"
    own = {link: row["id"]} if "id" in row else {}
    inner = _Nesting(nesting.next_id, {**nesting.links, **own})
    for name in (name for name in shape.expandables if name in new):
        row[name] = _merge_related(shape, name, row.get(name), new[name], inner)
    names = (*shape.scalars, *shape.expandables)
    return {name: row[name] for name in names if name in row}
