"""What once made a copy wrong for ever, or was thought to: each heals, or is refused."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from stamped_company import OVERLAP, STAMP, STARTED, Killed

from sage200_async import Sage200Client
from sage200_async.errors import ExtractError, PagingError, SinkConflict
from sage200_async.extract.databases import sink as database_sink
from sage200_async.odata.fields import DateTimeField, IntegerField, TextField
from sage200_async.odata.namespaces import Fields
from sage200_async.query.collection import CollectionQuery
from sage200_async.query.endpoint import Endpoint
from sage200_async.query.records import Record, UtcTime
from sage200_async.settings import Settings


def same(scenario):
    """Check that the copy has what the company has."""
    assert scenario.target.names == scenario.names()


def days(count):
    """Return a stamp some days before the company's first."""
    return STARTED - timedelta(days=count)


def test_another_company_is_refused(scenario):
    """A copy of one company is not continued with another; --replace builds anew."""
    scenario.insert(5)
    other = scenario.server.companies["2"]
    scenario.insert(2, "other", company=other)
    scenario.sync()
    client = Sage200Client(Settings(site="s", company=2), transport=scenario.server)
    with pytest.raises(
        SinkConflict, match=r"its company is '1', and here '2'.*--replace"
    ):
        scenario.sync(client=client)
    same(scenario)
    scenario.sync(client=client, replace=True)
    assert scenario.target.names == scenario.names(other)


def test_a_query_that_is_not_bound_has_the_company_of_its_client(scenario):
    """The identity is that of the client's company, also for a query without one."""
    scenario.insert(5)
    query = type(scenario.query)(scenario.query.endpoint, scenario.query.options)
    scenario.sync(query)
    client = Sage200Client(Settings(site="s", company=2), transport=scenario.server)
    with pytest.raises(SinkConflict, match="its company is '1', and here '2'"):
        scenario.sync(query, client=client)


def test_a_filter_taken_away_is_refused(scenario):
    """A copy of some records is not taken for one of all; --replace builds it."""
    scenario.insert(20)
    scenario.company.rows[1]["on_hold"] = True
    scenario.sync(scenario.query.filter(on_hold=True))
    with pytest.raises(
        SinkConflict, match="its filter is 'on_hold eq true', and here em"
    ):
        scenario.sync()
    assert set(scenario.target.names) == {1}
    assert scenario.sync(replace=True).whole
    same(scenario)


def test_page_sizes_and_hosts_are_no_part_of_the_identity(scenario):
    """Another page size, or localhost for 127.0.0.1, goes on with the same copy."""
    scenario.insert(5)
    scenario.sync()
    settings = Settings(site="S", company=1, base_url="http://localhost:1/v1")
    client = Sage200Client(settings, transport=scenario.server)
    assert not scenario.sync(scenario.query.page_size(7), client=client).whole


def test_a_wider_select_is_filled(scenario):
    """A column that is new is filled in all rows, though no stamp has moved."""
    scenario.insert(250)
    scenario.company.rows[1]["on_hold"] = True
    scenario.passes(days=9)
    scenario.sync()
    scenario.passes(days=9)
    result = scenario.sync(scenario.query.select("on_hold"))
    assert (result.whole, result.changed) == (True, 250)
    assert [bool(held) for held in scenario.target.column("on_hold").values()].count(
        True
    ) == 1
    assert None not in scenario.target.column("on_hold").values()
    assert not scenario.sync(scenario.query.select("on_hold")).whole


def test_a_wider_select_is_filled_after_a_kill(scenario):
    """A column that is new is filled also where the first attempt was killed."""
    scenario.insert(250)
    scenario.sync()
    wide = scenario.query.select("on_hold")
    scenario.server.dies_at = 5
    with pytest.raises(Killed):
        scenario.sync(wide)
    scenario.server.dies_at = None
    assert scenario.sync(wide).whole
    assert None not in scenario.target.column("on_hold").values()


class EarlierFields(Fields):
    """Fields of `Earlier`."""

    id: IntegerField
    name: TextField
    date_time_updated: DateTimeField


class Earlier(Record, frozen=True):
    """A customer, as an earlier catalog knew it."""

    fields: ClassVar[EarlierFields] = EarlierFields()

    id: int | None = None
    name: str | None = None
    date_time_updated: UtcTime | None = None


class LaterFields(EarlierFields):
    """Fields of `Later`."""

    short_name: TextField


class Later(Earlier, frozen=True):
    """The same with a field more."""

    fields: ClassVar[LaterFields] = LaterFields()

    short_name: str | None = None


