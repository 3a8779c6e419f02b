# /// script
# dependencies = [
#   "dlt==1.31.0",
# ]
# ///
"""dlt's REST source: extraction only, without a destination.

It reads by offset, because it has no paging by key. Its records are untyped: money is a
float and a time is text.
"""

from __future__ import annotations

import os

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

from dlt.sources.rest_api import rest_api_source
from runner import PAGE, count_and_sum, measure_read, run_job


def stream(url: str, **_: str) -> dict[str, float]:
    base, _, path = url.rpartition("/")
    paginator = {
        "type": "offset",
        "limit": PAGE,
        "offset_param": "$skip",
        "limit_param": "$top",
        "total_path": None,
    }
    endpoint = {"path": path, "params": {"$orderby": "id"}, "data_selector": "$"}
    source = rest_api_source(
        {
            "client": {"base_url": base, "paginator": paginator},
            "resources": [{"name": path, "endpoint": endpoint}],
        }
    )
    rows = source.resources[path]
    return measure_read(lambda: count_and_sum(rows, lambda row: row["balance"]))


if __name__ == "__main__":
    run_job(stream=stream)
