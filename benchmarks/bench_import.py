"""What does ``import sage200_async`` cost beside aiohttp and msgspec alone?

Bytecode is cached, as it is wherever a package was installed. Milliseconds.
"""

from __future__ import annotations

from benchmarks.figures import Answer, Bar, Row
from benchmarks.harness import Bench, Contender, measured, race, ratio

OURS, BARE = "sage200_async", "aiohttp and msgspec"


def run(bench: Bench) -> Answer:
    """Ask the question."""
    contenders = [
        Contender(OURS, "importing", "ours"),
        Contender(BARE, "importing", "bare"),
    ]
    found = race(bench, contenders, bench.sized(15, 3))
    return Answer(
        name="import",
        question=__doc__ or "",
        unit="ms",
        bars=[Bar(name, measured(runs, "ms")) for name, runs in found.items()],
        rows=[
            Row(
                f"`import sage200_async`, against importing {BARE}",
                ratio(found, OURS, BARE, "ms"),
                1.25,
                better="less",
            )
        ],
    )
