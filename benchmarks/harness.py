"""Run contenders in turn, each in a fresh process, and compare their figures."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from benchmarks.environments import CONTENDERS, python_for
from benchmarks.figures import Bar, Measurement, Row
from benchmarks.report import spread
from benchmarks.server import PageServer

THREADS: Final = ("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "DUCKDB_THREADS")
# OMP_NUM_THREADS is pyarrow's; DUCKDB_THREADS is our contender's own.
Runs = dict[str, list[dict[str, float]]]
"""The figures of each run, by contender."""


class Bench(Struct, frozen=True):
    """What every benchmark needs: the server, the environments, the sizes."""

    server: PageServer
    cache: Path
    """The folder of the contenders' environments."""
    quick: bool

    def size(self, full: int, quick: int) -> int:
        """Return the size for this kind of run."""
        return quick if self.quick else full


class Contender(Struct, frozen=True):
    """A program, the job that it runs, and the job's arguments."""

    name: str
    program: str
    """A module of `benchmarks.contenders`."""
    job: str
    arguments: dict[str, Any] = {}
    threads: int | None = None
    """Threads that its libraries may use at most; None for one a processor."""

    def command(self, cache: Path) -> list[str]:
        """Return the command that runs it."""
        script = CONTENDERS / f"{self.program}.py"
        arguments = [self.job, json.dumps(self.arguments)]
        return [python_for(self.program, cache), str(script), *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which its libraries know how many threads to use."""
        names = () if self.threads is None else THREADS
        return dict.fromkeys(names, str(self.threads))


def race(bench: Bench, contenders: list[Contender], rounds: int) -> Runs:
    """Run each contender *rounds* times, in turn, each time in a fresh process."""
    commands = [(one, one.command(bench.cache)) for one in contenders]
    runs: Runs = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender, command in commands:
            figures = run(contender.name, command, contender.environment)
            runs[contender.name].append(figures)
    return runs


def run(name: str, command: list[str], environment: dict[str, str]) -> dict[str, float]:
    """Run one contender once."""
    env = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    completed = subprocess.run(
        command, capture_output=True, text=True, check=False, env=env, timeout=600
    )
    if completed.returncode:
        raise SystemExit(f"{name} failed:\n{completed.stderr[-3000:]}")
    return msgspec.json.decode(completed.stdout.splitlines()[-1])


def require_agreement(runs: Runs, ignore: tuple[str, ...] = ()) -> None:
    """Exit unless all contenders read the same records and the same total balance."""
    totals = {
        (run["records"], run["balance"]): name
        for name, figures in runs.items()
        for run in figures
        if name not in ignore
    }
    if len(totals) > 1:
        raise SystemExit(f"the contenders do not agree: {totals}")


def measurement(runs: list[dict[str, float]], figure: str) -> Measurement:
    """Summarise one figure of several runs."""
    return Measurement.of([run[figure] for run in runs])


def ratio(runs: Runs, numerator: str, denominator: str, figure: str) -> Measurement:
    """Divide a figure of one contender by that of another, run by run."""
    pairs = zip(runs[numerator], runs[denominator], strict=True)
    return Measurement.of([top[figure] / bottom[figure] for top, bottom in pairs])


class Comparison(NamedTuple):
    """What one contender has to reach, against another."""

    what: str
    ours: str
    other: str
    target: float


def comparisons(
    runs: Runs, figure: str, wanted: Sequence[Comparison], *, less: bool = False
) -> list[Row]:
    """Return a row for each of *wanted*, by how many times ours is better.

    Args:
        runs: The figures.
        figure: What is compared.
        wanted: The rows.
        less: Whether less of it is better, such as seconds.
    """
    pairs = [(one.other, one.ours) if less else (one.ours, one.other) for one in wanted]
    return [
        Row(one.what, ratio(runs, *pair, figure), one.target)
        for one, pair in zip(wanted, pairs, strict=True)
    ]


def bars(runs: Runs, figure: str) -> list[Bar]:
    """Return a bar for each contender, with its peak memory where it was measured."""
    return [
        Bar(
            name,
            measurement(several, figure),
            memory=measurement(several, "peak MiB").median
            if "peak MiB" in several[0]
            else None,
        )
        for name, several in runs.items()
    ]


def cpu_notes(runs: Runs) -> list[str]:
    """Return the CPU time of each contender."""
    return [
        f"{name}: {spread(measurement(several, 'CPU seconds'), 's')} of CPU time"
        for name, several in runs.items()
    ]
