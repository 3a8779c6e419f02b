"""Run contenders in turn, each in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from benchmarks.environments import CONTENDERS, python_for
from benchmarks.figures import Measurement
from benchmarks.server import PageServer

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

    def command(self, cache: Path) -> list[str]:
        """Return the command that runs it."""
        script = CONTENDERS / f"{self.program}.py"
        arguments = [self.job, json.dumps(self.arguments)]
        return [python_for(self.program, cache), str(script), *arguments]


def race(bench: Bench, contenders: list[Contender], rounds: int) -> Runs:
    """Run each contender *rounds* times, in turn, each time in a fresh process."""
    commands = {
        contender.name: contender.command(bench.cache) for contender in contenders
    }
    runs: Runs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(name, command))
    return runs


def run(name: str, command: list[str]) -> dict[str, float]:
    """Run one contender once."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
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
