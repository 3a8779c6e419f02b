"""What once made a copy wrong for ever, or was thought to: each heals, or is refused."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from stamped_company import STAMP, STARTED, Killed

from sage200_async import Sage200Client
from sage200_async.errors import ExtractError, PagingError, SinkConflict
from sage200_async.odata.fields import DateTimeField, IntegerField, TextField
from sage200_async.odata.namespaces import Fields
from sage200_async.query.collection import CollectionQuery
from sage200_async.query.endpoint import Endpoint
from sage200_async.query.records import Record, UtcTime
from sage200_async.settings import Settings


def same(lab):
    """Check that the copy has what the company has."""
    assert lab.target.names == lab.names()


def days(count):
    """Return a stamp some days before the company's first."""
    return STARTED - timedelta(days=count)


def test_another_company_is_refused(lab):
    """A copy of one company is not continued with another; --replace builds anew."""
    lab.insert(5)
    other = lab.server.companies["2"]
    lab.insert(2, "other", company=other)
    lab.sync()
    client = Sage200Client(Settings(site="s", company=2), transport=lab.server)
    with pytest.raises(
        SinkConflict, match=r"its company is '1', and here '2'.*--replace"
    ):
        lab.sync(client=client)
    same(lab)
    lab.sync(client=client, replace=True)
    assert lab.target.names == lab.names(other)


def test_a_query_that_is_not_bound_has_the_company_of_its_client(lab):
    """The identity is that of the client's company, also for a query without one."""
    lab.insert(5)
    query = type(lab.query)(lab.query.endpoint, lab.query.options)
    lab.sync(query)
    client = Sage200Client(Settings(site="s", company=2), transport=lab.server)
    with pytest.raises(SinkConflict, match="its company is '1', and here '2'"):
        lab.sync(query, client=client)


def test_a_filter_taken_away_is_refused(lab):
    """A copy of some records is not taken for one of all; --replace builds it."""
    lab.insert(20)
    lab.company.rows[1]["on_hold"] = True
    lab.sync(lab.query.filter(on_hold=True))
    with pytest.raises(
        SinkConflict, match="its filter is 'on_hold eq true', and here em"
    ):
        lab.sync()
    assert set(lab.target.names) == {1}
    assert lab.sync(replace=True).whole
    same(lab)


def test_page_sizes_and_hosts_are_no_part_of_the_identity(lab):
    """Another page size, or localhost for 127.0.0.1, goes on with the same copy."""
    lab.insert(5)
    lab.sync()
    settings = Settings(site="S", company=1, base_url="http://localhost:1/v1")
    client = Sage200Client(settings, transport=lab.server)
    assert not lab.sync(lab.query.page_size(7), client=client).whole


def test_a_wider_select_is_filled(lab):
    """A column that is new is filled in all rows, though no stamp has moved."""
    lab.insert(250)
    lab.company.rows[1]["on_hold"] = True
    lab.passes(days=9)
    lab.sync()
    lab.passes(days=9)
    result = lab.sync(lab.query.select("on_hold"))
    assert (result.whole, result.changed) == (True, 250)
    assert [bool(held) for held in lab.target.column("on_hold").values()].count(
        True
    ) == 1
    assert None not in lab.target.column("on_hold").values()
    assert not lab.sync(lab.query.select("on_hold")).whole


def test_a_wider_select_is_filled_after_a_kill(lab):
    """A column that is new is filled also where the first attempt was killed."""
    lab.insert(250)
    lab.sync()
    wide = lab.query.select("on_hold")
    lab.server.dies_at = 5
    with pytest.raises(Killed):
        lab.sync(wide)
    lab.server.dies_at = None
    assert lab.sync(wide).whole
    assert None not in lab.target.column("on_hold").values()


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


def test_a_field_that_a_later_catalog_has_is_filled(lab):
    """A copy made by one catalog is kept in step by the next, with nothing asked."""
    lab.insert(30)
    for key, row in lab.company.rows.items():
        row["short_name"] = f"S{key}"
    queries = [
        Endpoint("customers", CollectionQuery, model, "id", STAMP).query
        for model in (Earlier, Later)
    ]
    lab.sync(queries[0])
    lab.passes(days=9)
    result = lab.sync(queries[1])
    assert (result.whole, result.changed) == (True, 30)
    assert lab.target.column("short_name") == {
        key: f"S{key}" for key in lab.company.rows
    }
    assert not lab.sync(queries[1]).whole


def test_related_records_as_tables_then_as_json_are_refused(lab):
    """Lists that are stored as tables are not left behind for JSON."""
    lab.insert(3)
    query = lab.query.expand("contacts")
    lab.sync(query, related="tables")
    with pytest.raises(SinkConflict, match="its related is 'tables', and here 'json'"):
        lab.sync(query, related="json")


def test_related_records_can_be_added(lab):
    """A copy without related records gets them, in either layout."""
    for related in ("json", "tables"):
        lab.insert(3)
        lab.company.rows[1]["contacts"] = [{"id": 8}]
        lab.sync(replace=True)
        query = lab.query.expand("contacts")
        assert lab.sync(query, related=related).whole
        assert lab.target.contacts(related) == {1: [8]}


