"""A process that writes rows, and is killed.

Each line on its input is JSON and begins a run: the URL, the prefix, the rows in a
transaction, the milliseconds between batches, and the file of what is set aside. A run
is a fork, so that it costs no imports, and is killed after some seconds, or never; its
exit code is printed.
"""

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb  # noqa: F401 - loaded before any fork
import psycopg  # noqa: F401
import pyarrow as pa  # noqa: F401

from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sink as database_sink
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


def is_bad(key):
    """Whether the text of a row cannot be stored."""
    return key % 500 == 0


def order(key):
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(microseconds=key)
    text = "\ud800" if is_bad(key) else f"row {key}"
    return (key, Decimal(key) / 8, text, at, bool(key % 2), f"[{key}]")


def lines(key):
    return [(key, n, Decimal(n) / 4) for n in range(key % 3)]


def certificate(records):
    required = {"path": "orders", "query": "orders", "requests": 1, "records": records}
    edges = {"key": "id", "max_key": KEYS, "lowest": 1, "highest": KEYS}
    return Certificate(**required, **edges, started_at=0.0, ended_at=0.0)


def batches(checkpoint):
    """Return the ranges that are not read yet, in batches, out of order."""
    ranges = [
        (low, min(low + BATCH, gap.high))
        for gap in checkpoint.missing
        for low in range(gap.low, gap.high, BATCH)
    ]
    return ranges[::2] + ranges[1::2]


def run(url, prefix, most, pause, rejects):
    database_sink.ROWS = most

    def reject(row):
        with Path(rejects).open("a", encoding="ascii") as file:
            file.write(f"{row.key[0]}\n")

    sink = database_at(url, prefix, on_reject=reject)
    checkpoint = sink.open([OWN, LINES])
    if checkpoint is None:
        checkpoint = Checkpoint(query="orders", bounds=KeyRange(0, KEYS))
        sink.begin(checkpoint)
    for low, high in batches(checkpoint):
        keys = range(low + 1, high + 1)
        rows = [order(key) for key in keys]
        related = [line for key in keys for line in lines(key)]
        key_range = KeyRange(low, high, high - low)
        sink.write(key_range, {"orders": rows, "orders__lines": related})
        time.sleep(pause / 1000)
    sink.commit(certificate(KEYS))
    sink.close()


def main():
    for line in sys.stdin:
        options = json.loads(line)
        after = options.pop("after")
        child = os.fork()
        if child == 0:
            run(**options)
            os._exit(0)
        if after is not None:
            time.sleep(after)
            os.kill(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