def test_a_field_that_a_later_catalog_has_is_filled(scenario):
    """A copy made by one catalog is kept in step by the next, with nothing asked."""
    scenario.insert(30)
    for key, row in scenario.company.rows.items():
        row["short_name"] = f"S{key}"
    queries = [
        Endpoint("customers", CollectionQuery, model, "id", STAMP).query
        for model in (Earlier, Later)
    ]
    scenario.sync(queries[0])
    scenario.passes(days=9)
    result = scenario.sync(queries[1])
    assert (result.whole, result.changed) == (True, 30)
    assert scenario.target.column("short_name") == {
        key: f"S{key}" for key in scenario.company.rows
    }
    assert not scenario.sync(queries[1]).whole


def test_related_records_as_tables_then_as_json_are_refused(scenario):
    """Lists that are stored as tables are not left behind for JSON."""
    scenario.insert(3)
    query = scenario.query.expand("contacts")
    scenario.sync(query, related="tables")
    with pytest.raises(
        SinkConflict, match="layout of related records is 'tables', and here 'json'"
    ):
        scenario.sync(query, related="json")


def test_related_records_can_be_added(scenario):
    """A copy without related records gets them, in either layout."""
    for related in ("json", "tables"):
        scenario.insert(3)
        scenario.company.rows[1]["contacts"] = [{"id": 8}]
        scenario.sync(replace=True)
        query = scenario.query.expand("contacts")
        assert scenario.sync(query, related=related).whole
        assert scenario.target.contacts(related) == {1: [8]}


def test_a_table_dropped_by_hand_is_copied_again(scenario):
    """What a sync knows of a copy is gone with its table."""
    scenario.insert(200)
    scenario.sync()
    scenario.passes(days=9)
    scenario.insert(1, "new")
    scenario.target.sql("DROP TABLE customers")
    assert scenario.sync().whole
    same(scenario)


@pytest.mark.parametrize("loss", ["DROP TABLE", "DELETE FROM"])
def test_related_rows_of_a_lost_table_do_not_stay(scenario, loss):
    """Related rows whose parents are gone go, too, where the parents' table was lost."""
    scenario.insert(3)
    for key, row in scenario.company.rows.items():
        row["contacts"] = [{"id": 100 * key}]
    query = scenario.query.expand("contacts")
    scenario.sync(query, related="tables")
    scenario.target.sql(f"{loss} customers")
    del scenario.company.rows[4]
    scenario.passes(days=1)
    scenario.sync(query, related="tables")
    same(scenario)
    assert scenario.target.contacts("tables") == {1: [100], 7: [700]}


def test_a_column_dropped_by_hand_is_filled(scenario):
    """A column that is lost is filled again in all rows."""
    scenario.insert(20)
    scenario.sync()
    scenario.passes(days=9)
    scenario.target.sql("ALTER TABLE customers DROP COLUMN name")
    assert scenario.sync().whole
    same(scenario)


def test_a_row_deleted_by_hand_is_copied_again(scenario):
    """A row that the copy has lost is read again by its key."""
    scenario.insert(50)
    scenario.sync()
    scenario.passes(days=9)
    scenario.target.sql("DELETE FROM customers WHERE id = 4")
    assert scenario.sync().changed == 1
    same(scenario)


@pytest.mark.parametrize("stamp", [days(400), None, datetime(2031, 1, 1, tzinfo=UTC)])
def test_a_new_row_with_any_stamp_is_copied(scenario, stamp):
    """A new row is copied whether its stamp is old, null or from the future."""
    scenario.insert(200)
    scenario.passes(days=9)
    scenario.sync()
    key = scenario.insert(1, "strange", stamp=stamp)
    scenario.sync()
    same(scenario)
    scenario.passes(days=9)
    scenario.company.rows[key]["name"] = "new"
    if stamp is None:  # no stamp shows the change, so the row is read each time
        assert scenario.sync().changed == 1
        same(scenario)


def test_rows_hidden_for_one_run_come_back(scenario):
    """Rows that a role hid, and that were marked as deleted, live again."""
    scenario.insert(100, stamp=days(50))
    scenario.insert(1)
    scenario.sync()
    scenario.company.hidden = {1, 4, 7}
    assert scenario.sync(most=0.1).deleted == 3
    assert scenario.target.deleted == {1, 4, 7}
    scenario.company.hidden = set()
    scenario.sync()
    assert scenario.target.deleted == set()
    same(scenario)


