"""Records as rows: values in the order of a table's columns."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.extract.tables import PARENT_KEY, POSITION, Row, Table
from sage200_async.extract.text_values import moment, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def rows_of(tables: Sequence[Table], records: Sequence[Any]) -> dict[str, list[Row]]:
    """Give the rows that *records* are, for each table by its name.

    Rows of child tables stand in the order of their parents, and of the list.
    """
    own, *children = tables
    row_of = _reader(own)
    made = {own.name: [row_of(record) for record in records]}
    key = attrgetter(own.key[0]) if own.key else None
    for child in children:
        made[child.name] = list(_child_rows(child, key, records))
    return made


def _child_rows(
    child: Table, key: Callable[[Any], Any] | None, records: Iterable[Any]
) -> Iterator[Row]:
    row_of = _reader(child)
    for record in records:
        parent = key(record) if key else None
        for place, each in enumerate(getattr(record, child.member) or ()):
            yield (parent, place, *row_of(each))


def _reader(table: Table) -> Callable[[Any], Row]:
    """Make what reads a row from a record, at the speed of C but for members."""
    columns = [
        each for each in table.columns if each.name not in {PARENT_KEY, POSITION}
    ]
    nested = [at for at, column in enumerate(columns) if column.kind == "json"]
    names = [column.name for column in columns]
    read: Callable[[Any], Any] = attrgetter(*names)

    def row_of(record: Any) -> Row:
        row: list[Any] = list(read(record)) if len(names) > 1 else [read(record)]
        for at in nested:
            row[at] = _text_of(row[at])
        return tuple(row)

    return row_of if nested or len(names) == 1 else read


def _text_of(member: Any) -> str | None:
    if member is None:
        return None
    return _ENCODER.encode(_as_on_the_wire(member)).decode()


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
