"""How much processor time does a small request of a service take?

6,000 requests by 50 tasks over 10 connections to nginx: one whole customer of 3.2 KB by
its id, the first one, their count, or one created. By hand is one aiohttp session and a
typed decode by msgspec, without retries, limits, tokens or checks. Microseconds of the
client's processor time for each request.
"""

from __future__ import annotations

from benchmarks.figures import Result
from benchmarks.harness import (
    Bench,
    Comparison,
    Contender,
    bars,
    comparisons,
    race,
    require_agreement,
)

JOBS = ("get", "first", "create", "count")
TARGET = 0.8
OURS, BY_HAND = "sage200_async", "aiohttp + msgspec"
PROGRAMS = {OURS: "ours", BY_HAND: "by_hand"}


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    arguments = {**bench.server.arguments("small"), "times": bench.size(6000, 300)}
    contenders = [
        Contender(f"{name}, {job}", program, "small", {**arguments, "job": job})
        for job in JOBS
        for name, program in PROGRAMS.items()
    ]
    runs = race(bench, contenders, bench.size(5, 1))
    for job in JOBS:
        names = [f"{name}, {job}" for name in PROGRAMS]
        require_agreement({name: runs[name] for name in names})
    wanted = [
        Comparison(
            f"processor time of {job}(), against {BY_HAND} by hand",
            f"{OURS}, {job}",
            f"{BY_HAND}, {job}",
            TARGET,
        )
        for job in JOBS
    ]
    return Result(
        name="small",
        description=__doc__ or "",
        unit="µs",
        bars=bars(runs, "µs"),
        rows=comparisons(runs, "µs", wanted, less=True),
    )
