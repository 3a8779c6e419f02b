"""How close to the ideal is reading by eight at once, where each page takes 250 ms?

100 pages over real sockets from a server of our own that waits (`far.py`: a static one
cannot answer ranges); ids spread evenly, or 90 % of the rows in 1 % of the ids. The
ideal is 100/8 x 250 ms: nothing to find out, and every worker always busy. *Blind* is a
server that does not count. Seconds.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks import far
from benchmarks.figures import Answer, Bar, Measured, Row
from benchmarks.harness import Bench, Contender, agree, measured, race

WORKERS = 8
WAYS = {
    "even": ("even", False),
    "even, in order": ("even", True),
    "even, blind": ("blind/even", False),
    "90 % of rows in 1 % of ids": ("skewed", False),
    "skewed, in order": ("skewed", True),
    "skewed, blind": ("blind/skewed", False),
}


def run(bench: Bench) -> Answer:
    """Ask the question."""
    latency = bench.sized(250, 25)
    command = [sys.executable, "-m", "benchmarks.far", str(latency)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        contenders = [
            Contender(
                f"sage200_async, {name}",
                "workers",
                "read",
                {
                    "url": f"{url}/{path}/",
                    "page": far.PAGE,
                    "workers": WORKERS,
                    "ordered": ordered,
                },
            )
            for name, (path, ordered) in WAYS.items()
        ]
        found = race(bench, contenders, bench.sized(3, 1))
        server.communicate("")
    for spread in ("even", "skewed"):
        paths = {f"sage200_async, {n}" for n, way in WAYS.items() if spread in way[0]}
        agree({name: found[name] for name in paths})
    ideal = far.PAGES / WORKERS * latency / 1000
    took = {name: measured(runs, "seconds") for name, runs in found.items()}
    rows = [
        Row(
            f"100 pages at 250 ms with 8 workers, {name}, against the ideal",
            Measured.of([each["seconds"] / ideal for each in runs]),
            target,
            better="less",
        )
        for (name, target), runs in zip(
            {"even": 1.2, "90 % of rows in 1 % of ids": 1.3}.items(),
            (found[f"sage200_async, {name}"] for name in list(WAYS)[::3]),
            strict=True,
        )
    ]
    exact = Measured(ideal, ideal, ideal)
    return Answer(
        name="latency",
        question=__doc__ or "",
        unit="s",
        bars=[
            *(Bar(name, each) for name, each in took.items()),
            Bar("the ideal", exact),
        ],
        rows=rows,
        notes=[f"a page took {latency} ms"],
    )
