"""How long does it take to make a sandbox as new between two tests?

One sandbox with 17 MB of customers, and one with three. A reset is `Sandbox.restore` after
a write, so that nothing can be skipped; beside it stands what it takes the place of: a
new sandbox with the same records. Milliseconds of wall time, the median of each run.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from benchmarks.figures import Bar, Measurement, Result, Row
from benchmarks.harness import Bench
from sage200_async.sandbox import Sandbox

LARGE, SMALL = 3_400, 3
TARGET = 10.0
NEW = {"reference": "NEW", "name": "New"}


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    large, small = bench.size(LARGE, 50), SMALL
    rounds = bench.size(5, 1)
    resets = {
        count: [resets_of(count) for _ in range(rounds)] for count in (large, small)
    }
    starts = {
        count: [start_of(count) for _ in range(rounds)] for count in (large, small)
    }
    megabytes = resets[large][0]["bytes"] / 1e6
    sizes = {large: f"{megabytes:.0f} MB", small: f"{small} customers"}
    bars = [
        Bar(f"sage200_async, reset, {sizes[count]}", measured(resets[count]))
        for count in sizes
    ]
    bars += [
        Bar(f"a new sandbox, {sizes[count]}", measured(starts[count]))
        for count in sizes
    ]
    return Result(
        name="reset",
        description=__doc__ or "",
        unit="ms",
        bars=bars,
        rows=[
            Row(
                f"a sandbox reset between tests, {sizes[large]} of data",
                measured(resets[large]),
                TARGET,
                unit="ms",
                better="less",
            )
        ],
    )


def measured(runs: list[dict[str, float]]) -> Measurement:
    """Summarise the milliseconds of several runs."""
    return Measurement.of([run["ms"] for run in runs])


def resets_of(count: int, times: int = 30) -> dict[str, float]:
    """Return the median of some resets, each after a write."""

    async def main() -> dict[str, float]:
        async with Sandbox({"customers": count}) as sandbox:
            snapshot = sandbox.snapshot()
            seconds: list[float] = []
            for _ in range(times):
                sandbox.store.insert("customers", NEW)
                seconds.append(timed(lambda: sandbox.restore(snapshot)))
            images = snapshot.server.companies.values()
            size = sum(len(state.image) for state in images)
            return {"ms": statistics.median(seconds) * 1000, "bytes": float(size)}

    return asyncio.run(main())


def timed(function: Any) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def start_of(count: int) -> dict[str, float]:
    """Return how long it takes to start a sandbox."""

    async def main() -> float:
        started = time.perf_counter()
        async with Sandbox({"customers": count}):
            return time.perf_counter() - started

    return {"ms": asyncio.run(main()) * 1000}
