"""Answers as Markdown: the table of what was promised, and a part for each question."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.environments import CONTENDERS, pins
from benchmarks.figures import Answer, Measured, Row

COMMAND: Final = "python -m benchmarks"
PARTS: Final = re.compile(r"(<!-- bench -->\n).*(<!-- /bench -->)", re.DOTALL)


def results(answers: list[Answer]) -> str:
    """Write the whole page."""
    parts = ["# How fast it is\n", machine(), table(answers), meaning()]
    parts += [section(answer) for answer in answers]
    return "\n".join(parts)


def machine() -> str:
    """Say where, when and with what it was measured."""
    pinned = {need for each in CONTENDERS.glob("*.py") for need in pins(each.stem)}
    ours = [f"{name}=={version(name)}" for name in ("aiohttp", "msgspec", "pyarrow")]
    today = datetime.now(UTC).date()
    return (
        f"Measured by `{COMMAND}` on {today}: {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}. "
        f"Our own environment, and that of the loop by hand: {', '.join(ours)}. "
        f"The others': {', '.join(sorted(pinned))}.\n"
    )


def meaning() -> str:
    """Say how the figures are to be read."""
    return (
        "Each contender runs in a process of its own, and they take turns; a figure is "
        "the median of the runs, and in brackets the least and the most of them. "
        "Ratios are of runs that followed each other. `results.json` has it all; why a "
        "row falls short, and what was tried, is in [SHORTFALLS.md](SHORTFALLS.md).\n"
    )


def table(answers: Iterable[Answer]) -> str:
    """Write the table of what was promised."""
    lines = [
        "| what | promised | measured | |",
        "| --- | --- | --- | --- |",
        *(line(row) for answer in answers for row in answer.rows),
    ]
    return "\n".join(lines) + "\n"


def line(row: Row) -> str:
    """Write one row of the table."""
    word = "at least" if row.better == "more" else "at most"
    verdict = "holds" if row.holds else "**FALLS SHORT**"
    target = f"{word} {row.target:g} {row.unit}".strip()
    return f"| {row.what} | {target} | {spread(row.measured, row.unit)} | {verdict} |"


def spread(got: Measured, unit: str) -> str:
    """Write a median, and how far the runs lie apart."""
    middle = f"{number(got.median)} {unit}".strip()
    if got.low == got.high:
        return middle
    return f"{middle} ({number(got.low)} to {number(got.high)})"


def number(value: float) -> str:
    """Write a number with no more digits than it has worth."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def section(answer: Answer) -> str:
    """Write what came of one question."""
    head, _, text = answer.question.strip().partition("\n")
    lines = [f"## {head}\n", text.strip() + "\n"]
    lines.append(f"![{answer.name}](pictures/{answer.name}.svg)\n")
    if answer.bars:
        lines += bars(answer)
    for panel in answer.panels:
        sizes = panel.lines[0].sizes
        heads = " | ".join(f"{size:,}" for size in sizes)
        lines += [
            "",
            f"| {panel.title} | {heads} | slope |",
            "| --- |" + " --- |" * (len(sizes) + 1),
        ]
        for each in panel.lines:
            cells = [spread(got, "") for got in each.measured]
            cells += [""] * (len(sizes) - len(cells))
            lines.append(f"| {each.name} | {' | '.join(cells)} | {each.told} |")
    if answer.notes:
        lines += ["", *(f"- {note}" for note in answer.notes)]
    return "\n".join(lines) + "\n"


def bars(answer: Answer) -> list[str]:
    """Write a line for each contender."""
    heads = ["", answer.unit]
    heads += ["peak MiB"] if answer.bars[0].memory is not None else []
    rows = [heads, ["---"] * len(heads)]
    for bar in answer.bars:
        held = [] if bar.memory is None else [number(bar.memory)]
        rows.append([bar.name, spread(bar.measured, ""), *held])
    return [f"| {' | '.join(cells)} |" for cells in rows]


def into_readme(readme: Path, answers: list[Answer]) -> None:
    """Put the table and the first picture between the README's markers."""
    picture = answers[0].name
    told = (
        f"\n![Records a second](benchmarks/pictures/{picture}.svg)\n\n"
        f"{table(answers)}\n"
        f"{machine()}"
    )
    text = readme.read_text("utf-8")
    readme.write_text(
        PARTS.sub(lambda found: found[1] + told + found[2], text), "utf-8"
    )
