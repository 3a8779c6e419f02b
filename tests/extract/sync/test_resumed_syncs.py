"""Syncs and exports that were stopped, and those that go on."""

import contextlib
import time
from dataclasses import dataclass, field

import pytest
from stamped_company import STAMP, Killed

from sage200_async import Sage200Client
from sage200_async.errors import SinkConflict
from sage200_async.extract.databases import sink as database_sink
from sage200_async.extract.databases.urls import database_at
from sage200_async.extract.extraction import Extraction, export
from sage200_async.extract.files.factory import files_at
from sage200_async.settings import Settings


def test_stopped_at_any_request(scenario):
    """After a sync that dies at its nth request, for any n, the next one completes it."""
    for number in range(1, 21):
        scenario.insert(120, "x")
        scenario.server.dies_at = number
        with contextlib.suppress(Killed):
            scenario.sync(replace=number == 1)
        scenario.server.dies_at = None
        scenario.passes(days=1)
        scenario.sync()
        assert scenario.target.names == scenario.names()


def test_a_resumed_certificate_is_of_all_runs(scenario, tmp_path):
    """It begins when the first run began, and has its count and every run's requests."""
    scenario.insert(3000)
    for sink in (lambda: files_at(tmp_path / "out", "ndjson"), scenario.target):
        certificate, first, requests = killed_and_resumed(scenario, sink)
        assert certificate.records == certificate.count_before == 3000
        assert certificate.started_at < first
        pages = [one for one in requests if "contacts" in one.query]
        assert 30 <= certificate.requests <= len(pages)


def killed_and_resumed(scenario, sink):
    """Export, killed and run again; return the certificate, and what was asked."""
    query = scenario.query.expand("contacts").page_size(100)
    extraction = Extraction(name="customers", query=query)
    requests = []
    scenario.server.requests = []
    scenario.server.dies_at = 20
    with pytest.raises(Killed):
        scenario.loop.run(export(scenario.client, extraction, sink(), workers=1))
    requests += scenario.server.requests
    scenario.server.dies_at, scenario.server.requests = None, []
    first = time.time()
    certificate = scenario.loop.run(
        export(scenario.client, extraction, sink(), workers=1)
    )
    return certificate, first, requests + scenario.server.requests


def test_restart_begins_an_export_anew(scenario, tmp_path):
    """A part of another query is refused; with restart it is dropped."""
    scenario.insert(3000)
    held = scenario.query.filter(on_hold=False)
    for sink in (lambda: files_at(tmp_path / "out", "ndjson"), scenario.target):
        killed_part(scenario, sink)
        extraction = Extraction(name="customers", query=held)
        with pytest.raises(SinkConflict, match="--restart"):
            scenario.loop.run(export(scenario.client, extraction, sink()))
        work = export(scenario.client, extraction, sink(), restart=True)
        assert scenario.loop.run(work).records == 3000


def test_without_stamps_a_killed_sync_begins_anew(scenario, monkeypatch):
    """A resource without a stamp is read once by the sync after one that was killed."""
    monkeypatch.setattr(database_sink, "ROWS", 100)
    scenario.insert(1500)
    query = scenario.client.bank_views.select("id").page_size(100)
    scenario.server.dies_at = 12
    with pytest.raises(Killed):
        scenario.sync(query)
    scenario.server.dies_at = None
    assert scenario.sync(query).read == 1500
    assert set(scenario.target.column("id")) == set(scenario.names())


def killed_part(scenario, sink):
    """Leave a part of an export."""
    extraction = Extraction(name="customers", query=scenario.query)
    scenario.server.requests, scenario.server.dies_at = [], 20
    with pytest.raises(Killed):
        scenario.loop.run(export(scenario.client, extraction, sink(), workers=1))
    scenario.server.dies_at = None


@dataclass
class Quarantine:
    """Collects the records that do not fit."""

    errors: list = field(default_factory=list)

    def __call__(self, error):
        self.errors.append(error)


def test_a_record_that_does_not_fit_does_not_hold_up_a_sync(scenario):
    """It goes to the quarantine each time; the copy keeps the others in step."""
    scenario.insert(60)
    quarantine = Quarantine()
    settings = Settings(site="s", company=1)
    client = Sage200Client(settings, transport=scenario.server, quarantine=quarantine)
    scenario.sync(client=client)
    scenario.passes(days=1)
    scenario.change(4, {"no": "text"})
    scenario.change(7, "new")
    result = scenario.sync(client=client)
    assert (result.rejected, result.changed) == (1, 1)
    scenario.passes(days=1)
    scenario.change(10, "newer")
    result = scenario.sync(client=client)
    assert (result.rejected, result.changed) == (1, 1)
    assert scenario.target.names == scenario.names() | {4: "x"}
    assert quarantine.errors


