"""Journals that are copied, moved and restored: their rows are still written once."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hostile_server import HostileServer
from writing import run_job, settings_for

from sage200_async import Sage200Client
from sage200_async.errors import JournalError
from sage200_async.write.write_journal import Journal

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


def test_a_clock_that_is_set_between_two_runs(
    server: HostileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row in doubt settles from the start of the next run, whatever the clock says."""
    settle, journal = 1.0, tmp_path / "job.db"

    def hook(request: web.Request, values: dict[str, Any]) -> web.Response | None:
        if request.method != "POST":
            return None
        server.hook = None
        loop = asyncio.get_running_loop()
        loop.call_later(
            0.8 * settle, server._carry_out, "POST", "sales_invoices", values
        )
        return server._drop(request)

    async def ends_early() -> None:
        async with Sage200Client(settings_for(server.url)) as client:
            invoices: Any = client.sales_invoices
            async with invoices.insert(ROWS[:1], journal=journal, settle=settle):
                async with asyncio.timeout(10):
                    while not server.writes:
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0.1)  # the lost response is in the journal

    server.hook = hook
    asyncio.run(ends_early())
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    outcomes, _ = run_job(server.url, ROWS[:1], journal, insert=True, settle=settle)
    assert [outcome.kind for outcome in outcomes] == ["created"]
    assert (len(server.writes), len(server.commits)) == (1, 1)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE job SET value = '0' WHERE name = 'version'",
        "UPDATE job SET value = 'x' WHERE name = 'version'",
        "DELETE FROM job WHERE name = 'version'",
        "DELETE FROM job WHERE name = 'token'",
        "UPDATE job SET value = '{}' WHERE name = 'job'",
        "DROP TABLE job",
        "DROP TABLE rows",
        "ALTER TABLE rows DROP COLUMN settles",
        "UPDATE rows SET id = 'x{'",
    ],
)
def test_a_journal_that_is_damaged_or_of_another_version_is_refused(
    server: HostileServer, tmp_path: Path, damage: str
) -> None:
    """Nothing is sent: what was sent before could not be known."""
    journal = tmp_path / "job.db"
    run_job(server.url, ROWS, journal, insert=True, settle=SETTLE)
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute(damage)
    with pytest.raises(JournalError):
        run_job(server.url, ROWS, journal, insert=True, settle=SETTLE)
    require_each_once(server)


def test_a_disk_that_is_full_ends_a_job_that_goes_on_later(
    server: HostileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row is sent that is not in the journal, and none is sent twice."""
    journal, resume = tmp_path / "job.db", Journal.resume

    def resume_on_a_full_disk(self: Journal, now: float, settle: float) -> None:
        resume(self, now, settle)
        self._db.execute("PRAGMA max_page_count = 1")  # no more than there are

    rows = [
        {"customer_id": 1, "second_reference": f"WEB-{number:06}"}
        for number in range(240)
    ]
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "resume", resume_on_a_full_disk)
        with pytest.raises(JournalError, match="full"):
            run_job(server.url, rows, journal, insert=True, settle=SETTLE)
    _, report = run_job(server.url, rows, journal, insert=True, settle=SETTLE)
    assert report.created == len(server.commits) == len(rows)
