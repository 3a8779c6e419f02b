"""How do time and memory grow with the number of records?

One stream of wide customers from nginx, from 1,000 to 1,000,000 records (by hand to
100,000). Time should grow in proportion (a slope of 1 on two logarithmic axes), and
memory not at all beyond one whole page (a slope of 0). Seconds; MiB above the idle
client.
"""

from __future__ import annotations

from benchmarks.bench_stream import HAND, OURS
from benchmarks.figures import Line, Measurement, Panel, Result, Row, slope
from benchmarks.harness import (
    Bench,
    Contender,
    Runs,
    measurement,
    race,
    require_agreement,
)

PROGRAMS = {OURS: "ours", HAND: "by_hand"}
MAX_RECORDS = {OURS: 10**6, HAND: 10**5}
# By hand, more records would show nothing new, and take ten times as long.
FIGURES = {"seconds": "seconds", "MiB above idle": "MiB above the idle client"}


def sizes(*, quick: bool) -> list[int]:
    """Return the numbers of records to read."""
    return [10**3, 10**4] if quick else [10**3, 10**4, 10**5, 10**6]


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    counts = sizes(quick=bench.quick)
    runs: dict[int, Runs] = {}
    for count in counts:
        arguments = {"url": bench.server.arguments(str(count))["url"]}
        contenders = [
            Contender(name, program, "grow", arguments)
            for name, program in PROGRAMS.items()
            if count <= MAX_RECORDS[name]
        ]
        runs[count] = race(bench, contenders, bench.size(3, 1))
        require_agreement(runs[count])
    panels = [
        Panel(title, [line(runs, name, figure) for name in PROGRAMS])
        for figure, title in FIGURES.items()
    ]
    page = (bench.server.folder / "plain" / "0.json").stat().st_size / 2**20
    return Result(
        name="growth",
        description=__doc__ or "",
        unit="",
        panels=panels,
        rows=list(rows(runs, page)),
        notes=[
            f"{contender.name}, {panel.title}: slope {contender.slope_text}"
            for panel in panels
            for contender in panel.lines
        ],
    )


def line(runs: dict[int, Runs], name: str, figure: str) -> Line:
    """Return a contender's figure over the sizes that it read."""
    counts = [count for count in runs if name in runs[count]]
    return Line(name, counts, [measurement(runs[n][name], figure) for n in counts])


def rows(runs: dict[int, Runs], page: float) -> list[Row]:
    """Compare memory after many records with a page's size (MiB) and with few records."""
    counts = sorted(runs)
    few, many = counts[1], counts[-1]
    memory = {
        count: [figures["MiB above idle"] for figures in runs[count][OURS]]
        for count in (few, many)
    }
    pages = Measurement.of([mib / page for mib in memory[many]])
    growth = Measurement.of(
        [more / less for more, less in zip(memory[many], memory[few], strict=True)]
    )
    return [
        Row(
            f"memory above the idle client after {many:,} records, in pages",
            pages,
            3.0,
            unit="pages",
            better="less",
        ),
        Row(
            f"memory after {many:,} records, against that after {few:,}",
            growth,
            1.1,
            better="less",
        ),
        Row(
            f"slope of the time, {counts[0]:,} to {many:,} records, log-log",
            time_slopes(runs),
            1.05,
            unit="",
            better="less",
        ),
    ]


def time_slopes(runs: dict[int, Runs]) -> Measurement:
    """Return the slope of the time over all sizes, round by round."""
    counts = sorted(runs)
    seconds = [
        [figures["seconds"] for figures in runs[count][OURS]] for count in counts
    ]
    by_round = zip(*seconds, strict=True)
    return Measurement.of([slope(counts, values) for values in by_round])
