"""How do time and memory of an export to Parquet grow with the number of records?

Wide customers from nginx, spooled, put in order and proved complete; one worker, as
nginx cannot answer ranges that it has not prepared. Seconds; MiB above the client that
is open and idle.
"""

from __future__ import annotations

from benchmarks.bench_growth import FIGURES
from benchmarks.figures import Answer, Line, Panel
from benchmarks.harness import Bench, Contender, Runs, measured, race

OURS = "sage200_async, to Parquet"


def run(bench: Bench) -> Answer:
    """Ask the question."""
    counts = [10**3, 10**4] if bench.quick else [10**3, 10**4, 10**5]
    found: dict[int, Runs] = {}
    for count in counts:
        given = {"url": bench.server.given(str(count))["url"]}
        contenders = [Contender(OURS, "exporting", "parquet", given)]
        found[count] = race(bench, contenders, bench.sized(3, 1))
        assert {run["records"] for run in found[count][OURS]} == {count}
    panels = [
        Panel(
            title,
            [Line(OURS, counts, [measured(found[n][OURS], figure) for n in counts])],
        )
        for figure, title in FIGURES.items()
    ]
    return Answer(
        name="export",
        question=__doc__ or "",
        unit="",
        panels=panels,
        notes=[f"{each.title}: slope {each.lines[0].told}" for each in panels],
    )
