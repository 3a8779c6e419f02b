# /// script
# dependencies = [
#   "dlt[filesystem,parquet]==1.31.0",
# ]
# ///
"""A dlt pipeline to Parquet files: `requests` by key, the filesystem destination.

The fastest of its settings that keeps its defaults of typing: a resource yields whole
pages. Money becomes a float.
"""

from __future__ import annotations

import os

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
from dlt.sources.helpers import requests
from runner import PAGE, peak_memory, run_job


def parquet(url: str) -> dict[str, float]:
    @dlt.resource(name="customers", write_disposition="replace")
    def customers() -> Iterator[list[dict[str, Any]]]:
        condition = ""
        while True:
            page = requests.get(f"{url}?{condition}$orderby=id&$top={PAGE}").json()
            yield page
            if len(page) < PAGE:
                return
            condition = f"$filter=id%20gt%20{page[-1]['id']}&"

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started, used = time.perf_counter(), time.process_time()
        pipeline = dlt.pipeline(
            "bench",
            pipelines_dir=str(folder / "state"),
            destination=dlt.destinations.filesystem(str(folder / "out")),
            dataset_name="sage",
        )
        pipeline.run(customers(), loader_file_format="parquet")
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
        rows = pipeline.last_trace.last_normalize_info.row_counts["customers"]
    return {
        "records": rows,
        "seconds": seconds,
        "CPU seconds": cpu,
        "peak MiB": peak_memory(),
    }


if __name__ == "__main__":
    run_job(parquet=parquet)
