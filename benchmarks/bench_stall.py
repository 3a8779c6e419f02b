"""How long does the event loop stall while 16 MB pages stream?

Another task measures every turn of the loop; the figure is the longest time between two
turns, including the first ones and their imports. Milliseconds.
"""

from __future__ import annotations

from benchmarks.bench_stream import HAND, OURS
from benchmarks.figures import Bar, Result, Row
from benchmarks.harness import (
    Bench,
    Contender,
    measurement,
    race,
    require_agreement,
)
from benchmarks.report import spread


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    arguments = {"url": bench.server.arguments()["url"]}
    contenders = [
        Contender(OURS, "ours", "stall", arguments),
        Contender(HAND, "by_hand", "stall", arguments),
    ]
    runs = race(bench, contenders, bench.size(9, 2))
    require_agreement(runs)
    return Result(
        name="stall",
        description=__doc__ or "",
        unit="ms",
        bars=[Bar(name, measurement(runs[name], "ms")) for name in runs],
        rows=[
            Row(
                "longest stall of the event loop",
                measurement(runs[OURS], "ms"),
                5.0,
                unit="ms",
                better="less",
            )
        ],
        notes=[
            f"{name}: {spread(measurement(runs[name], 'ms of CPU'), 'ms')} of CPU time "
            "at most between two turns"
            for name in runs
        ],
    )
