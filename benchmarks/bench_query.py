"""How long does it take to build and compile a query of three conditions?

``balance gt n and startswith(name, 'A') and on_hold eq false``, with two fields
selected, to a URL. Microseconds each.
"""

from __future__ import annotations

from benchmarks.figures import Answer, Bar, Row
from benchmarks.harness import Bench, Contender, measured, race, ratio

OURS = "sage200_async"
PEERS = {"python-odata": ("python_odata", "v4"), "pyodata": ("pyodata_v2", "v2")}


def run(bench: Bench) -> Answer:
    """Ask the question."""
    times = {"times": bench.sized(200, 20)}
    contenders = [Contender(OURS, "ours", "query", times)]
    for name, (program, shape) in PEERS.items():
        given = {"url": bench.server.given(shape)["url"], **times}
        contenders.append(Contender(name, program, "query", given))
    found = race(bench, contenders, bench.sized(5, 1))
    return Answer(
        name="query",
        question=__doc__ or "",
        unit="µs",
        bars=[Bar(name, measured(runs, "µs")) for name, runs in found.items()],
        rows=[
            Row(
                f"building and compiling a query, times faster than {name}",
                ratio(found, name, OURS, "µs"),
                1.0,
            )
            for name in PEERS
        ],
    )
