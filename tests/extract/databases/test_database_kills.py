"""Killed at any moment and run again: the same rows as after an undisturbed run."""

import contextlib
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.paging.certificate import Certificate
from sage200_async.paging.key_ranges import KeyRange

WORKER = Path(__file__).with_name("worker.py")
KILLS = 34 if os.environ.get("EXHAUSTIVE") == "1" else 4
# `nox -s kills` is exhaustive: for three databases more than a hundred.


@pytest.fixture(scope="session")
def job():
    spec = importlib.util.spec_from_file_location("database_worker", WORKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def worker():
    if not hasattr(os, "fork"):
        pytest.skip("there is no fork here")
    command = [sys.executable, WORKER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.stdin.close()


def run(process, **options):
    """Run once, killed after some seconds; return how it ended."""
    process.stdin.write(json.dumps(options) + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def export_old(database, prefix, job):
    """Export what the source had before: fewer rows, some with other values, two gone."""
    keys = [1, 2, 50, job.KEYS + 1, job.KEYS + 2]
    rows = [(*job.order(key)[:2], "old", *job.order(key)[3:]) for key in keys]
    with contextlib.closing(database.sink(prefix)) as sink:
        sink.open([job.OWN, job.LINES])
        sink.begin(Checkpoint(query="old", bounds=KeyRange(0, job.KEYS + 2)))
        whole = KeyRange(0, job.KEYS + 2, len(rows))
        sink.write(whole, {"orders": rows, "orders__lines": [(50, 9, None)]})
        sink.commit(job.certificate(len(rows)))
    return sorted(database.rows(job.OWN, prefix))


def check(database, prefix, job, old, *, whole):
    """Check that the old rows are there or the new, and what is claimed is staged."""
    with contextlib.closing(database.sink(prefix)) as sink:
        claimed = sink.open([job.OWN, job.LINES])
    rows = sorted(database.rows(job.OWN, prefix))
    if not whole and rows == old:
        assert database.rows(job.LINES, prefix) == [(50, 9, None, None)]
        spans = () if claimed is None else claimed.done.ranges
        claimed_keys = (
            key for span in spans for key in range(span.low + 1, span.high + 1)
        )
        keys = [key for key in claimed_keys if not job.is_bad(key)]
        assert claimed is None or claimed.set_aside == claimed.records - len(keys)
        staged = f'SELECT id FROM "_sage200_{prefix}orders" ORDER BY id'
        assert database.execute(staged) == [(key,) for key in keys]
        return len(keys)
    keys = [key for key in range(1, job.KEYS + 1) if not job.is_bad(key)]
    assert [row[0] for row in rows] == keys
    for key, *row in rows:
        *plain, json_text, deleted = row
        assert (key, *plain, json_text, deleted) == (*job.order(key)[:-1], [key], None)
    lines = [(*line, None) for key in keys for line in job.lines(key)]
    assert sorted(database.rows(job.LINES, prefix)) == lines
    return len(keys)


@pytest.mark.parametrize("kind", ["sqlite", "duckdb", "postgres", "pgbouncer"])
def test_killed_again_and_again(database, worker, job, tmp_path):
    """After each of many kills the old rows are there or the new, and the checkpoint is true.

    What cannot be stored is handed over at least once, and counted exactly.
    """
    chance = random.Random(f"kills of {database.kind}")
    killed, number, grown = 0, 0, set()
    undisturbed = seconds(worker, *database.fresh("whole_"), tmp_path / "rejects")
    bad = [key for key in range(1, job.KEYS + 1) if job.is_bad(key)]
    # Until enough were in the middle, and not before the first row.
    while killed < KILLS or len(grown - {0, job.KEYS - len(bad)}) < KILLS / 4:
        number += 1
        assert number <= 10 * KILLS, "too few kills came in the middle"
        here, prefix = database.fresh(f"run{number}_")
        old = export_old(here, prefix, job)
        rejects = tmp_path / f"rejects_{number}"
        options = {"url": here.url, "prefix": prefix, "rejects": str(rejects)}
        ended, here_killed = -signal.SIGKILL, 0
        while ended and here_killed < KILLS:
            options |= {
                "most": chance.choice([50, 300]),
                "pause": chance.choice([0, 3]),
            }
            started = time.monotonic()
            ended = run(worker, after=chance.uniform(0, undisturbed), **options)
            assert ended in {0, -signal.SIGKILL}
            here_killed += ended != 0
            if not here_killed:  # it takes less time than was measured
                undisturbed = min(undisturbed, time.monotonic() - started)
            grown.add(check(here, prefix, job, old, whole=ended == 0))
        killed += here_killed
        assert run(worker, after=None, **options) == 0
        check(here, prefix, job, old, whole=True)
        assert sorted({int(key) for key in rejects.read_text().split()}) == bad
        assert stored_certificate(here, prefix).rejected == len(bad)


def stored_certificate(database, prefix):
    named = f"resource = '{prefix}orders' AND name = 'certificate'"
    ((text,),) = database.execute(f"SELECT value FROM _sage200 WHERE {named}")
    return msgspec.json.decode(text, type=Certificate)


def seconds(process, here, prefix, rejects):
    """Measure an undisturbed run: a disk may take any time."""
    options = {"url": here.url, "prefix": prefix, "rejects": str(rejects)}
    options |= {"most": 300, "pause": 3}
    started = time.monotonic()
    assert run(process, after=None, **options) == 0
    return time.monotonic() - started
