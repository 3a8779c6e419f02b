"""Records into files: by our sinks, and by hand.

A sink does what `export` makes it do: pages arrive out of key order, a journal survives
a kill, a manifest is written at the end. *By hand* writes each page straight to the file
in one call. Seconds are CPU time: the disk is not measured.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from runner import peak_memory, run_job

from sage200_async.catalog import Customer, Endpoints
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files.factory import (
    CompressionName,
    FormatName,
    files_at,
)
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
    """Yield *count* pages out of key order, each with the id before its first."""
    body = Path(file).read_bytes()
    for number in sorted(range(count), key=lambda number: number % 4):
        records = msgspec.json.decode(body, type=list[Customer])[:PAGE]
        low = number * PAGE
        yield (
            low,
            [
                msgspec.structs.replace(record, id=low + position)
                for position, record in enumerate(records, 1)
            ],
        )


def write_with_sink(
    folder: Path,
    batches: Pages,
    count: int,
    *,
    format: FormatName,  # noqa: A002 - the word for it
    compress: CompressionName | None = None,
) -> float:
    sink = files_at(folder, format, compress=compress)
    sink.open(TABLES)
    sink.begin(Checkpoint(query="", bounds=KeyRange(0, count * PAGE)))
    spent = 0.0
    for low, records in batches:
        started = time.process_time()
        sink.write(KeyRange(low, low + PAGE, PAGE), rows_of(TABLES, records))
        spent += time.process_time() - started
    started = time.process_time()
    sink.commit(
        Certificate(
            path="customers",
            query="",
            records=count * PAGE,
            requests=count,
            started_at=0,
            ended_at=0,
        )
    )
    return spent + time.process_time() - started


def lines_by_hand(folder: Path, batches: Pages, _: int) -> float:
    spent = 0.0
    with (folder / "customers.ndjson").open("wb") as file:
        for _low, records in batches:
            started = time.process_time()
            file.write(msgspec.json.Encoder().encode_lines(records))
            spent += time.process_time() - started
    return spent


def parquet_by_hand(folder: Path, batches: Pages, _: int) -> float:
    import pyarrow as pa
    import pyarrow.parquet as pq

    spent = 0.0
    writer: Any = None
    for _low, records in batches:
        started = time.process_time()
        table = pa.Table.from_pylist(
            [msgspec.structs.asdict(record) for record in records]
        )
        writer = writer or pq.ParquetWriter(
            folder / "c.parquet", table.schema, compression="zstd"
        )
        writer.write_table(table.cast(writer.schema))
        spent += time.process_time() - started
    started = time.process_time()
    writer.close()
    return spent + time.process_time() - started


def measure(file: str, count: int, *, write: Write) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        seconds = write(Path(folder), pages(file, count), count)
    return {"records/s": count * PAGE / seconds, "peak MiB": peak_memory()}


if __name__ == "__main__":
    run_job(
        ndjson=partial(measure, write=partial(write_with_sink, format="ndjson")),
        ndjson_gzip=partial(
            measure, write=partial(write_with_sink, format="ndjson", compress="gzip")
        ),
        csv=partial(measure, write=partial(write_with_sink, format="csv")),
        parquet=partial(measure, write=partial(write_with_sink, format="parquet")),
        lines_by_hand=partial(measure, write=lines_by_hand),
        parquet_by_hand=partial(measure, write=parquet_by_hand),
    )
