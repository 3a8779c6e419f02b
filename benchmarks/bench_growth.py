"""How do time and memory grow with the number of records?

One stream of wide customers from nginx, from 1,000 to 1,000,000 records. Time should
grow in proportion (a slope of 1 on two logarithmic axes), memory not at all once there
is a whole page (a slope of 0). Seconds; MiB above the client that is open and idle.
"""

from __future__ import annotations

from benchmarks.bench_stream import HAND, OURS
from benchmarks.data import PAGE
from benchmarks.figures import Answer, Line, Measured, Panel, Row
from benchmarks.harness import Bench, Contender, Runs, agree, measured, race

PROGRAMS = {OURS: "ours", HAND: "by_hand"}
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
        ]
        found[count] = race(bench, contenders, bench.sized(3, 1))
        agree(found[count])
    panels = [
        Panel(
            title,
            [
                Line(name, counts, [measured(found[n][name], figure) for n in counts])
                for name in PROGRAMS
            ],
        )
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
            f"{line.name}, {panel.title}: slope {line.slope:.2f}"
            for panel in panels
            for line in panel.lines
        ],
    )


def rows(found: dict[int, Runs], page: float) -> list[Row]:
    """Compare the memory after many records with a page, and with that after few."""
    few, many = sorted(found)[1], max(found)
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
            f"the same, against that after {few:,} records",
            same,
            1.1,
            better="less",
        ),
    ]


assert PAGE < 10**4, "the second size is the first that fills a page"
