"""How close to the ideal is a parallel read by 8 workers, where a page takes 250 ms?

100 pages over real sockets from our own slow server (`delayed_server.py`: a static one
cannot answer ranges). Ids are spread evenly, or 90 % of the rows lie in 1 % of the ids.
The ideal is 100/8 x 250 ms: nothing to find out first, every worker always busy. *Blind*
is a server that does not count. Seconds.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks import delayed_server
from benchmarks.figures import Bar, Measurement, Result, Row
from benchmarks.harness import (
    Bench,
    Contender,
    Runs,
    measurement,
    race,
    require_agreement,
)

WORKERS = 8
VARIANTS = {
    "even": ("even", False),
    "even, in order": ("even", True),
    "even, blind": ("blind/even", False),
    "90 % of rows in 1 % of ids": ("skewed", False),
    "skewed, in order": ("skewed", True),
    "skewed, blind": ("blind/skewed", False),
}
TARGETS = {"even": 1.2, "90 % of rows in 1 % of ids": 1.2}


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    latency = bench.size(250, 25)
    runs = run_variants(bench, latency)
    ideal = delayed_server.PAGES / WORKERS * latency / 1000
    rows = [
        Row(
            f"100 pages at 250 ms with 8 workers, {name}, against the ideal",
            Measurement.of(
                [figures["seconds"] / ideal for figures in runs[contender(name)]]
            ),
            target,
            better="less",
        )
        for name, target in TARGETS.items()
    ]
    return Result(
        name="latency",
        description=__doc__ or "",
        unit="s",
        bars=[
            *(Bar(name, measurement(runs[name], "seconds")) for name in runs),
            Bar("the ideal", Measurement.exact(ideal)),
        ],
        rows=rows,
        notes=[f"a page took {latency} ms"],
    )


def run_variants(bench: Bench, latency: int) -> Runs:
    """Read from a server with *latency* (milliseconds), in all variants."""
    command = [sys.executable, "-m", "benchmarks.delayed_server", str(latency)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        contenders = [
            Contender(contender(name), "workers", "read", arguments(url, path, ordered))
            for name, (path, ordered) in VARIANTS.items()
        ]
        runs = race(bench, contenders, bench.size(3, 1))
        server.communicate("")
    for spread in ("even", "skewed"):
        names = [name for name, (path, _) in VARIANTS.items() if spread in path]
        require_agreement({contender(name): runs[contender(name)] for name in names})
    return runs


def contender(variant: str) -> str:
    """Return the contender's name."""
    return f"sage200_async, {variant}"


def arguments(url: str, path: str, ordered: bool) -> dict[str, object]:  # noqa: FBT001
    """Return the arguments of one variant."""
    page = delayed_server.PAGE
    return {
        "url": f"{url}/{path}/",
        "page": page,
        "workers": WORKERS,
        "ordered": ordered,
    }
