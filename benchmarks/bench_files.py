"""How fast do records get into files, with all that makes them survive a kill?

Wide customers, every one of 110 fields filled, in pages as `export` hands them on:
records a second of the processor's time from records to the finished file, as the disk
is not what is measured. *By hand* is one call a page that writes them straight to a
file: no spool, no order, no manifest; for Parquet, pyarrow's own way from records to
columns.
"""

from __future__ import annotations

from benchmarks.figures import Answer, Bar, Row
from benchmarks.harness import Bench, Contender, measured, race, ratio

JOBS = {
    "sage200_async, Parquet": "parquet",
    "Parquet by hand: records -> pyarrow": "parquet_by_hand",
    "sage200_async, NDJSON": "ndjson",
    "sage200_async, NDJSON gzip": "ndjson_gzip",
    "sage200_async, CSV": "csv",
    "NDJSON by hand: msgspec": "lines_by_hand",
}


def run(bench: Bench) -> Answer:
    """Ask the question."""
    page = bench.server.folder / "plain" / "0.json"
    given = {"file": str(page), "count": bench.sized(15, 2)}
    contenders = [Contender(n, "into_files", job, given) for n, job in JOBS.items()]
    found = race(bench, contenders, bench.sized(5, 1))
    ours, hand = list(JOBS)[:2]
    return Answer(
        name="files",
        question=__doc__ or "",
        unit="records/s",
        bars=[
            Bar(
                name,
                measured(runs, "records/s"),
                memory=measured(runs, "peak MiB").median,
            )
            for name, runs in found.items()
        ],
        rows=[
            Row(
                "to Parquet, against records -> pyarrow columns",
                ratio(found, ours, hand, "records/s"),
                1.5,
            )
        ],
    )
