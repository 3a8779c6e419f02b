"""Is an export of wide records by eight workers complete, and its memory bounded?

From the sandbox, in another process, to Parquet; the figures are the exporter's. Up to
eight pages of some 30 MB each are in flight; with fewer records, memory does not fill.
``python -m benchmarks.large_export 50000 150000 500000`` takes some minutes; with
``--page-size 1000`` before the counts, pages are a fifth as large.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from sage200_async import Sage200Client, Settings
from sage200_async.extract.extraction import Extraction, export
from sage200_async.extract.files.factory import files_at

WORKERS = 8


async def measure(
    connection: dict[str, str], folder: Path, page: int
) -> dict[str, object]:
    process = psutil.Process()
    peak = 0

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, process.memory_info().rss)
            await asyncio.sleep(0.05)

    insecure = connection.pop("allow_insecure_http") == "True"  # texts, as from env
    settings = Settings(**connection, allow_insecure_http=insecure)  # type: ignore[arg-type]
    async with Sage200Client(settings) as client:
        query = client.customers.page_size(page)
        extraction = Extraction(name="customers", query=query)
        watching = asyncio.create_task(watch())
        started = time.perf_counter()
        sink = files_at(folder, "parquet")
        certificate = await export(client, extraction, sink, workers=WORKERS)
        seconds = time.perf_counter() - started
        watching.cancel()
        count = await client.customers.count()
    return {
        "records": certificate.records,
        "count of the sandbox": count,
        "requests": certificate.requests,
        "seconds": round(seconds, 1),
        "records/s": round(certificate.records / seconds),
        "peak MiB": round(peak / 2**20),
        "file MiB": round((folder / "customers.parquet").stat().st_size / 2**20),
    }


def export_once(count: int, page: int) -> None:
    command = [sys.executable, "-m", "sage200_async.cli", "sandbox"]
    records = ["--records", f"customers={count}"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [*command, *records], stdout=subprocess.PIPE, text=True
        ) as sandbox,
    ):
        assert sandbox.stdout is not None
        connection = json.loads(sandbox.stdout.readline())
        try:
            figures = asyncio.run(measure(connection, Path(folder), page))
        finally:
            sandbox.terminate()
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.large_export")
    parser.add_argument("--page-size", type=int, default=5000)
    parser.add_argument("counts", type=int, nargs="+")
    options = parser.parse_args()
    if len(options.counts) == 1:
        export_once(options.counts[0], options.page_size)
        return
    for count in options.counts:  # each in a fresh process
        program = [sys.executable, "-m", "benchmarks.large_export"]
        size = ["--page-size", str(options.page_size)]
        subprocess.run([*program, *size, str(count)], check=True)


if __name__ == "__main__":
    main()
