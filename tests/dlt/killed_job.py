"""A pipeline in a process of its own, which its test kills."""

import json
import os
import sys
from pathlib import Path

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
sys.path.insert(0, str(Path(__file__).parent))

from pipelines import COLUMNS, Parquet

from sage200_async import Settings
from sage200_async.engines.dlt import sage200

if __name__ == "__main__":
    settings = Settings(**json.loads(sys.argv[2]))
    columns = {"customers": COLUMNS}
    Parquet(Path(sys.argv[1])).run(
        sage200("customers", columns=columns, settings=settings)
    )
