"""A server that is far away: each reply takes a while.

    python -m benchmarks.far 250

It serves ``/even/things`` and ``/skewed/things``, 100 pages each, and answers
conditions on the key; under ``/blind/`` it does so without counting. A static server
cannot answer ranges, so that this one is ours: it does nothing but wait, and cut a page
out of what it has encoded already. It prints its port.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
from bisect import bisect_right

from aiohttp import web

PAGE, PAGES = 200, 100
RANGE = 10**7


def keys(*, skewed: bool) -> list[int]:
    """Choose keys: evenly, or 90 % of them in 1 % of the range."""
    rng = random.Random(1)
    rows = PAGE * PAGES
    if not skewed:
        return sorted(rng.sample(range(1, RANGE), rows))
    start = RANGE * 37 // 100
    dense = rng.sample(range(start, start + RANGE // 100), rows * 9 // 10)
    thin = rng.sample(range(start + RANGE // 100, RANGE), rows // 10)
    return sorted(dense + thin)


class Far:
    """Answers after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._keys = {"even": keys(skewed=False), "skewed": keys(skewed=True)}

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a question on the key."""
        await asyncio.sleep(self._seconds)
        held = self._keys[request.match_info["spread"]]
        asked = request.query
        where = asked.get("$filter", "")
        low, high = 0, len(held)
        if above := re.search(r"id gt (\d+)", where):
            low = bisect_right(held, int(above[1]))
        if until := re.search(r"id le (\d+)", where):
            high = bisect_right(held, int(until[1]))
        if "$count" in asked and "blind" not in request.path:
            return web.json_response(max(0, high - low))
        found = held[low:high]
        if asked.get("$orderby", "").endswith("desc"):
            found = found[::-1]
        found = found[int(asked.get("$skip", 0)) :][: int(asked["$top"])]
        rows = ",".join(f'{{"id":{key}}}' for key in found)
        return web.Response(text=f"[{rows}]", content_type="application/json")


async def serve(seconds: float) -> None:
    """Serve until the parent closes our input."""
    far, app = Far(seconds), web.Application()
    app.router.add_get("/{spread}/things", far.answer)
    app.router.add_get("/blind/{spread}/things", far.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) / 1000))
