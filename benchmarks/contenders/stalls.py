"""How long the event loop stalls during a read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any


async def longest_stall(work: Coroutine[Any, Any, tuple[int, Any]]) -> dict[str, float]:
    """Run *work* while another task measures every turn of the loop.

    Returns:
        The longest time between two turns, in milliseconds: by the clock, and in CPU
        time of this thread, which leaves out what other processes take.
    """
    longest = longest_cpu = 0.0
    task = asyncio.create_task(work)
    last, last_cpu = time.perf_counter(), time.thread_time()
    while not task.done():
        await asyncio.sleep(0)
        now, cpu = time.perf_counter(), time.thread_time()
        longest, last = max(longest, now - last), now
        longest_cpu, last_cpu = max(longest_cpu, cpu - last_cpu), cpu
    records, balance = task.result()
    return {
        "records": records,
        "balance": round(float(balance), 2),
        "ms": longest * 1000,
        "ms of CPU": longest_cpu * 1000,
    }
