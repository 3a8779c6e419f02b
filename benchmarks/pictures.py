"""A picture for each question, as SVG that is the same for the same figures."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.figures import Answer, Panel
from benchmarks.report import number

OURS, OTHERS = "#00803e", "#9aa5b1"
mpl.use("svg")
mpl.rcParams.update(
    {
        "svg.hashsalt": "sage200_async",
        "svg.fonttype": "none",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)


def draw(answer: Answer, folder: Path) -> Path:
    """Draw *answer*, and give the file."""
    if answer.panels:
        figure, many = plt.subplots(
            1,
            len(answer.panels),
            figsize=(4.4 * len(answer.panels), 3.4),
            squeeze=False,
        )
        for axes, panel in zip(many[0], answer.panels, strict=True):
            lines(axes, panel)
    else:
        height = 0.6 + 0.3 * len(answer.bars)
        figure, axes = plt.subplots(figsize=(8, height))
        bars(axes, answer)
    path = folder / f"{answer.name}.svg"
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    text = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in text) + "\n", "utf-8")
    return path


def bars(axes: Axes, answer: Answer) -> None:
    """Draw a bar for each contender, with the spread of its runs."""
    edge = 1.15 * max(bar.measured.high for bar in answer.bars if not bar.beyond)
    axes.set_xlim(0, edge)
    for place, bar in enumerate(reversed(answer.bars)):
        got = bar.measured
        axes.barh(
            place,
            got.median,
            color=OURS if bar.ours else OTHERS,
            xerr=[[got.median - got.low], [got.high - got.median]],
            error_kw={"elinewidth": 1, "ecolor": "#333333"},
        )
        axes.annotate(
            number(got.median) + (" \N{RIGHTWARDS ARROW}" if bar.beyond else ""),
            (min(got.high, edge), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_yticks(
        range(len(answer.bars)), [bar.name for bar in reversed(answer.bars)]
    )
    axes.set_xlabel(answer.unit)
    axes.xaxis.set_major_formatter("{x:,g}")


def lines(axes: Axes, panel: Panel) -> None:
    """Draw a line for each contender, on two logarithmic axes."""
    for line in panel.lines:
        middle = [each.median for each in line.measured]
        axes.errorbar(
            line.sizes,
            middle,
            yerr=[
                [each.median - each.low for each in line.measured],
                [each.high - each.median for each in line.measured],
            ],
            color=OURS if line.name.startswith("sage200_async") else OTHERS,
            marker="o",
            capsize=3,
            label=f"{line.name} (slope {line.told})",
        )
    axes.set(xscale="log", yscale="log", xlabel="records", title=panel.title)
    axes.legend(frameon=False, fontsize=7)
