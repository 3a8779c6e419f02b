"""Journals that are copied, moved and restored: their rows are still written once."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hostile_server import HostileServer
from writing import run_job

SETTLE = 0.2
ROWS = [{"customer_id": number} for number in range(6)]


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """A server with one transaction; it does nothing wrong."""
    hostile = HostileServer()
    hostile.add_transaction(second_reference="there before")
    with hostile.running():
        yield hostile


def require_each_once(server: HostileServer) -> None:
    """Check that each row is a document, and none is two."""
    customers = [commit.values["customer_id"] for commit in server.commits]
    assert sorted(customers) == [row["customer_id"] for row in ROWS]


def test_a_journal_is_one_file(server: HostileServer, tmp_path: Path) -> None:
    """The file alone, taken away while a row is being sent, has what was sent."""
    journal, copy = tmp_path / "job.db", tmp_path / "copy.db"

    def hook(request: web.Request, _: Any) -> web.Response | None:
        if request.method == "POST" and len(server.commits) == 3:
            shutil.copy(journal, copy)
            return web.json_response({}, status=401)  # the job ends
        return None

    server.hook = hook
    with pytest.raises(Exception, match="401"):
        run_job(server.url, ROWS, journal, insert=True, settle=SETTLE, workers=1)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["copy.db", "job.db"]
    server.hook = None
    sent = len(server.requests)
    outcomes, report = run_job(server.url, ROWS, copy, insert=True, settle=SETTLE)
    require_each_once(server)
    assert report.is_complete
    assert {outcome.kind for outcome in outcomes} == {"created"}
    looked_up = "".join(one.filter for one in server.requests[sent:])
    assert not any(
        c.values["second_reference"] in looked_up for c in server.commits[:3]
    )


def test_a_journal_that_is_restored(server: HostileServer, tmp_path: Path) -> None:
    """A backup from before anything was sent finds all that was sent since."""
    journal, backup = tmp_path / "job.db", tmp_path / "backup.db"
    run_job(server.url, ROWS, journal, insert=True, dry_run=True)
    shutil.copy(journal, backup)
    run_job(server.url, ROWS, journal, insert=True, settle=SETTLE)
    shutil.copy(backup, journal)
    outcomes, _ = run_job(server.url, ROWS, journal, insert=True, settle=SETTLE)
    require_each_once(server)
    assert {(outcome.kind, outcome.id) for outcome in outcomes} == {
        ("created", commit.id) for commit in server.commits
    }
