"""How long the event loop stands still while something is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any


async def longest_stall(work: Coroutine[Any, Any, tuple[int, Any]]) -> dict[str, float]:
    """Do *work* while the loop is turned again and again.

    Returns:
        The longest time between two turns, in milliseconds: by the clock, and by what
        the processor worked in it, as a busy machine takes its turns away.
    """
    longest = worked = 0.0
    task = asyncio.create_task(work)
    last, before = time.perf_counter(), time.thread_time()
    while not task.done():
        await asyncio.sleep(0)
        now, spent = time.perf_counter(), time.thread_time()
        longest, last = max(longest, now - last), now
        worked, before = max(worked, spent - before), spent
    records, balance = task.result()
    return {
        "records": records,
        "balance": round(float(balance), 2),
        "ms": longest * 1000,
        "ms worked": worked * 1000,
    }
