"""Records that a sink cannot store, set aside so that they do not hold up the rest."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sage200_async.extract.tables import PARENT_KEY, POSITION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sage200_async.extract.tables import Row, Table


class RejectedRow(Struct, frozen=True, kw_only=True):
    """A record that a sink cannot store, and why."""

    table: str
    """The table or file of the value that does not fit: perhaps of a related record."""
    key: tuple[int | None, ...]
    """The key of that row; empty if the resource has no unique key."""
    column: str
    """The column of the value; empty if it is not known."""
    reason: str
    """What the column needs."""
    row: dict[str, Any]
    """The whole record, with its related records in lists; ready for JSON."""


def rejected_record(
    tables: Sequence[Table], rows: Mapping[str, Sequence[Row]], own_row: Row
) -> dict[str, Any]:
    """Return a record as a dict for JSON, with the related rows that belong to it.

    Args:
        tables: The resource's own table first.
        rows: Rows of each table by its name, among them those related.
        own_row: The row of the resource's own table.

    Example:
        >>> from sage200_async.extract.tables import Column, Table
        >>> table = Table("rates", (Column("rate", "number"),))
        >>> rejected_record([table], {}, (Decimal("1.50"),))
        {'rate': '1.50'}
    """
    own, *related = tables
    record = _record(own, own_row)
    if own.key:
        key = own_row[key_position(own)]
        for table in related:
            record[table.expandable] = list(_related(table, rows, key))
    return record


def without_record(
    tables: Sequence[Table], rows: Mapping[str, Sequence[Row]], own_row: Row
) -> dict[str, list[Row]]:
    """Return *rows* without a record and the related rows that belong to it."""
    own, *related = tables
    at = next(n for n, row in enumerate(rows[own.name]) if row is own_row)
    rest = {own.name: [*rows[own.name][:at], *rows[own.name][at + 1 :]]}
    for table in related:
        position = key_position(table)
        key = own_row[key_position(own)]
        rest[table.name] = [row for row in rows[table.name] if row[position] != key]
    return rest


def key_position(table: Table) -> int:
    """Return which value of a row is the first of its key."""
    return [column.name for column in table.columns].index(table.key[0])


def _related(
    table: Table, rows: Mapping[str, Sequence[Row]], key: object
) -> Iterable[dict[str, Any]]:
    position = key_position(table)
    for row in rows.get(table.name, ()):
        if row[position] == key:
            fields = _record(table, row)
            yield {
                name: value
                for name, value in fields.items()
                if name not in {PARENT_KEY, POSITION}
            }


def _record(table: Table, row: Row) -> dict[str, Any]:
    pairs = zip(table.columns, row, strict=True)
    return {column.name: _plain(column.kind, value) for column, value in pairs}


def _plain(kind: str, value: Any) -> Any:
    """Return a value as JSON can hold it, whatever is wrong with it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if kind == "json" and isinstance(value, str):
        return _loaded(value)
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _loaded(text: str) -> Any:
    """Return what *text* means, or the text where that cannot be encoded again."""
    try:
        value = json.loads(text, parse_float=str)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return text.encode("utf-8", "backslashreplace").decode()
    return value
