"""How often everything is compared, and what is seen in between."""

from datetime import UTC, datetime, timedelta

import pytest
from stamped_company import OVERLAP, STAMP, STARTED

from sage200_async.errors import ExtractError

HOUR = 3600


def test_only_changes_are_read(scenario):
    """After the first sync, the changes since then, less the overlap, are read."""
    scenario.insert(50)
    scenario.sync()
    scenario.passes(days=1)
    scenario.change(4, "new")
    result = scenario.sync(sweep_every=HOUR)
    assert (result.whole, result.swept, result.read) == (False, False, 50)
    result = scenario.sync(sweep_every=HOUR)
    assert (result.whole, result.swept, result.read) == (False, False, 1)
    assert scenario.target.names == scenario.names()


def test_between_sweeps_deletes_wait(scenario):
    """A sync without a sweep marks no deletes; the next sweep does."""
    scenario.insert(50)
    scenario.sync()
    del scenario.company.rows[4]
    assert not scenario.sync(sweep_every=HOUR).swept
    assert scenario.target.deleted == set()
    assert scenario.sync().deleted == 1


def test_records_without_a_stamp_are_read_between_sweeps(scenario):
    """A record without a stamp is read each time."""
    scenario.insert(50)
    scenario.sync()
    key = scenario.insert(1, "null", stamp=None)
    result = scenario.sync(sweep_every=HOUR)
    assert (result.swept, scenario.target.names[key]) == (False, "null")
    scenario.company.rows[key]["name"] = "still null"
    scenario.sync(sweep_every=HOUR)
    assert scenario.target.names[key] == "still null"


def test_a_stamp_from_the_future_does_not_move_the_watermark(scenario):
    """The watermark is never later than the server's clock, so that nothing is missed."""
    scenario.insert(50)
    scenario.insert(1, "future", stamp=STARTED + timedelta(days=1000))
    assert scenario.sync().watermark == STARTED
    scenario.passes(days=1)
    scenario.change(4, "new")
    result = scenario.sync(sweep_every=HOUR)
    assert (result.swept, result.watermark) == (False, scenario.server.now)
    assert scenario.target.names == scenario.names()


def test_after_the_servers_clock_was_wrong_changes_are_seen(scenario):
    """A watermark from the future leads to a sweep, and is replaced by it."""
    scenario.insert(40)
    scenario.sync(sweep_every=HOUR)
    right = scenario.server.now
    scenario.passes(days=1500)
    scenario.change(4, "from the future")
    assert not scenario.sync(sweep_every=HOUR).swept
    scenario.server.now = right + timedelta(hours=5)
    scenario.change(7, "new")
    result = scenario.sync(sweep_every=HOUR)
    assert (result.swept, result.watermark) == (True, scenario.server.now)
    assert scenario.target.names == scenario.names()
    scenario.passes(hours=5)
    scenario.change(10, "new")
    assert not scenario.sync(sweep_every=HOUR).swept
    assert scenario.target.names == scenario.names()


@pytest.mark.parametrize("overlap", [OVERLAP, 9e10, 1e300])
def test_changes_are_read_from_the_year_1_at_the_earliest(scenario, overlap):
    """Stamps of the year 1, or an overlap of ages, are no errors."""
    scenario.insert(5, stamp=datetime(1, 1, 1, tzinfo=UTC))
    for number in range(3):
        assert scenario.sync(overlap=overlap).rejected == 0
        assert scenario.target.names == scenario.names()
        scenario.passes(days=1)
        if number:
            scenario.change(4, f"new {number}")


def test_without_the_servers_clock_ours_is_used(scenario):
    """A server that does not say its time is measured by our clock."""
    scenario.server.says_date = False
    scenario.insert(5)
    scenario.insert(1, "future", stamp=STARTED + timedelta(days=365 * 500))
    assert scenario.sync().watermark == STARTED


