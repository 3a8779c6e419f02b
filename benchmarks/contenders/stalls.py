"""How long the event loop stands still while something is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any


async def longest_stall(work: Coroutine[Any, Any, tuple[int, Any]]) -> dict[str, float]:
    """Do *work* while the loop is turned again and again.

    Returns:
        The longest time between two turns, in milliseconds.
    """
    longest = 0.0
    task = asyncio.create_task(work)
    last = time.perf_counter()
    while not task.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    records, balance = task.result()
    return {
        "records": records,
        "balance": round(float(balance), 2),
        "ms": longest * 1000,
    }
