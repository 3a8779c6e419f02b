"""How long does the event loop stall, whatever a server sends?

Another task measures every turn of the loop while a response is read; the figure is the
longest time between two turns, including the first ones and their imports. Milliseconds,
of the process's own time: what other processes take of a busy machine is left out.
The bodies: a page of 16 MB, plain and compressed; 120 orders with 40 expanded lines each,
16 MB, and the same where orders and lines alike begin with `id`; a compressed page with
brackets in its texts; 100 MB of blanks between two brackets; the body of an error, 27 MB.
The plain page and the orders are read as columns, too.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

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

BODIES = {
    "plain": "a page of 16 MB",
    "gzip": "the same, compressed",
    "lines": "orders with 40 expanded lines",
    "alike": "orders whose lines begin as they do",
    "brackets": "brackets in texts, compressed",
    "blanks": "100 MB of blanks",
    "error": "an error of 27 MB",
    "columns": "a page as Arrow columns",
    "columns of lines": "expanded lines as Arrow columns",
    "columns of alike": "lines that begin as their orders do, as Arrow columns",
}
LONGEST = 5.0
# Milliseconds that a turn may take.


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    rounds = bench.size(9, 2)
    arguments = {"url": bench.server.arguments()["url"]}
    hand = [
        Contender(OURS, "ours", "stall", arguments),
        Contender(HAND, "by_hand", "stall", arguments),
    ]
    runs = race(bench, hand, rounds)
    require_agreement(runs)
    with serving_bodies() as url:
        contenders = [
            Contender(text, "ours", "stall_on", {"url": url, "body": body})
            for body, text in BODIES.items()
        ]
        own = race(bench, contenders, rounds)
    everything = {**runs, **own}
    return Result(
        name="stall",
        description=__doc__ or "",
        unit="ms",
        bars=[
            Bar(name, measurement(everything[name], "ms of CPU")) for name in everything
        ],
        rows=[
            Row(
                f"longest stall of the event loop: {name}",
                measurement(own[name], "ms of CPU"),
                LONGEST,
                unit="ms",
                better="less",
            )
            for name in own
        ],
        notes=[
            f"{name}: {spread(measurement(everything[name], 'ms'), 'ms')} by the clock"
            for name in everything
        ],
    )


@contextlib.contextmanager
def serving_bodies() -> Iterator[str]:
    """Yield the URL of the server of bodies."""
    command = [sys.executable, "-m", "benchmarks.stall_bodies"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
