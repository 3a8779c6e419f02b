"""An export to files by sage200_async, with its proof.

What is imported late is imported before the clock starts, as the others do.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from functools import partial
from pathlib import Path

import pyarrow.parquet  # noqa: F401
from ours import client_of
from runner import peak_memory, process_memory, run_job

import sage200_async.arrow.frames  # noqa: F401
from sage200_async.extract import Extraction, export, files_at
from sage200_async.extract.files.factory import FormatName


def files(url: str, *, format: FormatName) -> dict[str, float]:  # noqa: A002
    async def main(folder: Path) -> dict[str, float]:
        async with client_of(url) as client:
            idle, started = process_memory("VmRSS"), time.perf_counter()
            used = time.process_time()
            extraction = Extraction(name="customers", query=client.customers)
            sink = files_at(folder, format)
            proof = await export(client, extraction, sink, workers=1)
            seconds, cpu = time.perf_counter() - started, time.process_time() - used
        return {
            "records": proof.records,
            "balance": 0,
            "seconds": seconds,
            "CPU seconds": cpu,
            "MiB above idle": peak_memory() - idle,
            "peak MiB": peak_memory(),
        }

    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(main(Path(name)))


if __name__ == "__main__":
    run_job(
        parquet=partial(files, format="parquet"),
        arrow=partial(files, format="arrow"),
        ndjson=partial(files, format="ndjson"),
    )
