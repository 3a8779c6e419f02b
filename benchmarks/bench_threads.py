"""What do columns gain from processors: 1, 2 and 4 threads, where the machine has them?

100,000 wide customers from nginx, as a table by `to_arrow()` and to a Parquet file, and
the same by hand with polars. Each library is given so many threads to parse with; nginx
and what else runs have the same machine. Seconds by the clock; CPU time in the notes.
"""

from __future__ import annotations

import os

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

TABLE, PARQUET = "sage200_async, to_arrow()", "sage200_async, Parquet"
POLARS, POLARS_PARQUET = "polars by hand", "polars by hand, Parquet"
JOBS = {
    TABLE: ("frames", "to_arrow"),
    POLARS: ("frames", "polars"),
    PARQUET: ("exporting", "parquet"),
    POLARS_PARQUET: ("exporting_polars", "parquet"),
}
TARGETS = (
    ("as a table", TABLE, POLARS, 1.3),
    ("to Parquet", PARQUET, POLARS_PARQUET, 1.2),
)


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    count = bench.size(10**5, 10**4)
    arguments = {"url": bench.server.arguments(str(count))["url"]}
    available = [number for number in (1, 2, 4) if number <= (os.cpu_count() or 1)]
    contenders = [
        Contender(named(name, threads), *job, arguments, threads)
        for threads in available
        for name, job in JOBS.items()
    ]
    runs = race(bench, contenders, bench.size(5, 1))
    wanted = [
        Comparison(
            f"{count:,} customers {what}, {threads} threads, against polars by hand",
            named(ours, threads),
            named(other, threads),
            target,
        )
        for threads in available
        for what, ours, other, target in TARGETS
    ]
    return Result(
        name="threads",
        description=__doc__ or "",
        unit="s",
        bars=bars(runs, "seconds"),
        rows=comparisons(runs, "seconds", wanted, less=True),
        notes=cpu_notes(runs),
    )


def named(name: str, threads: int) -> str:
    """Return the name of a contender with so many threads."""
    return f"{name}, {threads} thread{'s' if threads > 1 else ''}"