def test_records_that_do_not_fit_are_counted_in_each_reading_once(scenario):
    """One among the changes, one that only the sweep finds, and one that both read."""
    scenario.insert(60)
    quarantine = Quarantine()
    settings = Settings(site="s", company=1)
    client = Sage200Client(settings, transport=scenario.server, quarantine=quarantine)
    scenario.sync(client=client)
    scenario.company.rows[4]["name"] = {"no": "text"}  # its stamp stays as it was
    scenario.change(7, {"no": "text"}, days=9)
    scenario.passes(seconds=9)
    scenario.change(10, {"no": "text"})
    result = scenario.sync(client=client)
    assert (result.swept, result.rejected, result.changed) == (True, 3, 0)


def test_between_sweeps_a_record_that_does_not_fit_is_counted(scenario):
    """A sync that reads changes alone counts those among them that cannot be read."""
    scenario.insert(20)
    quarantine = Quarantine()
    settings = Settings(site="s", company=1)
    client = Sage200Client(settings, transport=scenario.server, quarantine=quarantine)
    scenario.sync(client=client)
    scenario.passes(days=1)
    scenario.change(4, {"no": "text"})
    scenario.change(7, "new")
    result = scenario.sync(client=client, sweep_every=3600)
    assert (result.swept, result.rejected, result.changed) == (False, 1, 1)


def test_what_the_copy_cannot_hold_is_counted_each_time(scenario, tmp_path):
    """Records that the database refuses are rejected in each sync, whole or not."""
    rejects = []
    url = f"duckdb:///{tmp_path}/copy.duckdb"
    scenario.target = lambda: database_at(url, on_reject=rejects.append)
    scenario.insert(20)
    for row in scenario.company.rows.values():
        row["balance"] = 1
    scenario.company.rows[25]["balance"] = 1.23456789012
    query = scenario.query.select("balance")
    for expected in (1, 1, 2):
        scenario.passes(days=1)
        scenario.change(7, "new")
        if expected == 2:
            scenario.change(4, "refused")
            scenario.company.rows[4]["balance"] = 1.23456789012
        assert scenario.sync(query).rejected == expected
    assert {one.key for one in rejects} == {(25,), (4,)}


@pytest.mark.parametrize("newest", [4, 58])
def test_the_newest_record_may_be_one_that_does_not_fit(scenario, newest):
    """Syncs go on where the newest edit of all cannot be read, and have it once it can."""
    scenario.insert(20)
    quarantine = Quarantine()
    settings = Settings(site="s", company=1)
    client = Sage200Client(settings, transport=scenario.server, quarantine=quarantine)
    scenario.sync(client=client)
    scenario.passes(days=1)
    scenario.change(newest, {"no": "text"})
    for number in range(3):
        assert scenario.sync(client=client).rejected == 1
        scenario.passes(days=1)
        scenario.change(7, f"new {number}")
        assert scenario.sync(client=client).rejected == 1
        assert scenario.target.names == scenario.names() | {newest: "x"}
    assert scenario.sync(client=client).watermark == scenario.server.now
    scenario.change(newest, "right again")
    assert scenario.sync(client=client).rejected == 0
    assert scenario.target.names == scenario.names()


def test_a_stamp_that_does_not_fit_deletes_no_row(scenario):
    """A record whose stamp cannot be read is not listed, and is there all the same."""
    scenario.insert(20)
    quarantine = Quarantine()
    settings = Settings(site="s", company=1)
    client = Sage200Client(settings, transport=scenario.server, quarantine=quarantine)
    scenario.sync(client=client)

    def spoil(options, rows):
        return [spoilt(row) if row["id"] == 25 else row for row in rows]

    with scenario.lying(spoil):
        assert scenario.sync(client=client, most=0.1).deleted == 0
    assert len(scenario.target.names) == 20


class Unreadable:
    """A time that Python does not hold."""

    def isoformat(self):
        return "10000-01-01T00:00:00Z"


def spoilt(row):
    """Return the row with a stamp that cannot be read."""
    return row | {STAMP: Unreadable()}


@pytest.mark.parametrize("number", range(1, 25))
def test_a_change_within_one_stamp_is_seen_after_a_kill(scenario, number, monkeypatch):
    """A row that was read, and changed within the same stamp, is read again."""
    monkeypatch.setattr(database_sink, "ROWS", 10)
    query = scenario.query.page_size(10)
    scenario.insert(100)
    scenario.server.dies_at = number
    with contextlib.suppress(Killed):
        scenario.sync(query, workers=1)
    scenario.server.dies_at = None
    scenario.change(1, "twice")
    scenario.sync(query)
    assert scenario.target.names == scenario.names()
