"""What every contender shares: how it is asked, and how it answers.

Only the standard library: each environment has nothing but its own library.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PAGE = 5000
# Records that one request asks for: the most that Sage gives.
Job = Callable[..., dict[str, float]]


def tell(**jobs: Job) -> None:
    """Do the job that the command line names, and print its figures."""
    name, given = sys.argv[1:]
    print(json.dumps(jobs[name](**json.loads(given))))


def timed(read: Callable[[], tuple[int, Any]]) -> dict[str, float]:
    """Measure *read*, which gives how many records there were, and their balance."""
    begun = time.perf_counter()
    records, balance = read()
    seconds = time.perf_counter() - begun
    return {
        "records": records,
        "balance": round(float(balance), 2),
        "seconds": seconds,
        "records/s": records / seconds,
        "peak MiB": peak(),
    }


def microseconds(build: Callable[[int], object], times: int) -> dict[str, float]:
    """Call *build* with one number after the other; the best of a hundred rounds.

    They are short, as machines change their pace many times a second.
    """
    best = float("inf")
    for _ in range(100):
        begun = time.perf_counter()
        for number in range(times):
            build(number)
        best = min(best, time.perf_counter() - begun)
    return {"µs": best / times * 1e6}


def memory(name: str) -> float:
    """Read a figure of this process from Linux, in MiB."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def peak() -> float:
    """Give the most memory that this process held, in MiB.

    Linux counts what the parent held into ``ru_maxrss``, so that it is not used there.
    """
    if sys.platform == "linux":
        return memory("VmHWM")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def kinds(file: str) -> dict[str, str]:
    """Read the fields of a customer: name and kind."""
    return json.loads(Path(file).read_text("utf-8"))


def added(rows: Iterable[Any], of: Callable[[Any], Any]) -> tuple[int, Any]:
    """Count *rows*, and add up their balances."""
    records, balance = 0, 0
    for row in rows:
        records += 1
        balance += of(row)
    return records, balance
