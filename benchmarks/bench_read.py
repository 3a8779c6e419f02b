"""How close to the ideal is reading by eight at once, where each page takes 250 ms?

100 pages, ids spread evenly or 90 % of the rows in 1 % of the ids. The ideal
is 100/8 x 250 ms: nothing to find out, and every worker always busy.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time
from bisect import bisect_right
from typing import Any
from urllib.parse import parse_qs

from sage200_async import Sage200Client, Settings
from sage200_async.transport.memory import reply
from sage200_async.wire.messages import Request, Response

PAGE, PAGES, WORKERS, LATENCY = 200, 100, 8, 0.25
RANGE = 10**7
RUNS = 3


class Far:
    """A server that is far away: each reply takes 250 ms."""

    def __init__(self, keys: list[int], *, counts: bool) -> None:
        self.keys = sorted(keys)
        self.counts = counts
        self.asked = 0

    async def send(self, request: Request) -> Response:
        self.asked += 1
        await asyncio.sleep(LATENCY)
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        low, high = 0, len(self.keys)
        for term in asked.get("$filter", "").split(" and "):
            if term.startswith("id gt "):
                low = bisect_right(self.keys, int(term[6:]))
            if term.startswith("id le "):
                high = bisect_right(self.keys, int(term[6:]))
        if "$count" in asked and self.counts:
            return reply(high - low)
        found = self.keys[low:high]
        if asked.get("$orderby", "").endswith("desc"):
            found = found[::-1]
        found = found[int(asked.get("$skip", 0)) :][: int(asked["$top"])]
        return Response(200, {}, json.dumps([{"id": key} for key in found]).encode())


def keys(*, skewed: bool) -> list[int]:
    rng = random.Random(1)
    rows = PAGE * PAGES
    if not skewed:
        return rng.sample(range(1, RANGE), rows)
    start = RANGE * 37 // 100
    dense = rng.sample(range(start, start + RANGE // 100), rows * 9 // 10)
    thin = rng.sample(range(start + RANGE // 100, RANGE), rows // 10)
    return dense + thin


async def seconds(*, skewed: bool, counts: bool, ordered: bool) -> tuple[float, int]:
    server: Any = Far(keys(skewed=skewed), counts=counts)
    settings = Settings(site="s", company=1, page_size=PAGE)
    client = Sage200Client(settings, transport=server)
    begun = time.perf_counter()
    things = client.resource("things", key="id")
    async with things.read(workers=WORKERS, ordered=ordered) as rows:
        got = [row["id"] async for row in rows]
    took = time.perf_counter() - begun
    assert sorted(got) == server.keys
    return took, server.asked


def main() -> None:
    ideal = PAGES / WORKERS * LATENCY
    print(f"\n{PAGES} pages of {LATENCY * 1000:.0f} ms, {WORKERS} workers", end="")
    print(f", ideal {ideal:.2f} s; median of {RUNS} runs\n")
    for skewed in (False, True):
        for counts, ordered in ((True, False), (False, False), (True, True)):
            way = {"skewed": skewed, "counts": counts, "ordered": ordered}
            runs = [asyncio.run(seconds(**way)) for _ in range(RUNS)]
            took = statistics.median(run[0] for run in runs)
            spread = max(run[0] for run in runs) - min(run[0] for run in runs)
            name = "skewed" if skewed else "even"
            how = "in order" if ordered else "counted" if counts else "not counted"
            print(
                f"{name:7} {how:12} {took:5.2f} s  {took / ideal:.2f} x the ideal"
                f"  (spread {spread:.2f} s, {runs[0][1]} requests)"
            )


if __name__ == "__main__":
    main()
