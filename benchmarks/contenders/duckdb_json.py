# /// script
# dependencies = [
#   "aiohttp==3.14.5",
#   "duckdb==2.0.1",
# ]
# ///
"""aiohttp + DuckDB's `read_json`, by hand: pages become files, and the files a table.

Money is a float, times are guessed from the values, and a run that is stopped starts over.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

import aiohttp
import duckdb
import yarl
from runner import PAGE, peak_memory, run_job

LARGEST = 32 * 1024 * 1024
# Bytes of the largest page: DuckDB takes the array of one for one object.


async def fetch(url: str, folder: Path) -> None:
    """Write each page to a file; the last key is all that is read of it here."""
    condition, number = "", 0
    async with aiohttp.ClientSession() as session:
        while True:
            page_url = f"{url}?{condition}$orderby=id&$top={PAGE}"
            async with session.get(yarl.URL(page_url, encoded=True)) as response:
                body = await response.read()
            if body == b"[]":
                return
            (folder / f"{number:06}.json").write_bytes(body)
            last = json.loads(b"{" + body[body.rindex(b"{") + 1 :].rstrip(b"]"))
            condition, number = f"$filter=id%20gt%20{last['id']}&", number + 1


def measure(url: str, statement: str, name: str) -> dict[str, float]:
    """Run *statement* over the pages; it makes a table, or a file, of *name*."""
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        started, used = time.perf_counter(), time.process_time()
        asyncio.run(fetch(url, folder))
        threads = os.environ.get("DUCKDB_THREADS")
        options = {"threads": threads} if threads else {}
        written = name if name == "customers" else f"'{folder / name}'"
        with duckdb.connect(config=options) as database:
            pages = f"read_json('{folder}/*.json', maximum_object_size={LARGEST})"
            database.execute(statement.format(written=written, pages=pages))
            seconds, cpu = time.perf_counter() - started, time.process_time() - used
            totals = database.execute(f"SELECT count(*), sum(balance) FROM {written}")
            records, balance = totals.fetchall()[0]
    return {
        "records": records,
        "balance": round(float(balance), 2),
        "seconds": seconds,
        "CPU seconds": cpu,
        "peak MiB": peak_memory(),
    }


def table(url: str) -> dict[str, float]:
    return measure(url, "CREATE TABLE {written} AS SELECT * FROM {pages}", "customers")


def parquet(url: str) -> dict[str, float]:
    copy = "COPY (SELECT * FROM {pages}) TO {written} (FORMAT parquet)"
    return measure(url, copy, "customers.parquet")


if __name__ == "__main__":
    run_job(table=table, parquet=parquet)
