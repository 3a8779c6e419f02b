"""Shared by every contender: run the named job, print its figures as JSON.

Only the standard library: each environment has nothing but its own library.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

PAGE = 5000
# Records per request: Sage's maximum.
SMALL, TASKS = 600, 50
# Records that are asked for one by one, and by how many tasks.
Job = Callable[..., dict[str, float]]


def run_job(**jobs: Job) -> None:
    """Run the job that the command line names, and print its figures."""
    name, arguments = sys.argv[1:]
    print(json.dumps(jobs[name](**json.loads(arguments))))


def measure_read(read: Callable[[], tuple[int, Any]]) -> dict[str, float]:
    """Measure *read*, which returns the number of records and their total balance."""
    started = time.perf_counter()
    records, balance = read()
    seconds = time.perf_counter() - started
    return {
        "records": records,
        "balance": round(float(balance), 2),
        "seconds": seconds,
        "records/s": records / seconds,
        "peak MiB": peak_memory(),
    }


async def measure_small(
    send: Callable[[int], Awaitable[float]], times: int
) -> dict[str, float]:
    """Call *send* with ids from 1 to 600, in 50 tasks; it returns a balance or count."""
    balance = 0.0
    numbers = iter(range(times))

    async def work() -> None:
        nonlocal balance
        for number in numbers:
            value = await send(number % SMALL + 1)
            balance += value

    await asyncio.gather(*(send(number) for number in range(1, TASKS + 1)))
    started = time.process_time()
    await asyncio.gather(*(work() for _ in range(TASKS)))
    seconds = time.process_time() - started
    return {"records": times, "balance": round(balance, 2), "µs": seconds / times * 1e6}


def best_microseconds(build: Callable[[int], object], times: int) -> dict[str, float]:
    """Call *build* with 0, 1, 2 and so on; return the best of a hundred rounds.

    Rounds are short, because a machine changes its speed many times a second.
    """
    best = float("inf")
    for _ in range(100):
        started = time.perf_counter()
        for number in range(times):
            build(number)
        best = min(best, time.perf_counter() - started)
    return {"µs": best / times * 1e6}


def process_memory(name: str) -> float:
    """Read a figure of this process from Linux, such as ``VmRSS``, in MiB."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def peak_memory() -> float:
    """Return the peak memory of this process, in MiB.

    On Linux ``ru_maxrss`` includes the parent's memory, so it is not used there.
    """
    if sys.platform == "linux":
        return process_memory("VmHWM")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def field_types(file: str) -> dict[str, str]:
    """Read the fields of a customer: name and type."""
    return json.loads(Path(file).read_text("utf-8"))


def count_and_sum(rows: Iterable[Any], of: Callable[[Any], Any]) -> tuple[int, Any]:
    """Count *rows*, and add up their balances."""
    records, balance = 0, 0
    for row in rows:
        records += 1
        balance += of(row)
    return records, balance
