"""How long does it take to copy wide customers to a file, from the first request on?

Wide customers from nginx, by one worker. Ours are journalled, put in order, proved
complete, and survive a kill; money is exact. *By hand* has nothing of that: to Parquet,
`polars.read_json` for each page and `write_parquet`, or DuckDB's `read_json` of the pages
as files and `COPY`, with money as floats; to NDJSON, msgspec's decoder and `encode_lines`.
dlt's pipeline uses `requests` and its filesystem destination. Records per second of wall
time; CPU seconds in the notes.
"""

from __future__ import annotations

from benchmarks.figures import Result
from benchmarks.harness import (
    Bench,
    Comparison,
    Contender,
    bars,
    comparisons,
    cpu_notes,
    race,
)

PARQUET = "sage200_async, Parquet"
ARROW = "sage200_async, Arrow"
NDJSON = "sage200_async, NDJSON"
POLARS = "by hand: aiohttp + polars, Parquet"
DUCKDB = "by hand: aiohttp + DuckDB's read_json, Parquet"
MSGSPEC = "by hand: aiohttp + msgspec, NDJSON"
DLT = "dlt pipeline, Parquet"
JOBS = {
    PARQUET: ("exporting", "parquet"),
    POLARS: ("exporting_polars", "parquet"),
    DUCKDB: ("duckdb_json", "parquet"),
    NDJSON: ("exporting", "ndjson"),
    MSGSPEC: ("by_hand", "ndjson"),
    ARROW: ("exporting", "arrow"),
    DLT: ("dlt_parquet", "parquet"),
}
TARGETS = (
    ("to Parquet, against polars by hand", PARQUET, POLARS, 1.2),
    ("to Parquet, against DuckDB by hand", PARQUET, DUCKDB, 1.2),
    ("to NDJSON, against msgspec by hand", NDJSON, MSGSPEC, 1.0),
    ("to Parquet, against a dlt pipeline", PARQUET, DLT, 5.0),
)


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    count = bench.size(10**5, 10**4)
    arguments = {"url": bench.server.arguments(str(count))["url"]}
    contenders = [Contender(name, *job, arguments) for name, job in JOBS.items()]
    runs = race(bench, contenders, bench.size(3, 1))
    for figures in (one for several in runs.values() for one in several):
        assert figures["records"] == count
        figures["records/s"] = count / figures["seconds"]
    wanted = [
        Comparison(f"{count:,} customers {what}", *rest) for what, *rest in TARGETS
    ]
    return Result(
        name="exports",
        description=__doc__ or "",
        unit="records/s",
        bars=bars(runs, "records/s"),
        rows=comparisons(runs, "records/s", wanted),
        notes=cpu_notes(runs),
    )
