"""Load customers, suppliers and orders with their lines, and keep them in step."""

import dlt
from sage200 import sage200_source


def load() -> None:
    """Load what has changed since the last run."""
    pipeline = dlt.pipeline(
        pipeline_name="sage200", destination="duckdb", dataset_name="sage"
    )
    source = sage200_source(
        ["customers", "suppliers", "sop_orders"], expand={"sop_orders": ["lines"]}
    )
    print(pipeline.run(source))


if __name__ == "__main__":
    load()
