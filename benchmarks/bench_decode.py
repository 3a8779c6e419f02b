"""How fast is one wide page decoded in slices, and how long does the loop stand still?

5,000 customers of 112 fields, about 16 MB: records a second, and the longest time
in milliseconds between two turns of the event loop while the page is read.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from benchmarks.data import wide_customers
from benchmarks.harness import Figures, compare, ratio, repeated, report
from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer
from sage200_async.transport.memory import MemoryTransport
from sage200_async.wire.messages import Response

ROWS = 5000
PAGE = bytearray()
Reader = Callable[[], AsyncIterator[Customer]]


async def in_slices() -> AsyncIterator[Customer]:
    """Read through the client: guard, slices, turns of the loop and all."""
    memory = MemoryTransport(lambda _: Response(200, {}, PAGE))
    settings = Settings(site="site", company=1)
    client = Sage200Client(settings, transport=memory)
    async for customer in client.customers.top(ROWS):
        yield customer


async def whole() -> AsyncIterator[Customer]:
    """Decode as a loop by hand does: the whole page in one call."""
    for customer in msgspec.json.decode(PAGE, type=list[Customer]):
        yield customer


async def consume(reader: Reader) -> int:
    return sum([1 async for _ in reader()])


async def longest_stall(work: Awaitable[int]) -> tuple[float, float]:
    """Do *work* while another task counts the turns of the loop."""
    longest = 0.0
    task = asyncio.ensure_future(work)
    begun = last = time.perf_counter()
    while not task.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    assert task.result() == ROWS
    return now - begun, longest


def figures_of(reader: Reader) -> Figures:
    PAGE.extend(wide_customers(ROWS))

    def once() -> tuple[float, float]:
        return asyncio.run(longest_stall(consume(reader)))

    seconds, stalls = zip(*repeated(7, once), strict=True)
    return {
        "records": ROWS / statistics.median(seconds),
        "stall": statistics.median(stalls) * 1000,
        "megabytes": len(PAGE) / 1e6,
    }


if __name__ == "__main__":
    contenders = {
        "slices": lambda: figures_of(in_slices),
        "whole page": lambda: figures_of(whole),
    }
    found = compare("benchmarks.bench_decode", contenders)
    units = {"records": "a second", "stall": "ms", "megabytes": "page"}
    report("One wide page of 5,000 customers", found, units)
    print(ratio(found, "records", "slices", "whole page"))
    print(ratio(found, "stall", "slices", "whole page"))
