"""A whole table of customers: by to_arrow(), and by hand with aiohttp and polars.

What is imported late is imported before the clock starts, as polars is.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import aiohttp
import polars as pl
import yarl
from ours import client_of
from runner import PAGE, peak_memory, run_job

import sage200_async.arrow.frames  # noqa: F401


async def by_to_arrow(url: str, workers: int = 1) -> tuple[int, Any]:
    """Read by key, with a proof; decimals are exact."""
    async with client_of(url) as client:
        table = await client.customers.to_arrow(workers=workers)
    import pyarrow.compute

    return table.num_rows, pyarrow.compute.sum(table["balance"]).as_py()


async def by_polars(url: str) -> tuple[int, Any]:
    """Read by key, each page with `polars.read_json`; decimals become floats."""
    frames = []
    condition = ""
    async with aiohttp.ClientSession() as session:
        while not frames or len(frames[-1]) == PAGE:
            query = f"{condition}$orderby=id&$top={PAGE}"
            async with session.get(yarl.URL(f"{url}?{query}", encoded=True)) as reply:
                body = await reply.read()
            frame = pl.read_json(io.BytesIO(body))
            if frame.is_empty():
                break
            frames.append(frame)
            condition = f"$filter=id%20gt%20{frame['id'][-1]}&"
    whole = pl.concat(frames)
    return len(whole), whole["balance"].sum()


def measure(
    url: str, read: Callable[[str], Coroutine[Any, Any, tuple[int, Any]]]
) -> dict[str, float]:
    started, spent = time.perf_counter(), time.process_time()
    records, balance = asyncio.run(read(url))
    return {
        "records": records,
        "balance": round(float(balance), 2),
        "seconds": time.perf_counter() - started,
        "CPU seconds": time.process_time() - spent,
        "peak MiB": peak_memory(),
    }


if __name__ == "__main__":
    run_job(
        to_arrow=lambda url: measure(url, by_to_arrow),
        two_workers=lambda url: measure(url, partial(by_to_arrow, workers=2)),
        polars=lambda url: measure(url, by_polars),
    )
