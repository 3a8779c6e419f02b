"""How fast are records written to files that survive a kill?

Wide customers, all 110 fields filled, in pages as `export` writes them. Records per
second of CPU time, from records to the finished file; the disk is not measured. *By
hand* writes each page straight to a file in one call: no journal, no order, no manifest;
for Parquet, it uses pyarrow's own conversion from records to columns.
"""

from __future__ import annotations

from benchmarks.figures import Result, Row
from benchmarks.harness import Bench, Contender, bars, race, ratio

JOBS = {
    "sage200_async, Parquet": "parquet",
    "Parquet by hand: records -> pyarrow": "parquet_by_hand",
    "sage200_async, NDJSON": "ndjson",
    "sage200_async, NDJSON gzip": "ndjson_gzip",
    "sage200_async, CSV": "csv",
    "NDJSON by hand: msgspec": "lines_by_hand",
}


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    page = bench.server.folder / "plain" / "0.json"
    arguments = {"file": str(page), "count": bench.size(15, 2)}
    contenders = [
        Contender(name, "into_files", job, arguments) for name, job in JOBS.items()
    ]
    runs = race(bench, contenders, bench.size(5, 1))
    ours, by_hand = list(JOBS)[:2]
    return Result(
        name="files",
        description=__doc__ or "",
        unit="records/s",
        bars=bars(runs, "records/s"),
        rows=[
            Row(
                "to Parquet, against records -> pyarrow columns",
                ratio(runs, ours, by_hand, "records/s"),
                1.5,
            )
        ],
    )
