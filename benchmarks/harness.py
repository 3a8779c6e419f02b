"""Fresh processes that take turns, and their medians."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

Figures = dict[str, float]


def compare(
    module: str, contenders: dict[str, Callable[[], Figures]], runs: int = 5
) -> dict[str, Figures]:
    """Run each contender *runs* times, in turn, and give the median of each figure.

    In a process that was started for one contender, run that one and exit.
    """
    if len(sys.argv) > 1:
        print(json.dumps(contenders[sys.argv[1]]()))
        sys.exit()
    found: dict[str, list[Figures]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, seen in found.items():
            command = [sys.executable, "-m", module, name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seen.append(json.loads(done.stdout))
    return {
        name: {
            figure: statistics.median(run[figure] for run in seen) for figure in seen[0]
        }
        for name, seen in found.items()
    }


def report(question: str, found: dict[str, Figures], units: dict[str, str]) -> None:
    """Print a table, and the same as one line of JSON."""
    print(f"\n{question}\n")
    width = max(map(len, found))
    heads = [f"{name} ({unit})" for name, unit in units.items()]
    print(f"{'':{width}}  " + "  ".join(f"{head:>22}" for head in heads))
    for name, figures in found.items():
        row = "  ".join(f"{figures[figure]:>22,.2f}" for figure in units)
        print(f"{name:{width}}  {row}")
    about = {"python": platform.python_version(), "msgspec": version("msgspec")}
    print(json.dumps({"question": question, "figures": found, **about}))


def ratio(found: dict[str, Figures], figure: str, of: str, to: str) -> str:
    """Say how many times *of* is *to*."""
    return f"{of} / {to}: {found[of][figure] / found[to][figure]:.2f} x ({figure})"


def repeated(times: int, once: Callable[[], float]) -> Sequence[float]:
    """Call *once* several times, the first time to warm up."""
    once()
    return [once() for _ in range(times)]
