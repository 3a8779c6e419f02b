"""Records as rows: values in the order of a table's columns."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.extract.nested import nested_json
from sage200_async.extract.tables import PARENT_KEY, POSITION, Row, Table
from sage200_async.extract.text_values import plain_number, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def rows_of(tables: Sequence[Table], records: Sequence[Any]) -> dict[str, list[Row]]:
    """Return the rows of *records*, for each table by its name.

    Rows of related records are in the order of their parents, and of the list.
    """
    own, *related = tables
    row_of = _row_reader(own)
    rows = {own.name: [row_of(record) for record in records]}
    key = attrgetter(own.key[0]) if own.key else None
    for table in related:
        rows[table.name] = list(_related_rows(table, key, records))
    return rows


def _related_rows(
    table: Table, key: Callable[[Any], Any] | None, records: Iterable[Any]
) -> Iterator[Row]:
    row_of = _row_reader(table)
    for record in records:
        parent = key(record) if key else None
        for position, related in enumerate(getattr(record, table.expandable) or ()):
            yield (parent, position, *row_of(related))


def _row_reader(table: Table) -> Callable[[Any], Row]:
    """Return a function from a record to its row, as fast as C for plain fields."""
    own = {PARENT_KEY, POSITION}
    columns = [column for column in table.columns if column.name not in own]
    nested = [(n, one) for n, one in enumerate(columns) if one.kind == "json"]
    names = [column.name for column in columns]
    read: Callable[[Any], Any] = attrgetter(*names)

    def row_of(record: Any) -> Row:
        row: list[Any] = list(read(record)) if len(names) > 1 else [read(record)]
        for n, column in nested:
            value = row[n]
            row[n] = nested_json(column, value) if column.fields else json_text(value)
        return tuple(row)

    return row_of if nested or len(names) == 1 else read


def json_text(value: Any) -> str | None:
    """Return a record, or what is nested in one, as JSON without what is None."""
    if value is None:
        return None
    return _ENCODER.encode(_wire_form(value)).decode()


def _wire_form(value: Any) -> Any:
    """Change what the encoder would write with an exponent, or zeros after seconds."""
    if isinstance(value, msgspec.Struct):
        names = zip(
            value.__struct_encode_fields__, value.__struct_fields__, strict=True
        )
        pairs = ((wire_name, getattr(value, name)) for wire_name, name in names)
        return {name: _wire_form(field) for name, field in pairs if field is not None}
    convert = _CONVERSIONS.get(value.__class__)
    return value if convert is None else convert(value)


_CONVERSIONS: Final[dict[type, Callable[[Any], Any]]] = {
    Decimal: lambda number: msgspec.Raw(plain_number(number).encode()),
    datetime: timestamp,
    list: lambda values: [_wire_form(value) for value in values],
}