def test_a_table_dropped_by_hand_is_copied_again(lab):
    """What a sync knows of a copy is gone with its table."""
    lab.insert(200)
    lab.sync()
    lab.passes(days=9)
    lab.insert(1, "new")
    lab.target.sql("DROP TABLE customers")
    assert lab.sync().whole
    same(lab)


def test_a_column_dropped_by_hand_is_filled(lab):
    """A column that is lost is filled again in all rows."""
    lab.insert(20)
    lab.sync()
    lab.passes(days=9)
    lab.target.sql("ALTER TABLE customers DROP COLUMN name")
    assert lab.sync().whole
    same(lab)


def test_a_row_deleted_by_hand_is_copied_again(lab):
    """A row that the copy has lost is read again by its key."""
    lab.insert(50)
    lab.sync()
    lab.passes(days=9)
    lab.target.sql("DELETE FROM customers WHERE id = 4")
    assert lab.sync().changed == 1
    same(lab)


@pytest.mark.parametrize("stamp", [days(400), None, datetime(2031, 1, 1, tzinfo=UTC)])
def test_a_new_row_with_any_stamp_is_copied(lab, stamp):
    """A new row is copied whether its stamp is old, null or from the future."""
    lab.insert(200)
    lab.passes(days=9)
    lab.sync()
    key = lab.insert(1, "strange", stamp=stamp)
    lab.sync()
    same(lab)
    lab.passes(days=9)
    lab.company.rows[key]["name"] = "new"
    if stamp is None:  # no stamp tells of the change, so the row is read each time
        assert lab.sync().changed == 1
        same(lab)


def test_rows_hidden_for_one_run_come_back(lab):
    """Rows that a role hid, and that were marked as deleted, live again."""
    lab.insert(100, stamp=days(50))
    lab.insert(1)
    lab.sync()
    lab.company.hidden = {1, 4, 7}
    assert lab.sync(most=0.1).deleted == 3
    assert lab.target.deleted == {1, 4, 7}
    lab.company.hidden = set()
    lab.sync()
    assert lab.target.deleted == set()
    same(lab)


def test_a_company_restored_from_a_backup_has_its_old_values_back(lab):
    """Values that went back with their stamps go back in the copy, and it is told."""
    lab.insert(100)
    backup = lab.backup()
    lab.passes(days=1)
    for key in list(lab.company.rows)[:40]:
        lab.change(key, "later")
    lab.insert(3, "later")
    assert not lab.sync().source_went_back
    lab.company.rows = backup
    lab.passes(days=1)
    result = lab.sync()
    assert (result.source_went_back, result.deleted) == (True, 3)
    assert result.watermark == STARTED
    same(lab)


def empty_changes(options, rows):
    """Answer ``[]`` to each request for changes."""
    return [] if f"{STAMP} ge" in options.get("$filter", "") else rows


def test_a_reading_of_changes_that_is_empty_is_refused(lab):
    """Changes that lack the row of the watermark fail the sync; none is lost."""
    lab.insert(200)
    lab.sync()
    lab.passes(minutes=1)
    for key in list(lab.company.rows)[:49]:
        lab.change(key, "new")
    with (
        lab.lying(empty_changes),
        pytest.raises(ExtractError, match=r"changes lacks record 598, which is listed"),
    ):
        lab.sync()
    lab.sync()
    same(lab)


def test_a_reading_of_changes_that_is_empty_once_is_repeated(lab):
    """Changes that lack the row of the watermark are read again; then all is well."""
    lab.insert(200)
    lab.sync()
    lab.passes(minutes=1)
    lab.change(4, "new")
    lies = []

    def once(options, rows):
        lies.append(empty_changes(options, rows))
        return lies[-1] if len(lies) <= 4 else rows

    with lab.lying(once):
        lab.sync()
    same(lab)


def test_two_changes_with_one_stamp_are_both_seen(lab):
    """A row that changes again within the same stamp is read again by the overlap."""
    lab.insert(20)
    lab.change(4, "once")
    lab.sync()
    lab.change(4, "twice")
    lab.sync()
    same(lab)


@pytest.mark.parametrize("size", [1, 2, 50, 100])
def test_living_rows_are_never_marked_by_servers_with_small_pages(lab, size):
    """A server that cuts each page short costs no living row, whatever is asked."""
    lab.insert(150)
    lab.sync()
    del lab.company.rows[1]

    def cut(options, rows):
        return rows[:size]

    with lab.lying(cut), contextlib.suppress(ExtractError, PagingError):
        lab.sync(most=0.5)
    assert lab.target.deleted <= {1}


def test_a_killed_first_sync_can_be_left(lab):
    """After a first sync that was killed, another select begins anew by itself."""
    lab.insert(400)
    lab.server.dies_at = 6
    with pytest.raises(Killed):
        lab.sync(lab.query.page_size(50))
    lab.server.dies_at = None
    lab.sync(lab.query.select("on_hold"))
    same(lab)


def test_a_killed_first_sync_of_another_query_is_dropped_by_restart(lab):
    """A part of another query is not continued; --restart drops it."""
    lab.insert(2000)
    lab.server.dies_at = 30
    with pytest.raises(Killed):
        lab.sync(lab.query.page_size(50))
    lab.server.dies_at = None
    filtered = lab.query.filter(on_hold=False)
    with pytest.raises(SinkConflict, match="--restart"):
        lab.sync(filtered)
    lab.sync(filtered, restart=True)
    same(lab)
