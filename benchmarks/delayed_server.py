"""A server with high latency: each response takes a fixed time.

    python -m benchmarks.delayed_server 250

The argument is the delay in milliseconds. It serves ``/even/things`` and
``/skewed/things``, 100 pages each, and supports conditions on the key and counts; under
``/blind/`` it refuses to count. A static server cannot answer ranges, so this one is our
own: it only waits, and cuts pages out of a prepared list. It prints its port.
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


def make_keys(*, skewed: bool) -> list[int]:
    """Choose keys: evenly, or 90 % of them in 1 % of the range."""
    rng = random.Random(1)
    rows = PAGE * PAGES
    if not skewed:
        return sorted(rng.sample(range(1, RANGE), rows))
    start = RANGE * 37 // 100
    dense = rng.sample(range(start, start + RANGE // 100), rows * 9 // 10)
    sparse = rng.sample(range(start + RANGE // 100, RANGE), rows // 10)
    return sorted(dense + sparse)


class DelayedServer:
    """Answers each request after *seconds*."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._keys = {"even": make_keys(skewed=False), "skewed": make_keys(skewed=True)}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a query on the key."""
        await asyncio.sleep(self._seconds)
        keys = self._keys[request.match_info["spread"]]
        params = request.query
        condition = params.get("$filter", "")
        start, end = 0, len(keys)
        if lower := re.search(r"id gt (\d+)", condition):
            start = bisect_right(keys, int(lower[1]))
        if upper := re.search(r"id le (\d+)", condition):
            end = bisect_right(keys, int(upper[1]))
        if "$count" in params and "blind" not in request.path:
            return web.json_response(max(0, end - start))
        matches = keys[start:end]
        if equal := re.search(r"id eq (\d+)", condition):
            others = matches if lower or upper else []
            matches = sorted({*others, int(equal[1])})
        if params.get("$orderby", "").endswith("desc"):
            matches = matches[::-1]
        page = matches[int(params.get("$skip", 0)) :][: int(params["$top"])]
        rows = ",".join(f'{{"id":{key}}}' for key in page)
        return web.Response(text=f"[{rows}]", content_type="application/json")

    async def handle_one(self, request: web.Request) -> web.Response:
        """Answer with one record."""
        await asyncio.sleep(self._seconds)
        return web.json_response({"id": int(request.match_info["id"])})


def application(seconds: float) -> web.Application:
    """Return the server, with its paths."""
    server, app = DelayedServer(seconds), web.Application()
    app.router.add_get("/{spread}/things", server.handle)
    app.router.add_get("/{spread}/things/{id}", server.handle_one)
    app.router.add_get("/blind/{spread}/things", server.handle)
    return app


async def serve(app: web.Application) -> None:
    """Print the port, and serve until the parent closes standard input."""
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(application(float(sys.argv[1]) / 1000)))
