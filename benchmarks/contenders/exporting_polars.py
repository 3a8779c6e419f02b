# /// script
# dependencies = [
#   "aiohttp==3.14.5",
#   "polars==2.1.0",
# ]
# ///
"""aiohttp + polars: the best loop by hand to Parquet.

Each page is read with `polars.read_json`, all are joined and written. Money is a float,
the types are guessed from each page, and a run that is stopped starts over.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import aiohttp
import polars as pl
import yarl
from runner import PAGE, peak_memory, run_job


async def read(url: str) -> list[pl.DataFrame]:
    pages: list[pl.DataFrame] = []
    condition = ""
    async with aiohttp.ClientSession() as session:
        while True:
            page_url = f"{url}?{condition}$orderby=id&$top={PAGE}"
            async with session.get(yarl.URL(page_url, encoded=True)) as response:
                page = pl.read_json(await response.read())
            if len(page):
                pages.append(page)
            if len(page) < PAGE:
                return pages
            condition = f"$filter=id%20gt%20{page['id'][-1]}&"


def parquet(url: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        started, used = time.perf_counter(), time.process_time()
        table = pl.concat(asyncio.run(read(url)))
        table.write_parquet(Path(folder) / "customers.parquet")
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
    return {
        "records": len(table),
        "seconds": seconds,
        "CPU seconds": cpu,
        "peak MiB": peak_memory(),
    }


if __name__ == "__main__":
    run_job(parquet=parquet)
