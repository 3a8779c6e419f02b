"""A process that keeps rows, and is killed.

Each line on its input is JSON and begins a run: where, with which prefix, how
many rows to a transaction, and the milliseconds between batches. A run is a fork, so
that it costs no imports, and is killed after some seconds, or never; the answer
is how it ended.
"""

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb  # noqa: F401 - loaded before any fork
import psycopg  # noqa: F401
import pyarrow as pa  # noqa: F401

from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sink as database
from sage200_async.extract.databases.urls import database_at
from sage200_async.extract.tables import Column, Table
from sage200_async.paging.certificate import Certificate
from sage200_async.paging.key_ranges import KeyRange

KEYS = 3000
BATCH = 40
KINDS = ("number", "text", "datetime", "boolean", "json")
OWN = Table(
    "orders", (Column("id", "integer"), *(Column(k, k) for k in KINDS)), ("id",)
)
LINES = Table(
    "orders__lines",
    (
        *(Column(n, "integer") for n in ("_parent_key", "_position")),
        Column("price", "number"),
    ),
    ("_parent_key", "_position"),
    "lines",
)


def order(key):
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(microseconds=key)
    return (key, Decimal(key) / 8, f"row {key}", at, bool(key % 2), f"[{key}]")


def lines(key):
    return [(key, place, Decimal(place) / 4) for place in range(key % 3)]


def batches(checkpoint):
    """Give what is not read yet, in batches, out of order."""
    gaps = checkpoint.done.missing(KeyRange(0, KEYS))
    spans = [
        (low, min(low + BATCH, gap.high))
        for gap in gaps
        for low in range(gap.low, gap.high, BATCH)
    ]
    return spans[::2] + spans[1::2]


def run(url, prefix, most, pause):
    database.ROWS = most
    sink = database_at(url, prefix)
    found = sink.open([OWN, LINES])
    checkpoint = found or Checkpoint(query="orders", bounds=KeyRange(0, KEYS))
    for low, high in batches(checkpoint):
        keys = range(low + 1, high + 1)
        rows = [order(key) for key in keys]
        children = [line for key in keys for line in lines(key)]
        checkpoint = checkpoint.with_(KeyRange(low, high, high - low))
        sink.write({"orders": rows, "orders__lines": children}, checkpoint)
        time.sleep(pause / 1000)
    given = {"path": "orders", "query": "orders", "requests": 1, "records": KEYS}
    more = {"key": "id", "max_key": KEYS, "rejected": 0, "lowest": 1, "highest": KEYS}
    sink.commit(Certificate(**given, **more, started_at=0.0, ended_at=0.0))
    sink.close()


def main():
    for line in sys.stdin:
        given = json.loads(line)
        after = given.pop("after")
        child = os.fork()
        if child == 0:
            run(**given)
            os._exit(0)
        if after is not None:
            time.sleep(after)
            os.kill(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
