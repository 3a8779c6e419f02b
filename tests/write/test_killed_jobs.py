"""Jobs that are killed at random times, on a server that does everything wrong.

The server's own log decides what is true. `EXHAUSTIVE=1` writes 10,000 rows and kills 100 times.
"""

import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hostile_server import MANY, HostileServer
from job_worker import SETTLE, customers

EXHAUSTIVE = os.environ.get("EXHAUSTIVE") == "1"
KILLS = 100 if EXHAUSTIVE else 10
CUSTOMERS = 10_000 if EXHAUSTIVE else 400
INVOICES = 2_000 if EXHAUSTIVE else 150
WORKER = Path(__file__).parent / "job_worker.py"
LIMIT = 3600
# Seconds that the last run may take, on a busy machine, too.
LONGEST = 1.0
# Seconds between the first request of a process and its end, at most.


def start(server: HostileServer, journal: Path, count: int, workers: int, kind: str):
    """Start a process that runs the job."""
    command = [sys.executable, WORKER, server.url, journal, count, workers, kind]
    return subprocess.Popen(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_a_request(server: HostileServer, process: Any) -> None:
    """Wait until *process* has sent something, or has ended."""
    before = len(server.requests)
    while len(server.requests) == before and process.poll() is None:
        time.sleep(0.01)


def kill_and_finish(
    server: HostileServer, folder: Path, count: int, kind: str, kills: int
) -> dict[str, Any]:
    """Run the job, kill it, and run it again, until it comes to its end."""
    dice, journal = random.Random(7), folder / "job.db"
    killed = 0
    while True:
        workers = dice.randint(1, 6) if killed < kills else 8
        process = start(server, journal, count, workers, kind)
        if killed < kills:
            wait_for_a_request(server, process)
            time.sleep(LONGEST * dice.random())
            process.kill()
            process.communicate()
            killed += 1
            continue
        out, errors = process.communicate(timeout=LIMIT)
        if process.returncode == 0:
            result: dict[str, Any] = json.loads(out)
            return result
        assert "requests in a row failed" in errors, errors


@pytest.fixture
def server():
    """A server that does everything wrong; it has half of the customers already."""
    hostile = HostileServer(seed=5, faults=MANY)
    hostile.add_customer(reference="FIRST", name="There before")
    for number, row in enumerate(customers(CUSTOMERS)[: CUSTOMERS // 2]):
        name = row["name"] if number % 2 else "Another name"
        hostile.add_customer(reference=row["reference"].lower(), name=name)
    hostile.add_transaction(second_reference="there before")
    with hostile.running():
        yield hostile


def require_look_ups(server: HostileServer, field: str) -> None:
    """Check that no row was sent again but after a look-up of it, once it had settled."""
    sent: dict[str, float] = {}
    looked_up: dict[str, float] = {}
    for request in server.requests:
        if request.method == "GET":
            keys = re.findall(rf"{field} eq '([^']*)'", request.filter)
            looked_up |= dict.fromkeys(keys, request.at)
        elif request.method == "POST":
            key = json.loads(request.body)[field]
            if key in sent:
                assert looked_up.get(key, 0.0) >= sent[key] + SETTLE, key
            sent[key] = request.at


def test_a_killed_upsert_writes_each_row_once(server: HostileServer, tmp_path: Path):
    """No row is twice at the server, none is missing, and each outcome is true."""
    result = kill_and_finish(server, tmp_path, CUSTOMERS, "customers", KILLS)
    there = {row["reference"].upper(): row["name"] for row in server.customers.values()}
    assert len(there) == len(server.customers) == CUSTOMERS + 1
    assert there == {"FIRST": "There before"} | {
        row["reference"]: row["name"] for row in customers(CUSTOMERS)
    }
    require_look_ups(server, "reference")
    created = {c.id for c in server.commits if c.method == "POST"}
    updated = {c.id for c in server.commits if c.method == "PUT"}
    assert created.isdisjoint(updated)
    kinds = Counter(kind for _, _, kind, _, _ in result["outcomes"])
    truth = {"created": created, "updated": updated}
    for row, _, kind, id_, reason in result["outcomes"]:
        assert id_ in truth.get(kind, server.customers.keys() - created - updated), (
            row,
            kind,
            reason,
        )
    assert sum(kinds.values()) == CUSTOMERS
    assert kinds["created"] == CUSTOMERS // 2
    assert kinds["updated"] == kinds["unchanged"] == CUSTOMERS // 4
    assert result["complete"]


def test_a_killed_insert_writes_each_document_once(
    server: HostileServer, tmp_path: Path
):
    """As many documents are there as rows were given, each with a marker of its own."""
    result = kill_and_finish(server, tmp_path, INVOICES, "invoices", KILLS)
    added = [c for c in server.commits if c.resource == "sales_invoices"]
    markers = {commit.values["second_reference"] for commit in added}
    assert len(added) == len(markers) == INVOICES
    require_look_ups(server, "second_reference")
    ends = {(key, kind, id_) for _, key, kind, id_, _ in result["outcomes"]}
    assert ends == {(c.values["second_reference"], "created", c.id) for c in added}
    assert result["complete"]
