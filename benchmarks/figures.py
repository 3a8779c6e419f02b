"""The result of a benchmark: typed, and ready for JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from math import log
from typing import Literal

from msgspec import Struct


class Measurement(Struct, frozen=True):
    """The median, minimum and maximum of several runs."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Measurement:
        """Summarise *values*, one for each run."""
        return cls(statistics.median(values), min(values), max(values))

    @classmethod
    def exact(cls, value: float) -> Measurement:
        """Return a figure that does not vary between runs."""
        return cls(value, value, value)


class Bar(Struct, frozen=True):
    """The figure of one contender."""

    name: str
    measured: Measurement
    memory: float | None = None
    """Peak memory in MiB."""
    off_scale: bool = False
    """Whether the bar is so long that the picture cuts it off."""

    @property
    def ours(self) -> bool:
        """Whether the contender is this client."""
        return self.name.startswith("sage200_async")


class Line(Struct, frozen=True):
    """How one contender's cost grows with the number of records."""

    name: str
    sizes: list[int]
    measured: list[Measurement]

    @property
    def slope(self) -> float:
        """The slope on two logarithmic axes; 1 is proportional."""
        return slope(self.sizes, [point.median for point in self.measured])

    @property
    def slope_text(self) -> str:
        """The slope over all sizes, and without the first."""
        if len(self.sizes) < 3:
            return f"{self.slope:.2f}"
        rest = [point.median for point in self.measured[1:]]
        later = slope(self.sizes[1:], rest)
        return f"{self.slope:.2f}; {later:.2f} from {self.sizes[1]:,} on"


class Panel(Struct, frozen=True):
    """Lines that share their axes."""

    title: str
    lines: list[Line]


class Row(Struct, frozen=True):
    """A row of the table: the target, and what was measured."""

    what: str
    measured: Measurement
    target: float
    unit: str = "x"
    better: Literal["more", "less"] = "more"

    @property
    def holds(self) -> bool:
        """Whether the median reaches the target."""
        median = self.measured.median
        return median >= self.target if self.better == "more" else median <= self.target


class Result(Struct, frozen=True):
    """The result of one benchmark."""

    name: str
    description: str
    """The docstring of the benchmark's module."""
    unit: str
    bars: list[Bar] = []
    panels: list[Panel] = []
    rows: list[Row] = []
    notes: list[str] = []
    measured_on: str = ""
    """The day, as ``2024-07-01``."""


def slope(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the slope of the line fitted to the logarithms."""
    xs, ys = [log(size) for size in sizes], [log(cost) for cost in costs]
    return statistics.linear_regression(xs, ys).slope
