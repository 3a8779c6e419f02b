"""How often everything is compared, and what is seen in between."""

from datetime import timedelta

import pytest
from stamped_company import OVERLAP, STAMP, STARTED

from sage200_async.errors import ExtractError

HOUR = 3600


def test_only_changes_are_read(lab):
    """After the first sync, the changes since then, less the overlap, are read."""
    lab.insert(50)
    lab.sync()
    lab.passes(days=1)
    lab.change(4, "new")
    result = lab.sync(sweep_every=HOUR)
    assert (result.whole, result.swept, result.read) == (False, False, 50)
    result = lab.sync(sweep_every=HOUR)
    assert (result.whole, result.swept, result.read) == (False, False, 1)
    assert lab.target.names == lab.names()


def test_between_sweeps_deletes_wait(lab):
    """A sync without a sweep marks no deletes; the next sweep does."""
    lab.insert(50)
    lab.sync()
    del lab.company.rows[4]
    assert not lab.sync(sweep_every=HOUR).swept
    assert lab.target.deleted == set()
    assert lab.sync().deleted == 1


def test_records_without_a_stamp_are_read_between_sweeps(lab):
    """A record without a stamp is read each time."""
    lab.insert(50)
    lab.sync()
    key = lab.insert(1, "null", stamp=None)
    result = lab.sync(sweep_every=HOUR)
    assert (result.swept, lab.target.names[key]) == (False, "null")
    lab.company.rows[key]["name"] = "still null"
    lab.sync(sweep_every=HOUR)
    assert lab.target.names[key] == "still null"


def test_a_stamp_from_the_future_does_not_move_the_watermark(lab):
    """The watermark is never later than the server's clock, so that nothing is missed."""
    lab.insert(50)
    lab.insert(1, "future", stamp=STARTED + timedelta(days=1000))
    assert lab.sync().watermark == STARTED
    lab.passes(days=1)
    lab.change(4, "new")
    result = lab.sync(sweep_every=HOUR)
    assert (result.swept, result.watermark) == (False, lab.server.now)
    assert lab.target.names == lab.names()


def test_without_the_servers_clock_ours_is_used(lab):
    """A server that does not say its time is measured by our clock."""
    lab.server.says_date = False
    lab.insert(5)
    lab.insert(1, "future", stamp=STARTED + timedelta(days=365 * 500))
    assert lab.sync().watermark == STARTED


def test_a_watermark_whose_row_is_deleted_is_replaced_by_a_sweep(lab):
    """A reading that lacks the row of the watermark leads to a sweep at once."""
    lab.insert(50)
    lab.passes(seconds=2 * OVERLAP)
    key = lab.insert(1, "last")
    lab.sync()
    del lab.company.rows[key]
    result = lab.sync(sweep_every=HOUR)
    assert (result.swept, result.deleted, result.watermark) == (True, 1, STARTED)


def test_a_row_that_went_back_leads_to_a_sweep(lab):
    """A row that comes with an older stamp than the copy's leads to a sweep at once."""
    lab.insert(50)
    backup = lab.backup()
    lab.passes(seconds=1)
    for key in (4, 7, 10):
        lab.change(key, "later")
    lab.sync()
    lab.company.rows = backup
    result = lab.sync(sweep_every=HOUR)
    assert (result.swept, result.source_went_back) == (True, True)
    assert lab.target.names == lab.names()


def test_between_sweeps_an_empty_reading_is_refused(lab):
    """An empty reading of changes neither moves the watermark nor is believed."""
    lab.insert(50)
    lab.sync()

    def empty(options, rows):
        return [] if f"{STAMP} ge" in options.get("$filter", "") else rows

    with (
        lab.lying(empty),
        pytest.raises(ExtractError, match="reading of changes lacks"),
    ):
        lab.sync(sweep_every=HOUR)
    assert lab.sync(sweep_every=HOUR).watermark == STARTED


def test_related_records_may_be_stale(lab):
    """What no stamp tells is named until everything is read."""
    lab.insert(5)
    query = lab.query.expand("contacts")
    assert lab.sync(query).may_be_stale == ()
    lab.passes(days=1)
    lab.insert(1)
    lab.sync(query)
    lab.company.rows[1]["contacts"] = [{"id": 8}]
    assert lab.sync(query, whole_every=HOUR).may_be_stale == ("contacts",)
    assert lab.target.contacts("json") == {}
    result = lab.sync(query, whole=True)
    assert (result.may_be_stale, result.whole, result.changed) == ((), True, 1)
    assert lab.target.contacts("json") == {1: [8]}


def test_everything_is_read_once_it_is_due(lab, monkeypatch):
    """After whole_every seconds everything is read, whatever the stamps tell."""
    lab.insert(5)
    query = lab.query.expand("contacts")
    lab.sync(query)
    lab.company.rows[1]["contacts"] = [{"id": 8}]
    lab.passes(days=1)
    assert lab.sync(query, whole_every=1e-6).whole
    assert lab.target.contacts("json") == {1: [8]}


def test_whole_reports_the_rows_that_differ(lab):
    """A whole reading compares every row, and says how many were altered."""
    lab.insert(50)
    lab.passes(days=9)
    lab.insert(1)
    lab.sync()
    for key in (1, 4, 7):
        lab.company.rows[key]["name"] = "behind the stamp"
    assert lab.sync().changed == 0
    assert lab.sync(whole=True).changed == 3
    assert lab.target.names == lab.names()


def test_many_differences_are_read_at_once(lab):
    """Where more than a fifth differ, everything is read rather than each by its key."""
    lab.insert(200)
    lab.insert(1)
    lab.sync()
    lab.passes(days=9)
    for key in list(lab.company.rows)[:100]:
        lab.company.rows[key].update(
            {"name": "old", STAMP: STARTED - timedelta(days=9)}
        )
    result = lab.sync()
    assert (result.whole, result.changed) == (True, 100)
    assert lab.target.names == lab.names()


def test_few_differences_are_read_by_their_keys(lab):
    """Where few differ, no other record is read again."""
    lab.insert(200)
    lab.insert(1)
    lab.sync()
    lab.passes(days=9)
    lab.insert(1)
    lab.sync()
    for key in list(lab.company.rows)[:30]:
        lab.company.rows[key].update(
            {"name": "old", STAMP: STARTED - timedelta(days=9)}
        )
    result = lab.sync()
    assert (result.whole, result.read, result.changed) == (False, 31, 30)
    assert lab.target.names == lab.names()
