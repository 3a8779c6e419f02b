"""How do time and memory of an export to Parquet grow with the number of records?

Wide customers from nginx, journalled, put in order and proved complete; one worker,
because nginx cannot answer ranges that it has not prepared. Seconds; MiB above the idle
client.
"""

from __future__ import annotations

from benchmarks.bench_growth import FIGURES
from benchmarks.figures import Line, Panel, Result
from benchmarks.harness import Bench, Contender, Runs, measurement, race

OURS = "sage200_async, to Parquet"


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    counts = [10**3, 10**4] if bench.quick else [10**3, 10**4, 10**5]
    runs: dict[int, Runs] = {}
    for count in counts:
        arguments = {"url": bench.server.arguments(str(count))["url"]}
        contenders = [Contender(OURS, "exporting", "parquet", arguments)]
        runs[count] = race(bench, contenders, bench.size(3, 1))
        assert {figures["records"] for figures in runs[count][OURS]} == {count}
    panels = [
        Panel(
            title,
            [Line(OURS, counts, [measurement(runs[n][OURS], figure) for n in counts])],
        )
        for figure, title in FIGURES.items()
    ]
    return Result(
        name="export",
        description=__doc__ or "",
        unit="",
        panels=panels,
        notes=[f"{panel.title}: slope {panel.lines[0].slope_text}" for panel in panels],
    )
