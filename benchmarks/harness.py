"""Fresh processes that take turns."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from benchmarks.environments import CONTENDERS, python_for
from benchmarks.figures import Measured
from benchmarks.server import Serving

Runs = dict[str, list[dict[str, float]]]


class Bench(Struct, frozen=True):
    """What every question is given."""

    server: Serving
    cache: Path
    """The folder of the contenders' environments."""
    quick: bool

    def sized(self, full: int, quick: int) -> int:
        """Choose a size."""
        return quick if self.quick else full


class Contender(Struct, frozen=True):
    """A program, the job that it is to do, and what it is given for it."""

    name: str
    program: str
    """A module of `benchmarks.contenders`."""
    job: str
    given: dict[str, Any] = {}

    def command(self, cache: Path) -> list[str]:
        """Say how it is run."""
        script = CONTENDERS / f"{self.program}.py"
        told = [self.job, json.dumps(self.given)]
        return [python_for(self.program, cache), str(script), *told]


def race(bench: Bench, contenders: list[Contender], runs: int) -> Runs:
    """Run each contender *runs* times, in turn, each time in a process of its own."""
    commands = {each.name: each.command(bench.cache) for each in contenders}
    found: Runs = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(run(name, command))
    return found


def run(name: str, command: list[str]) -> dict[str, float]:
    """Run one contender once."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=env, timeout=600
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    return msgspec.json.decode(done.stdout.splitlines()[-1])


def agree(found: Runs, apart: tuple[str, ...] = ()) -> None:
    """Stop unless all counted the same records, and added up the same balance."""
    seen = {
        (run["records"], run["balance"]): name
        for name, runs in found.items()
        for run in runs
        if name not in apart
    }
    if len(seen) > 1:
        raise SystemExit(f"the contenders do not agree: {seen}")


def measured(runs: list[dict[str, float]], figure: str) -> Measured:
    """Take the median of one figure."""
    return Measured.of([each[figure] for each in runs])


def ratio(found: Runs, of: str, to: str, figure: str) -> Measured:
    """Say how many times *of* is *to*, run by run."""
    pairs = zip(found[of], found[to], strict=True)
    return Measured.of([ours[figure] / theirs[figure] for ours, theirs in pairs])
