"""What a question's answer is made of: typed, and ready for JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from math import log
from typing import Literal

from msgspec import Struct


class Measured(Struct, frozen=True):
    """The median of some runs, and the least and the most of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, runs: Sequence[float]) -> Measured:
        """Take the median of *runs*."""
        return cls(statistics.median(runs), min(runs), max(runs))


class Bar(Struct, frozen=True):
    """What was measured of one contender."""

    name: str
    measured: Measured
    memory: float | None = None
    """The most that it held, in MiB."""
    beyond: bool = False
    """Whether it is so much longer that a picture cuts it off."""

    @property
    def ours(self) -> bool:
        """Whether it is this client."""
        return self.name.startswith("sage200_async")


class Line(Struct, frozen=True):
    """How one contender's cost grows with the number of records."""

    name: str
    sizes: list[int]
    measured: list[Measured]

    @property
    def slope(self) -> float:
        """Its slope on two logarithmic axes: 1 is in proportion."""
        return slope(self.sizes, [each.median for each in self.measured])

    @property
    def told(self) -> str:
        """Say the slope: over all sizes, and without the first."""
        if len(self.sizes) < 3:
            return f"{self.slope:.2f}"
        rest = [each.median for each in self.measured[1:]]
        later = slope(self.sizes[1:], rest)
        return f"{self.slope:.2f}; {later:.2f} from {self.sizes[1]:,} on"


class Panel(Struct, frozen=True):
    """Lines that have an axis in common."""

    title: str
    lines: list[Line]


class Row(Struct, frozen=True):
    """A row of the table: what was promised, and what was measured."""

    what: str
    measured: Measured
    target: float
    unit: str = "x"
    better: Literal["more", "less"] = "more"

    @property
    def holds(self) -> bool:
        """Whether the median reaches the target."""
        got = self.measured.median
        return got >= self.target if self.better == "more" else got <= self.target


class Answer(Struct, frozen=True):
    """All that came of one question."""

    name: str
    question: str
    unit: str
    bars: list[Bar] = []
    panels: list[Panel] = []
    rows: list[Row] = []
    notes: list[str] = []


def slope(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Fit a line to the logarithms, and give its slope."""
    xs, ys = [log(each) for each in sizes], [log(each) for each in costs]
    return statistics.linear_regression(xs, ys).slope
