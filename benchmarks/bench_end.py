"""What does it cost to see the end of a reading, rather than to infer it?

A short page proves nothing, so one request asks for the highest key, beside the first
page, or for what is left where fewer came than `top` allows. Compared with
`Settings(trust_short_pages=True)`, which believes short pages, from our own slow server
(`delayed_server.py`) at 0 and 100 ms a response. Milliseconds.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks import delayed_server
from benchmarks.figures import Bar, Measurement, Result, Row
from benchmarks.harness import Bench
from sage200_async import Sage200Client, Settings, field
from sage200_async.events import RequestFinished

KEYS = delayed_server.make_keys(skewed=False)
SMALL, LARGE = 50, 20_000
Case = Callable[[Any], Awaitable[int]]


async def read(query: Any) -> int:
    """Read a query; return the number of records."""
    return len([record async for record in query])


def up_to(things: Any, count: int) -> Any:
    """Return the query of the first *count* records."""
    return things.filter(field("id") <= KEYS[count - 1])


FREE: dict[str, Case] = {
    "get": lambda things: one(things.get(KEYS[7])),
    "top(500), filled": lambda things: read(things.top(500)),
    "a filter on the key": lambda things: read(things.filter(id=KEYS[7])),
}
STREAMS: dict[str, Case] = {
    f"{SMALL} records": lambda things: read(up_to(things, SMALL)),
    f"{LARGE:,} records": lambda things: read(up_to(things, LARGE)),
    f"top(500) of {SMALL} records": lambda things: read(up_to(things, SMALL).top(500)),
}
EXPECTED = [1, 500, 1, SMALL, LARGE, SMALL]


async def one(record: Awaitable[object]) -> int:
    """Await one record; return 1."""
    await record
    return 1


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    repeats = bench.size(20, 2)
    bars: list[Bar] = []
    more: dict[str, float] = {}
    for latency in (0, 100):
        seen = measured(latency, repeats, trust=False)
        inferred = measured(latency, repeats, trust=True)
        for name in STREAMS:
            where = f"{name}, {latency} ms"
            bars += [
                Bar(f"sage200_async, {where}", Measurement.of(seen[name][0])),
                Bar(f"short pages trusted, {where}", Measurement.of(inferred[name][0])),
            ]
        for name in (*FREE, *STREAMS):
            more[name] = seen[name][1] - inferred[name][1]
    rows = [
        Row(
            f"requests more than where short pages are trusted, {name}",
            Measurement.exact(more[name]),
            0 if name in FREE else 1,
            unit="",
            better="less",
        )
        for name in (*FREE, *STREAMS)
    ]
    return Result(
        name="end", description=__doc__ or "", unit="ms", bars=bars, rows=rows
    )


def measured(
    latency: int, repeats: int, *, trust: bool
) -> dict[str, tuple[list[float], float]]:
    """Return the milliseconds of each case, and the requests of one."""
    command = [sys.executable, "-m", "benchmarks.delayed_server", str(latency)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/even/"
        figures = asyncio.run(run_cases(url, repeats, trust=trust))
        server.communicate("")
    return figures


async def run_cases(
    url: str, repeats: int, *, trust: bool
) -> dict[str, tuple[list[float], float]]:
    """Run every case *repeats* times, after one run that is not measured."""
    settings = Settings(
        base_url=url,
        access_token="t",
        site="s",
        company=1,
        trust_short_pages=trust,
    )
    figures: dict[str, tuple[list[float], float]] = {}
    async with Sage200Client(settings) as client:
        requests = []
        client.subscribe(
            lambda event: (
                requests.append(event) if isinstance(event, RequestFinished) else None
            )
        )
        things = client.resource("things", key="id")
        for (name, case), expected in zip(
            (FREE | STREAMS).items(), EXPECTED, strict=True
        ):
            assert await case(things) == expected, name
            requests.clear()
            times = []
            for _ in range(repeats):
                start = time.perf_counter()
                await case(things)
                times.append((time.perf_counter() - start) * 1000)
            figures[name] = times, len(requests) / repeats
    return figures