def test_a_company_restored_from_a_backup_has_its_old_values_back(scenario):
    """Values that went back with their stamps go back in the copy, and the result says so."""
    scenario.insert(100)
    backup = scenario.backup()
    scenario.passes(days=1)
    for key in list(scenario.company.rows)[:40]:
        scenario.change(key, "later")
    scenario.insert(3, "later")
    assert not scenario.sync().source_went_back
    scenario.company.rows = backup
    scenario.passes(days=1)
    result = scenario.sync()
    assert (result.source_went_back, result.deleted) == (True, 3)
    assert result.watermark == STARTED
    same(scenario)


def empty_changes(options, rows):
    """Answer ``[]`` to each request for changes."""
    return [] if f"{STAMP} ge" in options.get("$filter", "") else rows


def test_a_reading_of_changes_that_is_empty_is_refused(scenario):
    """Changes that lack the row of the watermark fail the sync; none is lost."""
    scenario.insert(200)
    scenario.sync()
    scenario.passes(minutes=1)
    for key in list(scenario.company.rows)[:49]:
        scenario.change(key, "new")
    with (
        scenario.lying(empty_changes),
        pytest.raises(ExtractError, match=r"changes lacks record 598, which is listed"),
    ):
        scenario.sync()
    scenario.sync()
    same(scenario)


def test_a_reading_of_changes_that_is_empty_once_is_repeated(scenario):
    """Changes that lack the row of the watermark are read again; then all is well."""
    scenario.insert(200)
    scenario.sync()
    scenario.passes(minutes=1)
    scenario.change(4, "new")
    lies = []

    def once(options, rows):
        lies.append(empty_changes(options, rows))
        return lies[-1] if len(lies) <= 4 else rows

    with scenario.lying(once):
        scenario.sync()
    same(scenario)


def test_two_changes_with_one_stamp_are_both_seen(scenario):
    """A row that changes again within the same stamp is read again by the overlap."""
    scenario.insert(20)
    scenario.change(4, "once")
    scenario.sync()
    scenario.change(4, "twice")
    scenario.sync()
    same(scenario)


@pytest.mark.parametrize("size", [1, 2, 50, 100])
def test_living_rows_are_never_marked_by_servers_with_small_pages(scenario, size):
    """A server that cuts each page short costs no living row, whatever is asked."""
    scenario.insert(150)
    scenario.sync()
    del scenario.company.rows[1]

    def cut(options, rows):
        return rows[:size]

    with scenario.lying(cut), contextlib.suppress(ExtractError, PagingError):
        scenario.sync(most=0.5)
    assert scenario.target.deleted <= {1}


@pytest.mark.parametrize("size", [50, 100])
def test_changes_cut_by_servers_with_small_pages_are_not_lost(scenario, size):
    """A server that cuts each page short moves no watermark past what it withheld."""
    scenario.insert(199)
    scenario.sync()
    scenario.passes(days=1)
    for key in list(scenario.company.rows)[:150]:
        scenario.passes(seconds=OVERLAP)
        scenario.change(key, "new")

    def cut(options, rows):
        return rows[:size]

    with (
        scenario.lying(cut),
        contextlib.suppress(ExtractError, PagingError),
    ):
        scenario.sync(most=0.1)
        same(scenario)
    scenario.sync(sweep_every=3600)
    same(scenario)


def test_a_killed_first_sync_can_be_left(scenario, monkeypatch):
    """After a first sync that was killed, another select begins anew by itself."""
    monkeypatch.setattr(database_sink, "ROWS", 100)
    scenario.insert(400)
    scenario.server.dies_at = 12
    with pytest.raises(Killed):
        scenario.sync(scenario.query.page_size(50), workers=1)
    scenario.server.dies_at = None
    scenario.sync(scenario.query.select("on_hold"))
    same(scenario)


def test_a_killed_first_sync_of_another_query_is_dropped_by_restart(
    scenario, monkeypatch
):
    """A part of another query is not continued; --restart drops it."""
    monkeypatch.setattr(database_sink, "ROWS", 100)
    scenario.insert(400)
    scenario.server.dies_at = 12
    with pytest.raises(Killed):
        scenario.sync(scenario.query.page_size(50), workers=1)
    scenario.server.dies_at = None
    filtered = scenario.query.filter(on_hold=False)
    with pytest.raises(SinkConflict, match="--restart"):
        scenario.sync(filtered)
    scenario.sync(filtered, restart=True)
    same(scenario)
