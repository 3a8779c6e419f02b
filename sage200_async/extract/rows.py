"""Records as rows: values in the order of a table's columns."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.extract.schema import PARENT, PLACE, Table
from sage200_async.extract.sinks.cells import moment, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Row = tuple[Any, ...]
"""int, `Decimal`, str, bool, an aware `datetime` in UTC, or None; members as JSON text."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def rows_of(tables: Sequence[Table], records: Iterable[Any]) -> dict[str, list[Row]]:
    """Give the rows that *records* are, for each table by its name.

    Rows of child tables stand in the order of their parents, and of the list.
    """
    own, *children = tables
    made: dict[str, list[Row]] = {table.name: [] for table in tables}
    names = [(column.name, column.kind == "json") for column in own.columns]
    key = own.key[0] if own.key else None
    for record in records:
        made[own.name].append(tuple(_cell(record, *name) for name in names))
        for child in children:
            parent = getattr(record, key) if key else None
            rows = getattr(record, child.member) or ()
            made[child.name] += _child_rows(child, parent, rows)
    return made


def _child_rows(child: Table, parent: Any, records: Iterable[Any]) -> Iterable[Row]:
    own = [c for c in child.columns if c.name not in {PARENT, PLACE}]
    for place, record in enumerate(records):
        cells = (_cell(record, column.name, column.kind == "json") for column in own)
        yield (parent, place, *cells)


def _cell(record: Any, name: str, nested: bool) -> Any:  # noqa: FBT001 - a column's
    value = getattr(record, name)
    if not nested or value is None:
        return value
    return _ENCODER.encode(_as_on_the_wire(value)).decode()


def _as_on_the_wire(value: Any) -> Any:
    """Write what the encoder would write otherwise: exponents, zeros after seconds."""
    if isinstance(value, msgspec.Struct):
        names = zip(
            value.__struct_encode_fields__, value.__struct_fields__, strict=True
        )
        pairs = ((told, getattr(value, name)) for told, name in names)
        return {told: _as_on_the_wire(each) for told, each in pairs if each is not None}
    way = _WAYS.get(value.__class__)
    return value if way is None else way(value)


_WAYS: Final[dict[type, Callable[[Any], Any]]] = {
    Decimal: lambda number: msgspec.Raw(plain(number).encode()),
    datetime: moment,
    list: lambda values: [_as_on_the_wire(each) for each in values],
}


def json_of(table: Table, row: Row) -> Mapping[str, Any]:
    """Give a row by its columns' names; members are `msgspec.Raw` JSON."""
    return {
        column.name: msgspec.Raw(value.encode()) if column.kind == "json" else value
        for column, value in zip(table.columns, row, strict=True)
        if value is not None
    }
