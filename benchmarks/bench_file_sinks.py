"""How fast do records get into files, with all that makes them survive a kill?

Wide customers, every one of 110 fields filled, in pages as `export` hands them on:
records a second from records to the finished file, of the processor's time, as the
disk is not what is measured; and the most memory, in MiB. *By hand* is one call
that writes them straight to a file: no spool, no order, no manifest.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.data import wide_customers
from benchmarks.harness import Figures, compare, ratio, report
from sage200_async.catalog import Customer, Endpoints
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.rows import rows_of
from sage200_async.extract.schema import tables_of
from sage200_async.extract.sinks.files import FormName, PackingName, files_at
from sage200_async.odata.options import Options
from sage200_async.wire.certificate import Certificate, Interval

PAGE = 2000
PAGES = 15
TABLES = tables_of("customers", Endpoints.endpoints()["customers"], Options())


def page(number: int) -> list[Customer]:
    """Make the records of a page, with keys of their own."""
    records = msgspec.json.decode(PAGE_BYTES, type=list[Customer])
    first = number * PAGE + 1
    return [
        msgspec.structs.replace(record, id=key)
        for key, record in enumerate(records, first)
    ]


def sink(folder: Path, form: FormName, compress: PackingName | None = None) -> float:
    """Export as `export` does, pages in an order that is not the keys'."""
    made = files_at(folder, form, compress=compress)
    made.open(TABLES)
    kept = Checkpoint(query="", floor=0, fence=PAGES * PAGE)
    spent = 0.0
    for number in sorted(range(PAGES), key=lambda number: number % 4):
        records, low = page(number), number * PAGE
        kept = kept.with_(Interval(low, low + PAGE, PAGE))
        begun = time.process_time()
        made.keep(rows_of(TABLES, records), kept)
        spent += time.process_time() - begun
    begun = time.process_time()
    made.finish(
        Certificate(
            path="customers",
            query="",
            records=PAGES * PAGE,
            requests=PAGES,
            begun_at=0,
            ended_at=0,
        )
    )
    return spent + time.process_time() - begun


def lines_by_hand(folder: Path) -> float:
    """Write pages as lines, straight to a file."""
    spent = 0.0
    with (folder / "customers.ndjson").open("wb") as file:
        for number in range(PAGES):
            records = page(number)
            begun = time.process_time()
            file.write(msgspec.json.Encoder().encode_lines(records))
            spent += time.process_time() - begun
    return spent


def parquet_by_hand(folder: Path) -> float:
    """Make columns of records by pyarrow's own way, and write them page by page."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    spent = 0.0
    writer: Any = None
    for number in range(PAGES):
        records = page(number)
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


def measured(work: Callable[[Path], float]) -> Figures:
    global PAGE_BYTES  # noqa: PLW0603 - made only in the process that reads it
    PAGE_BYTES = wide_customers(PAGE)
    with tempfile.TemporaryDirectory() as folder:
        seconds = work(Path(folder))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return {"records/s": PAGES * PAGE / seconds, "MiB": most / unit}


PAGE_BYTES = b""
CONTENDERS: dict[str, Callable[[Path], float]] = {
    "ndjson": partial(sink, form="ndjson"),
    "ndjson gzip": partial(sink, form="ndjson", compress="gzip"),
    "ndjson zstd": partial(sink, form="ndjson", compress="zstd"),
    "csv": partial(sink, form="csv"),
    "parquet": partial(sink, form="parquet"),
    "ndjson by hand": lines_by_hand,
    "parquet by hand": parquet_by_hand,
}

if __name__ == "__main__":
    contenders = {name: partial(measured, work) for name, work in CONTENDERS.items()}
    found = compare("benchmarks.bench_file_sinks", contenders, runs=3)
    report(__doc__ or "", found, {"records/s": "", "MiB": ""})
    print(ratio(found, "records/s", "ndjson", "ndjson by hand"))
    print(ratio(found, "records/s", "parquet", "parquet by hand"))
