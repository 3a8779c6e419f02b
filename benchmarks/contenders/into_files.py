"""Records into files: by our sinks, and by hand.

A sink does as `export` has it do: pages in an order that is not the keys', a spool
that survives a kill, a manifest at the end. *By hand* is one call a page that writes
straight to the file. Seconds are of the processor: the disk is not what is measured.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from told import peak, tell

from sage200_async.catalog import Customer, Endpoints
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files.sink import FormName, PackingName, files_at
from sage200_async.extract.rows import rows_of
from sage200_async.extract.tables import tables_of
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.certificate import Certificate
from sage200_async.paging.key_ranges import KeyRange

PAGE = 2000
TABLES = tables_of("customers", Endpoints.endpoints()["customers"], QueryOptions())
Pages = Iterator[tuple[int, list[Customer]]]
Write = Callable[[Path, Pages, int], float]


def pages(file: str, count: int) -> Pages:
    """Give so many pages, in an order that is not the keys', with the id before each."""
    body = Path(file).read_bytes()
    for number in sorted(range(count), key=lambda number: number % 4):
        records = msgspec.json.decode(body, type=list[Customer])[:PAGE]
        low = number * PAGE
        yield (
            low,
            [
                msgspec.structs.replace(record, id=low + place)
                for place, record in enumerate(records, 1)
            ],
        )


def sink(
    folder: Path,
    given: Pages,
    count: int,
    *,
    form: FormName,
    compress: PackingName | None = None,
) -> float:
    made = files_at(folder, form, compress=compress)
    made.open(TABLES)
    kept = Checkpoint(query="", floor=0, max_key=count * PAGE)
    spent = 0.0
    for low, records in given:
        kept = kept.with_(KeyRange(low, low + PAGE, PAGE))
        begun = time.process_time()
        made.write(rows_of(TABLES, records), kept)
        spent += time.process_time() - begun
    begun = time.process_time()
    made.commit(
        Certificate(
            path="customers",
            query="",
            records=count * PAGE,
            requests=count,
            started_at=0,
            ended_at=0,
        )
    )
    return spent + time.process_time() - begun


def lines_by_hand(folder: Path, given: Pages, _: int) -> float:
    spent = 0.0
    with (folder / "customers.ndjson").open("wb") as file:
        for _low, records in given:
            begun = time.process_time()
            file.write(msgspec.json.Encoder().encode_lines(records))
            spent += time.process_time() - begun
    return spent


def parquet_by_hand(folder: Path, given: Pages, _: int) -> float:
    import pyarrow as pa
    import pyarrow.parquet as pq

    spent = 0.0
    writer: Any = None
    for _low, records in given:
        begun = time.process_time()
        table = pa.Table.from_pylist([msgspec.structs.asdict(each) for each in records])
        writer = writer or pq.ParquetWriter(
            folder / "c.parquet", table.schema, compression="zstd"
        )
        writer.write_table(table.cast(writer.schema))
        spent += time.process_time() - begun
    begun = time.process_time()
    writer.close()
    return spent + time.process_time() - begun


def measured(file: str, count: int, *, write: Write) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        seconds = write(Path(folder), pages(file, count), count)
    return {"records/s": count * PAGE / seconds, "peak MiB": peak()}


if __name__ == "__main__":
    tell(
        ndjson=partial(measured, write=partial(sink, form="ndjson")),
        ndjson_gzip=partial(
            measured, write=partial(sink, form="ndjson", compress="gzip")
        ),
        csv=partial(measured, write=partial(sink, form="csv")),
        parquet=partial(measured, write=partial(sink, form="parquet")),
        lines_by_hand=partial(measured, write=lines_by_hand),
        parquet_by_hand=partial(measured, write=parquet_by_hand),
    )
