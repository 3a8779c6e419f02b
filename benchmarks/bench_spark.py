"""How much longer than in one process does a table of customers take with Spark?

100,000 wide customers, 110 fields each, from our own server (`range_server.py`: a static
one cannot answer ranges). *Spark* is `spark.read.format("sage200")` on two executors of
one core each, in processes of their own, into a sink that takes every column of every row
and drops them. All of them have started, and have read 200 customers before, or all that
they read again; Java compiles what runs often, which takes seconds. The other is
`to_arrow(workers=2)`. Seconds by the clock, of planning and reading.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.figures import Result, Row
from benchmarks.harness import (
    Bench,
    Contender,
    bars,
    race,
    ratio,
    require_agreement,
)

FIRST, AGAIN = "Spark, a first read", "Spark, the second one"
OURS = "sage200_async, to_arrow(workers=2)"


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    count = bench.size(10**5, 10**4)
    command = [sys.executable, "-m", "benchmarks.range_server", str(count)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        many, few = f"{url}/many/customers", f"{url}/few/customers"
        contenders = [
            Contender(FIRST, "spark_frame", "frame", {"url": many, "before": few}),
            Contender(AGAIN, "spark_frame", "frame", {"url": many, "before": many}),
            Contender(OURS, "frames", "two_workers", {"url": many}),
        ]
        runs = race(bench, contenders, bench.size(3, 1))
        server.communicate("")
    require_agreement(runs)
    rows = [
        Row(
            f"{count:,} customers, {name}, against to_arrow(workers=2)",
            ratio(runs, name, OURS, "seconds"),
            1.5,
            better="less",
        )
        for name in (FIRST, AGAIN)
    ]
    return Result(
        name="spark",
        description=__doc__ or "",
        unit="s",
        bars=bars(runs, "seconds"),
        rows=rows,
    )
