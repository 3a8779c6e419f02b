"""Results as Markdown: the table of targets, and a section for each benchmark."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.environments import CONTENDERS, pins
from benchmarks.figures import Measurement, Result, Row

COMMAND: Final = "python -m benchmarks"
HIGHLIGHTS: Final = (
    "records a second, against by hand: aiohttp + msgspec",
    "100,000 customers to Parquet, against polars by hand",
    "longest stall of the event loop: a page of 16 MB",
    "memory above the idle client after 1,000,000 records, in pages",
)
"""The rows that the README shows."""
PARTS: Final = re.compile(r"(<!-- bench -->\n).*(<!-- /bench -->)", re.DOTALL)


def page(results: list[Result]) -> str:
    """Write the whole page."""
    parts = ["# How fast it is\n", machine(), table(results), explanation()]
    parts += [section(result) for result in results]
    return "\n".join(parts)


def machine() -> str:
    """Describe the machine and the versions."""
    pinned = {pin for file in CONTENDERS.glob("*.py") for pin in pins(file.stem)}
    ours = [f"{name}=={version(name)}" for name in ("aiohttp", "msgspec", "pyarrow")]
    return (
        f"Measured by `{COMMAND}`: {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}. "
        f"Our environment, and that of the hand-written loop: {', '.join(ours)}. "
        f"The others: {', '.join(sorted(pinned))}.\n"
    )


def explanation() -> str:
    """Explain how to read the figures."""
    return (
        "Contenders take turns, each run in a fresh process. A figure is the median of "
        "the runs, with the minimum and the maximum in brackets. Ratios compare runs of "
        "the same round. `results.json` has all figures; [SHORTFALLS.md](SHORTFALLS.md) "
        "explains why a row falls short, and what was tried.\n"
    )


def table(results: Iterable[Result]) -> str:
    """Write the table of targets."""
    lines = [
        "| what | target | measured | |",
        "| --- | --- | --- | --- |",
        *(table_row(row) for result in results for row in result.rows),
    ]
    return "\n".join(lines) + "\n"


def table_row(row: Row) -> str:
    """Write one row of the table."""
    word = "at least" if row.better == "more" else "at most"
    verdict = "holds" if row.holds else "**FALLS SHORT**"
    target = f"{word} {row.target:g} {row.unit}".strip()
    return f"| {row.what} | {target} | {spread(row.measured, row.unit)} | {verdict} |"


def spread(measured: Measurement, unit: str) -> str:
    """Write a median, with the minimum and the maximum of the runs."""
    median = f"{number(measured.median)} {unit}".strip()
    if measured.low == measured.high:
        return median
    return f"{median} ({number(measured.low)} to {number(measured.high)})"


def number(value: float) -> str:
    """Write a number with three significant digits, or as a whole one from 1,000 on."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def section(result: Result) -> str:
    """Write the section of one benchmark."""
    head, _, text = result.description.strip().partition("\n")
    lines = [f"## {head}\n", f"{text.strip()} Measured on {result.measured_on}.\n"]
    lines.append(f"![{result.name}](pictures/{result.name}.svg)\n")
    if result.bars:
        lines += bars(result)
    for panel in result.panels:
        sizes = panel.lines[0].sizes
        heads = " | ".join(f"{size:,}" for size in sizes)
        lines += [
            "",
            f"| {panel.title} | {heads} | slope |",
            "| --- |" + " --- |" * (len(sizes) + 1),
        ]
        for line in panel.lines:
            cells = [spread(point, "") for point in line.measured]
            cells += [""] * (len(sizes) - len(cells))
            lines.append(f"| {line.name} | {' | '.join(cells)} | {line.slope_text} |")
    if result.notes:
        lines += ["", *(f"- {note}" for note in result.notes)]
    return "\n".join(lines) + "\n"


def bars(result: Result) -> list[str]:
    """Write a line for each contender."""
    heads = ["", result.unit]
    has_memory = any(bar.memory is not None for bar in result.bars)
    heads += ["peak MiB"] if has_memory else []
    rows = [heads, ["---"] * len(heads)]
    for bar in result.bars:
        memory = "" if bar.memory is None else number(bar.memory)
        cells = [bar.name, spread(bar.measured, ""), memory]
        rows.append(cells[: len(heads)])
    return [f"| {' | '.join(cells)} |" for cells in rows]


def highlights(results: Iterable[Result]) -> str:
    """Write the rows of the README: what was measured, and nothing else."""
    rows = {row.what: row for result in results for row in result.rows}
    cells = [
        (what, spread(rows[what].measured, rows[what].unit)) for what in HIGHLIGHTS
    ]
    lines = [f"| {what} | {measured} |" for what, measured in cells]
    return "\n".join(["| what | measured |", "| --- | --- |", *lines]) + "\n"


def update_readme(readme: Path, results: list[Result]) -> None:
    """Put the highlights between the README's markers."""
    text = (
        f"{highlights(results)}\n"
        f"Measured by `{COMMAND}`; "
        "[benchmarks/RESULTS.md](benchmarks/RESULTS.md) has all of them, those that fall "
        "short among them.\n"
    )
    old = readme.read_text("utf-8")
    readme.write_text(PARTS.sub(lambda match: match[1] + text + match[2], old), "utf-8")
