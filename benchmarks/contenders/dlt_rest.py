# /// script
# dependencies = [
#   "dlt==1.31.0",
# ]
# ///
"""dlt's REST source: its extraction alone, without a destination.

By offset, as it has no paging by key. Its records have no types: money is a float and
a time is text.
"""

from __future__ import annotations

import os

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

from dlt.sources.rest_api import rest_api_source
from told import PAGE, added, tell, timed


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
    return timed(lambda: added(rows, lambda row: row["balance"]))


if __name__ == "__main__":
    tell(stream=stream)
