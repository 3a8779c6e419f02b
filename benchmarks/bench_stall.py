"""How long does the event loop stand still while 16 MB pages stream?

Another task turns the loop all the while; what counts is the longest time between two
of its turns, the very first ones and their imports with them. Milliseconds.
"""

from __future__ import annotations

from benchmarks.bench_stream import HAND, OURS
from benchmarks.figures import Answer, Bar, Row
from benchmarks.harness import Bench, Contender, agree, measured, race
from benchmarks.report import spread


def run(bench: Bench) -> Answer:
    """Ask the question."""
    given = {"url": bench.server.given()["url"]}
    contenders = [
        Contender(OURS, "ours", "stall", given),
        Contender(HAND, "by_hand", "stall", given),
    ]
    found = race(bench, contenders, bench.sized(9, 2))
    agree(found)
    return Answer(
        name="stall",
        question=__doc__ or "",
        unit="ms",
        bars=[Bar(name, measured(runs, "ms")) for name, runs in found.items()],
        rows=[
            Row(
                "longest stall of the event loop",
                measured(found[OURS], "ms"),
                5.0,
                unit="ms",
                better="less",
            )
        ],
        notes=[
            f"{name}: {spread(measured(runs, 'ms worked'), 'ms')} of the processor's "
            "time at most between two turns"
            for name, runs in found.items()
        ],
    )
