"""How do time and memory grow with the number of records?

One stream of wide customers from nginx, from 1,000 to 1,000,000 records (by hand to
100,000). Time should grow in proportion (a slope of 1 on two logarithmic axes), memory
not at all once there is a whole page (a slope of 0). Seconds; MiB above the client that
is open and idle.
"""

from __future__ import annotations

from benchmarks.bench_stream import HAND, OURS
from benchmarks.figures import Answer, Line, Measured, Panel, Row, slope
from benchmarks.harness import Bench, Contender, Runs, agree, measured, race

PROGRAMS = {OURS: "ours", HAND: "by_hand"}
MOST = {OURS: 10**6, HAND: 10**5}
# Records: further by hand would show no more, and take as long again.
FIGURES = {"seconds": "seconds", "MiB above idle": "MiB above the idle client"}


def sizes(*, quick: bool) -> list[int]:
    """Say how many records are read."""
    return [10**3, 10**4] if quick else [10**3, 10**4, 10**5, 10**6]


def run(bench: Bench) -> Answer:
    """Ask the question."""
    counts = sizes(quick=bench.quick)
    found: dict[int, Runs] = {}
    for count in counts:
        given = {"url": bench.server.given(str(count))["url"]}
        contenders = [
            Contender(name, program, "grow", given)
            for name, program in PROGRAMS.items()
            if count <= MOST[name]
        ]
        found[count] = race(bench, contenders, bench.sized(3, 1))
        agree(found[count])
    panels = [
        Panel(title, [line(found, name, figure) for name in PROGRAMS])
        for figure, title in FIGURES.items()
    ]
    page = (bench.server.folder / "plain" / "0.json").stat().st_size / 2**20
    return Answer(
        name="growth",
        question=__doc__ or "",
        unit="",
        panels=panels,
        rows=list(rows(found, page)),
        notes=[
            f"{each.name}, {panel.title}: slope {each.told}"
            for panel in panels
            for each in panel.lines
        ],
    )


def line(found: dict[int, Runs], name: str, figure: str) -> Line:
    """Draw a contender's figure over the sizes that it has read."""
    seen = [count for count, runs in found.items() if name in runs]
    return Line(name, seen, [measured(found[n][name], figure) for n in seen])


def rows(found: dict[int, Runs], page: float) -> list[Row]:
    """Compare the memory after many records with a page, and with that after few."""
    counts = sorted(found)
    few, many = counts[1], counts[-1]
    held = {
        count: [run["MiB above idle"] for run in found[count][OURS]]
        for count in (few, many)
    }
    pages = Measured.of([each / page for each in held[many]])
    same = Measured.of(
        [more / less for more, less in zip(held[many], held[few], strict=True)]
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
            same,
            1.1,
            better="less",
        ),
        Row(
            f"slope of the time, {counts[0]:,} to {many:,} records, log-log",
            Measured.of(
                [
                    slope(counts, [run["seconds"] for run in runs])
                    for runs in zip(
                        *(found[count][OURS] for count in counts), strict=True
                    )
                ]
            ),
            1.05,
            unit="",
            better="less",
        ),
    ]
