"""An export to Parquet by sage200_async, with its proof."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from ours import client_of
from runner import peak_memory, process_memory, run_job

from sage200_async.extract import Extraction, export, files_at


def parquet(url: str) -> dict[str, float]:
    async def main(folder: Path) -> dict[str, float]:
        async with client_of(url) as client:
            idle, started = process_memory("VmRSS"), time.perf_counter()
            extraction = Extraction(name="customers", query=client.customers)
            sink = files_at(folder, "parquet")
            proof = await export(client, extraction, sink, workers=1)
            seconds = time.perf_counter() - started
        return {
            "records": proof.records,
            "balance": 0,
            "seconds": seconds,
            "MiB above idle": peak_memory() - idle,
        }

    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(main(Path(name)))


if __name__ == "__main__":
    run_job(parquet=parquet)
