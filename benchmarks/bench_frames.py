"""How fast does a whole table of wide customers come, compared with other libraries?

100,000 customers from nginx, 110 fields each. Ours is `to_arrow()`: exact decimals, times
in UTC, and a proof that nothing is missing. *By hand* is a loop by key with aiohttp and
`polars.read_json` for each page, put together with `concat`, or DuckDB's `read_json` of
the pages as files: their numbers are floats, their times are texts or guessed. One request
at a time, because nginx cannot answer ranges that it has not prepared. Seconds by the
clock and of CPU time; peak memory of the process in MiB.
"""

from __future__ import annotations

from benchmarks.bench_growth import sizes
from benchmarks.figures import Result
from benchmarks.harness import (
    Bench,
    Comparison,
    Contender,
    bars,
    comparisons,
    cpu_notes,
    race,
    require_agreement,
)

OURS = "sage200_async, to_arrow()"
HAND = "by hand: aiohttp + polars"
DUCKDB = "by hand: aiohttp + DuckDB's read_json"
COUNT = 100_000


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    count = min(COUNT, max(sizes(quick=bench.quick)))
    arguments = {"url": bench.server.arguments(str(count))["url"]}
    contenders = [
        Contender(OURS, "frames", "to_arrow", arguments),
        Contender(HAND, "frames", "polars", arguments),
        Contender(DUCKDB, "duckdb_json", "table", arguments),
    ]
    runs = race(bench, contenders, bench.size(5, 1))
    require_agreement(runs)
    wanted = [
        Comparison(f"a table of {count:,} customers, against {name}", OURS, name, 1.3)
        for name in (HAND, DUCKDB)
    ]
    return Result(
        name="frames",
        description=__doc__ or "",
        unit="s",
        bars=bars(runs, "seconds"),
        rows=comparisons(runs, "seconds", wanted, less=True),
        notes=cpu_notes(runs),
    )
