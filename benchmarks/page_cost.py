"""What does one page cost, beside decoding its records?

A default page of a collection, and one record by its id, from a transport that answers
at once: functions called in the package, and query strings and requests built. It counts
and does not time, so the figures are the same on every machine.

    python -m benchmarks.page_cost
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from sage200_async import Sage200Client, Settings
from sage200_async.transport.base import Clock
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.transport.retry import Retry
from sage200_async.transport.retry_policy import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

SETTINGS = Settings(access_token="t", site="s", company=1, base_url="https://x/")
WATCHED = {"encode_query": "query strings", "company_request": "requests"}
BEFORE = {
    "a default page of 99 records": {
        "functions": 419,
        "query strings": 8,
        "requests": 7,
    },
    "one record by its id": {"functions": 60, "query strings": 1, "requests": 1},
}
"""Counted in the same way at 88de6d7, when a request carried seven smaller ones."""


async def page(client: Sage200Client) -> None:
    async for _ in client.customers:
        pass


async def by_id(client: Sage200Client) -> None:
    await client.customers.get(5)


JOBS = {
    "a default page of 99 records": (page, [{"id": key} for key in range(1, 100)]),
    "one record by its id": (by_id, {"id": 5}),
}


async def count(
    work: Callable[[Sage200Client], Awaitable[None]], body: Any
) -> Counter[str]:
    """Return how often each function of the package is called by *work*."""
    memory = MemoryTransport(
        lambda request: reply([{"id": 99}] if "desc" in request.query else body)
    )
    transport = Retry(memory, RetryPolicy(), Clock())
    client = Sage200Client(SETTINGS, transport=transport)
    await work(client)  # decoders and caches are built once
    calls: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and "sage200_async" in frame.f_code.co_filename:
            calls[frame.f_code.co_name] += 1

    sys.setprofile(profile)
    try:
        await work(client)
    finally:
        sys.setprofile(None)
    return calls


def main() -> None:
    print(f"{'':30} {'what':14} {'before':>8} {'now':>8}")
    for name, (work, body) in JOBS.items():
        calls = asyncio.run(count(work, body))
        now = {"functions": sum(calls.values())}
        now |= {what: calls[function] for function, what in WATCHED.items()}
        for what, number in now.items():
            print(f"{name:30} {what:14} {BEFORE[name][what]:>8} {number:>8}")


if __name__ == "__main__":
    main()
