"""A picture for each benchmark: SVG, identical for identical figures."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.figures import Panel, Result
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


def draw(result: Result, folder: Path) -> Path:
    """Draw *result*, and return the file."""
    if result.panels:
        figure, grid = plt.subplots(
            1,
            len(result.panels),
            figsize=(4.4 * len(result.panels), 3.4),
            squeeze=False,
        )
        for axes, panel in zip(grid[0], result.panels, strict=True):
            lines(axes, panel)
    else:
        height = 0.6 + 0.3 * len(result.bars)
        figure, axes = plt.subplots(figsize=(8, height))
        bars(axes, result)
    path = folder / f"{result.name}.svg"
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    text = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in text) + "\n", "utf-8")
    return path


def bars(axes: Axes, result: Result) -> None:
    """Draw a bar for each contender, with the spread of its runs."""
    edge = 1.15 * max(bar.measured.high for bar in result.bars if not bar.off_scale)
    axes.set_xlim(0, edge)
    for position, bar in enumerate(reversed(result.bars)):
        measured = bar.measured
        axes.barh(
            position,
            measured.median,
            color=OURS if bar.ours else OTHERS,
            xerr=[[measured.median - measured.low], [measured.high - measured.median]],
            error_kw={"elinewidth": 1, "ecolor": "#333333"},
        )
        axes.annotate(
            number(measured.median)
            + (" \N{RIGHTWARDS ARROW}" if bar.off_scale else ""),
            (min(measured.high, edge), position),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_yticks(
        range(len(result.bars)), [bar.name for bar in reversed(result.bars)]
    )
    axes.set_xlabel(result.unit)
    axes.xaxis.set_major_formatter("{x:,g}")


def lines(axes: Axes, panel: Panel) -> None:
    """Draw a line for each contender on two logarithmic axes."""
    for line in panel.lines:
        medians = [point.median for point in line.measured]
        axes.errorbar(
            line.sizes,
            medians,
            yerr=[
                [point.median - point.low for point in line.measured],
                [point.high - point.median for point in line.measured],
            ],
            color=OURS if line.name.startswith("sage200_async") else OTHERS,
            marker="o",
            capsize=3,
            label=f"{line.name} (slope {line.slope_text})",
        )
    axes.set(xscale="log", yscale="log", xlabel="records", title=panel.title)
    axes.legend(frameon=False, fontsize=7)
