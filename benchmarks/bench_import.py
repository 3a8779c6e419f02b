"""What does ``import sage200_async`` cost beside aiohttp and msgspec alone?

Bytecode is cached, as it is for any installed package. Milliseconds.
"""

from __future__ import annotations

from benchmarks.figures import Result, Row
from benchmarks.harness import Bench, Contender, bars, race, ratio

OURS, BARE = "sage200_async", "aiohttp and msgspec"


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    contenders = [
        Contender(OURS, "importing", "ours"),
        Contender(BARE, "importing", "bare"),
    ]
    runs = race(bench, contenders, bench.size(15, 3))
    return Result(
        name="import",
        description=__doc__ or "",
        unit="ms",
        bars=bars(runs, "ms"),
        rows=[
            Row(
                f"`import sage200_async`, against importing {BARE}",
                ratio(runs, OURS, BARE, "ms"),
                1.2,
                better="less",
            )
        ],
    )
