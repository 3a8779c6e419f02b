"""How long does it take to build and compile a query of three conditions?

``balance gt n and startswith(name, 'A') and on_hold eq false``, with two fields
selected, to a URL. Microseconds each.
"""

from __future__ import annotations

from benchmarks.figures import Bar, Result, Row
from benchmarks.harness import Bench, Contender, measurement, race, ratio

OURS = "sage200_async"
PEERS = {"python-odata": ("python_odata", "v4"), "pyodata": ("pyodata_v2", "v2")}


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    times = {"times": bench.size(200, 20)}
    contenders = [Contender(OURS, "ours", "query", times)]
    for name, (program, shape) in PEERS.items():
        arguments = {"url": bench.server.arguments(shape)["url"], **times}
        contenders.append(Contender(name, program, "query", arguments))
    runs = race(bench, contenders, bench.size(5, 1))
    return Result(
        name="query",
        description=__doc__ or "",
        unit="µs",
        bars=[Bar(name, measurement(runs[name], "µs")) for name in runs],
        rows=[
            Row(
                f"building and compiling a query, times faster than {name}",
                ratio(runs, name, OURS, "µs"),
                1.5,
            )
            for name in PEERS
        ],
    )
