"""Killed at any moment and run again: the same rows as after an undisturbed run."""

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


def finished(database, prefix):
    resource = f"resource = '{prefix}orders' AND name = 'certificate'"
    return database.execute(f"SELECT count(*) FROM _sage200 WHERE {resource}") == [(1,)]


def check(database, prefix, job, *, whole):
    """Check that what the checkpoint names is stored, to the last digit."""
    sink = database.sink(prefix)
    claimed = sink.open([job.OWN, job.LINES])
    sink.close()
    rows = {row[0]: row for row in database.rows(job.OWN, prefix)}
    lines = {row[:2]: row for row in database.rows(job.LINES, prefix)}
    spans = () if claimed is None else claimed.done.ranges
    keys = {key for span in spans for key in range(span.low + 1, span.high + 1)}
    if whole or finished(database, prefix):
        keys = set(range(1, job.KEYS + 1))
    assert keys == set(rows)
    for key, row in rows.items():
        *plain, json_text, deleted = row
        assert (*plain, json_text, deleted) == (*job.order(key)[:-1], [key], None)
    expected = {line[:2]: (*line, None) for key in keys for line in job.lines(key)}
    assert lines == expected
    return len(keys)


def test_killed_again_and_again(database, worker, job):
    """After each of many kills the checkpoint is true; resumed, everything is stored."""
    chance = random.Random(f"kills of {database.kind}")
    killed, number, grown = 0, 0, set()
    undisturbed = seconds(worker, *database.fresh("whole_"))
    # Until enough were in the middle, and not before the first row.
    while killed < KILLS or len(grown - {0, job.KEYS}) < KILLS / 4:
        number += 1
        assert number <= 10 * KILLS, "too few kills came in the middle"
        here, prefix = database.fresh(f"run{number}_")
        options = {"url": here.url, "prefix": prefix}
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
            grown.add(check(here, prefix, job, whole=ended == 0))
        killed += here_killed
        assert run(worker, after=None, **options) == 0
        check(here, prefix, job, whole=True)


def seconds(process, here, prefix):
    """Measure an undisturbed run: a disk may take any time."""
    options = {"url": here.url, "prefix": prefix, "most": 300, "pause": 3}
    started = time.monotonic()
    assert run(process, after=None, **options) == 0
    return time.monotonic() - started