def test_a_watermark_whose_row_is_deleted_is_replaced_by_a_sweep(scenario):
    """A reading that lacks the row of the watermark leads to a sweep at once."""
    scenario.insert(50)
    scenario.passes(seconds=2 * OVERLAP)
    key = scenario.insert(1, "last")
    scenario.sync()
    del scenario.company.rows[key]
    result = scenario.sync(sweep_every=HOUR)
    assert (result.swept, result.deleted, result.watermark) == (True, 1, STARTED)


def test_a_row_that_went_back_leads_to_a_sweep(scenario):
    """A row that comes with an older stamp than the copy's leads to a sweep at once."""
    scenario.insert(50)
    backup = scenario.backup()
    scenario.passes(seconds=1)
    for key in (4, 7, 10):
        scenario.change(key, "later")
    scenario.sync()
    scenario.company.rows = backup
    result = scenario.sync(sweep_every=HOUR)
    assert (result.swept, result.source_went_back) == (True, True)
    assert scenario.target.names == scenario.names()


def test_between_sweeps_an_empty_reading_is_refused(scenario):
    """An empty reading of changes neither moves the watermark nor is believed."""
    scenario.insert(50)
    scenario.sync()

    def empty(options, rows):
        return [] if f"{STAMP} ge" in options.get("$filter", "") else rows

    with (
        scenario.lying(empty),
        pytest.raises(ExtractError, match="reading of changes lacks"),
    ):
        scenario.sync(sweep_every=HOUR)
    assert scenario.sync(sweep_every=HOUR).watermark == STARTED


def test_related_records_may_be_stale(scenario):
    """What no stamp shows is named until everything is read."""
    scenario.insert(5)
    query = scenario.query.expand("contacts")
    assert scenario.sync(query).may_be_stale == ()
    scenario.passes(days=1)
    scenario.insert(1)
    scenario.sync(query)
    scenario.company.rows[1]["contacts"] = [{"id": 8}]
    assert scenario.sync(query, whole_every=HOUR).may_be_stale == ("contacts",)
    assert scenario.target.contacts("json") == {}
    result = scenario.sync(query, whole=True)
    assert (result.may_be_stale, result.whole, result.changed) == ((), True, 1)
    assert scenario.target.contacts("json") == {1: [8]}


def test_everything_is_read_once_it_is_due(scenario, monkeypatch):
    """After whole_every seconds everything is read, whatever the stamps show."""
    scenario.insert(5)
    query = scenario.query.expand("contacts")
    scenario.sync(query)
    scenario.company.rows[1]["contacts"] = [{"id": 8}]
    scenario.passes(days=1)
    assert scenario.sync(query, whole_every=1e-6).whole
    assert scenario.target.contacts("json") == {1: [8]}


def test_whole_reports_the_rows_that_differ(scenario):
    """A whole reading compares every row, and says how many were altered."""
    scenario.insert(50)
    scenario.passes(days=9)
    scenario.insert(1)
    scenario.sync()
    for key in (1, 4, 7):
        scenario.company.rows[key]["name"] = "behind the stamp"
    assert scenario.sync().changed == 0
    assert scenario.sync(whole=True).changed == 3
    assert scenario.target.names == scenario.names()


def test_many_differences_are_read_at_once(scenario):
    """Where more than a fifth differ, everything is read rather than each by its key."""
    scenario.insert(200)
    scenario.insert(1)
    scenario.sync()
    scenario.passes(days=9)
    for key in list(scenario.company.rows)[:100]:
        scenario.company.rows[key].update(
            {"name": "old", STAMP: STARTED - timedelta(days=9)}
        )
    result = scenario.sync()
    assert (result.whole, result.changed) == (True, 100)
    assert scenario.target.names == scenario.names()


def test_few_differences_are_read_by_their_keys(scenario):
    """Where few differ, no other record is read again."""
    scenario.insert(200)
    scenario.insert(1)
    scenario.sync()
    scenario.passes(days=9)
    scenario.insert(1)
    scenario.sync()
    for key in list(scenario.company.rows)[:30]:
        scenario.company.rows[key].update(
            {"name": "old", STAMP: STARTED - timedelta(days=9)}
        )
    result = scenario.sync()
    assert (result.whole, result.read, result.changed) == (False, 31, 30)
    assert scenario.target.names == scenario.names()
