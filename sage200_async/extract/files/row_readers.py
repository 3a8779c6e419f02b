"""Rows read back from files: NDJSON, CSV, Parquet and Arrow."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from importlib import import_module
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from sage200_async._optional import require
from sage200_async.errors import SinkError
from sage200_async.extract.comparison.canonical import encode_value, exact_number
from sage200_async.extract.nested import nested_json
from sage200_async.extract.text_values import time_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from sage200_async.extract.tables import Column, Kind, Row, Table

Values = list[Any]
_BLOCK: Final = 500
# Rows that are yielded at once.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def ndjson_rows(file: IO[bytes], table: Table) -> Iterator[Sequence[Row]]:
    """Yield the rows of *table* in NDJSON, some hundred at a time."""
    # Fields that the table lacks may hold anything, and are not looked at.
    names = {f"c{number}": column.name for number, column in enumerate(table.columns)}
    line_type = msgspec.defstruct("Line", [(n, Any, None) for n in names], rename=names)
    decoder = msgspec.json.Decoder(line_type, float_hook=exact_number)
    lines = (line for line in file if not line.isspace())
    for block in _blocks(lines):
        objects = [decoder.decode(line) for line in block]
        columns = [[getattr(one, name) for one in objects] for name in names]
        yield _rows(table, columns, _from_ndjson)


def csv_header(file: IO[bytes]) -> list[str]:
    """Read the names of the columns, which are the first line of a CSV file."""
    line = file.readline().removeprefix(codecs.BOM_UTF8)
    return [name or "" for record in _csv_records([line]) for name in record]


def csv_rows(file: IO[bytes], table: Table) -> Iterator[Sequence[Row]]:
    """Yield the rows of *table* in CSV, some hundred at a time.

    Raises:
        SinkError: A row has not as many values as the header has names.
    """
    header = csv_header(file)
    indices = [header.index(column.name) for column in table.columns]
    number = 0
    for block in _blocks(_csv_records(file)):
        for fields in block:
            number += 1
            if len(fields) != len(header):
                message = (
                    f"{table.name}: row {number} of the file has {len(fields)} values, "
                    f"expected {len(header)}; export it again"
                )
                raise SinkError(message)
        columns = [[fields[index] for fields in block] for index in indices]
        yield _rows(table, columns, _from_csv)


def parquet_columns(path: Path) -> list[str]:
    """Return the names of the columns of a Parquet file."""
    require("a Parquet file", "parquet", "pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    names: list[str] = parquet.read_schema(path).names
    return names


def parquet_rows(path: Path, table: Table) -> Iterator[Sequence[Row]]:
    """Yield the rows of *table* in Parquet, some hundred at a time."""
    parquet: Any = import_module("pyarrow.parquet")
    names = [column.name for column in table.columns]
    with path.open("rb") as file:
        content = parquet.ParquetFile(file)
        for batch in content.iter_batches(batch_size=_BLOCK, columns=names):
            yield _batch_rows(table, batch)


def arrow_columns(path: Path) -> list[str]:
    """Return the names of the columns of an Arrow file."""
    require("an Arrow file", "parquet", "pyarrow")
    ipc: Any = import_module("pyarrow.ipc")
    with path.open("rb") as file:
        names: list[str] = ipc.open_file(file).schema.names
    return names


def arrow_rows(path: Path, table: Table) -> Iterator[Sequence[Row]]:
    """Yield the rows of *table* in an Arrow file, some hundred at a time."""
    ipc: Any = import_module("pyarrow.ipc")
    with path.open("rb") as file:
        content = ipc.open_file(file)
        for number in range(content.num_record_batches):
            batch = content.get_batch(number)
            for start in range(0, batch.num_rows, _BLOCK):
                yield _batch_rows(table, batch.slice(start, _BLOCK))


def _batch_rows(table: Table, batch: Any) -> list[Row]:
    columns = [_arrow_values(one, batch.column(one.name)) for one in table.columns]
    return list(zip(*columns, strict=True))


def _blocks(items: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while block := list(islice(iterator, _BLOCK)):
        yield block


def _rows(
    table: Table,
    columns: Sequence[Values],
    conversion: Callable[[Column], Callable[[Any], Any] | None],
) -> Sequence[Row]:
    pairs = zip(table.columns, columns, strict=True)
    converted = [
        values
        if (convert := conversion(column)) is None
        else list(map(convert, values))
        for column, values in pairs
    ]
    return list(zip(*converted, strict=True))


_CELL: Final = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*))(,|\Z)')


def _csv_records(lines: Iterable[bytes]) -> Iterator[list[str | None]]:
    """Yield the values of each record: null is nothing, an empty text has quotes.

    Raises:
        ValueError: The last record does not end.
    """
    pending: list[str] = []
    is_open = False
    for line in lines:
        text = line.decode("utf-8", "surrogateescape")
        is_open ^= bool(text.count('"') % 2)
        pending.append(text)
        if not is_open:
            record = "".join(pending).removesuffix("\n").removesuffix("\r")
            pending.clear()
            yield _cells(record)
    if pending:
        raise ValueError("the quotes of the last row do not end")


def _cells(record: str) -> list[str | None]:
    if '"' not in record:
        return [text or None for text in record.split(",")]
    cells: list[str | None] = []
    end, separator = 0, ","
    while separator and (match := _CELL.match(record, end)):
        quoted, plain, separator = match.groups()
        cells.append(plain or None if quoted is None else quoted.replace('""', '"'))
        end = match.end()
    return cells


_INTEGER: Final = re.compile(r"-?[0-9]+")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")


def _integer(text: str | None) -> Any:
    return int(text) if text and _INTEGER.fullmatch(text) else text or None


def _number(text: str | None) -> Any:
    return Decimal(text) if text and _NUMBER.fullmatch(text) else text or None


def _boolean(text: str | None) -> Any:
    return {"true": True, "false": False}.get(text, text) if text else None


def _time(text: Any) -> Any:
    """Return the time that *text* is; else what it is."""
    if not isinstance(text, str) or not text:
        return text or None
    return time_in(text) or text


def _quoted_number(value: Any) -> Any:
    """Return the number that a text is, where the server writes numbers so."""
    return _number(value) if isinstance(value, str) and value else value


def _json_text(value: Any) -> str | None:
    return None if value is None else encode_value(value).decode()


def _from_ndjson(column: Column) -> Callable[[Any], Any] | None:
    if column.fields:
        return partial(nested_json, column)
    return _FROM_NDJSON.get(column.kind)


def _from_csv(column: Column) -> Callable[[Any], Any] | None:
    return _FROM_CSV.get(column.kind)


_FROM_NDJSON: Final[dict[Kind, Callable[[Any], Any]]] = {
    "number": _quoted_number,
    "datetime": _time,
    "json": _json_text,
}
_FROM_CSV: Final[dict[Kind, Callable[[Any], Any]]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "datetime": _time,
}


def _arrow_values(column: Column, array: Any) -> Values:
    """Return Python's values; times need no database of time zones."""
    arrow: Any = import_module("pyarrow")
    if column.fields:
        values = array.cast(_without_zones(arrow, array.type)).to_pylist()
        return [nested_json(column, value) for value in values]
    if not arrow.types.is_timestamp(array.type) or array.type.tz is None:
        return list(array.to_pylist())
    ticks = array.cast(arrow.timestamp("us", "UTC")).cast(arrow.int64()).to_pylist()
    return [None if n is None else _EPOCH + timedelta(microseconds=n) for n in ticks]


def _without_zones(arrow: Any, kind: Any) -> Any:
    """Return a nested type in which times have no zone: they are in UTC."""
    types = arrow.types
    if types.is_timestamp(kind):
        return arrow.timestamp("us")
    if types.is_list(kind):
        return arrow.list_(_without_zones(arrow, kind.value_type))
    if types.is_struct(kind):
        fields = [kind.field(number) for number in range(kind.num_fields)]
        return arrow.struct(
            [(one.name, _without_zones(arrow, one.type)) for one in fields]
        )
    return kind
