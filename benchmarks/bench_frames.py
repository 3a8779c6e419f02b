"""How fast does a whole table of wide customers come, compared with polars by hand?

100,000 customers from nginx, 110 fields each. Ours is `to_arrow()`: exact decimals, times
in UTC, and a proof that nothing is missing. *By hand* is a loop by key with aiohttp and
`polars.read_json` for each page, put together with `concat`: its numbers are floats, its
times are texts. One request at a time, because nginx cannot answer ranges that it has not
prepared. Seconds by the clock and of CPU time; peak memory of the process in MiB.
"""

from __future__ import annotations

from benchmarks.bench_growth import sizes
from benchmarks.figures import Bar, Result, Row
from benchmarks.harness import (
    Bench,
    Contender,
    measurement,
    race,
    ratio,
    require_agreement,
)
from benchmarks.report import spread

OURS = "sage200_async, to_arrow()"
HAND = "by hand: aiohttp + polars"
COUNT = 100_000


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    count = min(COUNT, max(sizes(quick=bench.quick)))
    arguments = {"url": bench.server.arguments(str(count))["url"]}
    contenders = [
        Contender(OURS, "frames", "to_arrow", arguments),
        Contender(HAND, "frames", "polars", arguments),
    ]
    runs = race(bench, contenders, bench.size(5, 1))
    require_agreement(runs)
    return Result(
        name="frames",
        description=__doc__ or "",
        unit="s",
        bars=[
            Bar(
                name,
                measurement(runs[name], "seconds"),
                memory=measurement(runs[name], "peak MiB").median,
            )
            for name in runs
        ],
        rows=[
            Row(
                f"a table of {count:,} customers, against {HAND}",
                ratio(runs, HAND, OURS, "seconds"),
                1.3,
            )
        ],
        notes=[
            f"{name}: {spread(measurement(runs[name], 'CPU seconds'), 's')} of CPU time"
            for name in runs
        ],
    )
