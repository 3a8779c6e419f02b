"""A table is the copy of one query: of another, or altered by hand, it is refused."""

import contextlib
from decimal import Decimal

import pytest
from msgspec.structs import replace

from sage200_async.errors import SinkConflict
from sage200_async.extract.identity import Identity
from sage200_async.extract.sink import OpenOptions
from sage200_async.extract.tables import Column, Table

NORTH = Identity(site="s", company="1", path="/orders")
SOUTH = Identity(site="s", company="2", path="/orders")


@pytest.fixture
def wider(helpers):
    """Return the table with a column more."""
    return Table("orders", (*helpers.OWN.columns, Column("new one", "number")), ("id",))


def state(database, name, resource="orders"):
    sql = (
        f"SELECT value FROM _sage200 WHERE resource = '{resource}' AND name = '{name}'"
    )
    return [value for (value,) in database.execute(sql)]


def stage(database, helpers, rows, *, identity, **wishes):
    """Stage rows in a run that ends before its commit."""
    with contextlib.closing(database.sink()) as sink:
        checkpoint = sink.open(
            [helpers.OWN, helpers.LINES], OpenOptions(identity=identity, **wishes)
        )
        if checkpoint is None:
            sink.begin(replace(helpers.STARTED, query=str(identity)))
        sink.metadata("watermark", f"of {identity.company}")
        high = max(row[0] for row in rows)
        low = high - len(rows)
        sink.write(helpers.upto(high, low), {"orders": rows})


def test_a_new_column_is_added_and_named(database, helpers, wider):
    """A column that a newer catalog brings is added, and unfilled until all is read again."""
    helpers.snapshot(database, [helpers.order(1), helpers.order(2)])
    for _ in range(2):  # the next to open it learns it too
        with contextlib.closing(database.sink()) as sink:
            assert sink.open([wider, helpers.LINES]) is None
            copy = sink.copy()
            assert (copy.is_new, copy.unfilled) == (False, ("orders.new one",))
            sink.merge({"orders": [(*helpers.order(2), Decimal("1.5"))]})
    assert [row[6] for row in sorted(database.rows(wider))] == [None, Decimal("1.5")]
    rows = [(*helpers.order(key), Decimal(key)) for key in (1, 2)]
    helpers.snapshot(database, rows, tables=[wider, helpers.LINES])
    with contextlib.closing(database.sink()) as sink:
        sink.open([wider, helpers.LINES])
        assert sink.copy().unfilled == ()
    assert [row[6] for row in sorted(database.rows(wider))] == [1, 2]


def test_a_new_table_of_related_records_is_named(database, helpers):
    """A table of related records that is new, or was dropped or emptied by hand, is unfilled."""
    lines = [(1, 0, Decimal(1))]
    helpers.snapshot(database, [helpers.order(1)], tables=[helpers.OWN])
    for loss in ("", "DROP TABLE orders__lines", "DELETE FROM orders__lines"):
        if loss:
            database.execute(loss)
        with contextlib.closing(database.sink()) as sink:
            sink.open([helpers.OWN, helpers.LINES])
            assert sink.copy().unfilled == ("orders__lines",)
        helpers.snapshot(database, [helpers.order(1)], lines)
        with contextlib.closing(database.sink()) as sink:
            sink.open([helpers.OWN, helpers.LINES])
            assert sink.copy().unfilled == ()
        assert database.rows(helpers.LINES) == [(*lines[0], None)]


def test_fewer_columns_have_to_be_wished(database, helpers, wider):
    """Columns that a query no longer has are refused, or dropped; those of others stay."""
    row = (*helpers.order(1), Decimal(5))
    helpers.snapshot(database, [row], [(1, 0, None)], tables=[wider, helpers.LINES])
    database.execute("ALTER TABLE orders ADD COLUMN note integer")
    database.execute("UPDATE orders SET note = 7")
    with pytest.raises(SinkConflict) as caught:
        database.sink().open([helpers.OWN])
    assert "has orders__lines, orders.new one, which the query no longer has; " in str(
        caught.value
    )
    assert "pass --drop-columns" in str(caught.value)
    stored = helpers.read_back([row[:6]])[0]
    assert database.rows(wider) == [(*stored[:6], Decimal(5), None)]
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN], OpenOptions(drop_columns=True))
    assert database.rows(helpers.OWN) == helpers.read_back([row[:6]])
    columns = helpers.columns_of(database)
    assert "note" in columns[0]
    assert "new one" not in columns[0]
    assert columns[1] == {}
    helpers.snapshot(database, [helpers.order(1)], tables=[helpers.OWN])
    assert database.execute("SELECT note FROM orders") == [(7,)]


@pytest.mark.parametrize("wish", ["drop_columns", "replace"])
def test_a_table_of_the_users_own_is_never_dropped(database, helpers, wish):
    """A table of a name that was ours, created by somebody else, stays as it is."""
    helpers.snapshot(database, [helpers.order(1)], [(1, 0, None)])
    database.execute("DROP TABLE orders__lines")
    database.execute("CREATE TABLE orders__lines (mine integer)")
    database.execute("INSERT INTO orders__lines VALUES (7)")
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN])  # it is none of the copy, so that nothing is wished
    row = helpers.order(2)
    helpers.snapshot(database, [row], tables=[helpers.OWN], **{wish: True})
    assert database.rows(helpers.OWN) == helpers.read_back([row])
    assert database.execute("SELECT mine FROM orders__lines") == [(7,)]
    with pytest.raises(SinkConflict, match="was not created by sage200_async"):
        database.sink().open([helpers.OWN, helpers.LINES])


LOSSES = {
    "dropped": ["DROP TABLE orders"],
    "emptied": ["DELETE FROM orders"],
    "created again": ["DROP TABLE orders", "CREATE TABLE orders (id integer)"],
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_table_that_is_lost_begins_anew(database, helpers, loss):
    """What is stored about a table does not outlive its rows, whichever way they went."""
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN, helpers.LINES], OpenOptions(identity=NORTH))
        sink.begin(replace(helpers.STARTED, query=str(NORTH)))
        whole = replace(helpers.STARTED.bounds, records=1)
        sink.write(whole, {"orders": [helpers.order(1)]})
        sink.commit(helpers.certificate(1))
        sink.metadata("watermark", "late")
    stage(database, helpers, [helpers.order(1)], identity=NORTH)
    for statement in LOSSES[loss]:
        database.execute(statement)
    with contextlib.closing(database.sink()) as sink:
        assert (
            sink.open([helpers.OWN, helpers.LINES], OpenOptions(identity=SOUTH)) is None
        )
        assert sink.copy().is_new
        assert sink.metadata("watermark") is None
        sink.metadata("next", "one")
    with contextlib.closing(database.sink()) as sink:  # only the once
        sink.open([helpers.OWN, helpers.LINES], OpenOptions(identity=SOUTH))
        assert sink.metadata("next") == "one"
    helpers.snapshot(database, [helpers.order(2)])
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(2)])


def test_a_copy_of_nothing_is_a_copy(database, helpers):
    """A table that is empty since nothing matched has lost nothing."""
    helpers.snapshot(database, [])
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN, helpers.LINES])
        sink.metadata("watermark", "late")
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN, helpers.LINES])
        assert not sink.copy().is_new
        assert sink.metadata("watermark") == "late"


def test_a_table_with_rows_that_was_created_again_is_refused(database, helpers):
    """A table of the same name with other rows is left alone, unless it is to be replaced."""
    helpers.snapshot(database, [helpers.order(1)])
    database.execute("DROP TABLE orders")
    database.execute("CREATE TABLE orders (id integer, mine integer)")
    database.execute("INSERT INTO orders VALUES (5, 6)")
    with pytest.raises(SinkConflict, match="not the one that sage200_async created"):
        helpers.snapshot(database, [helpers.order(2)])
    assert database.execute("SELECT * FROM orders") == [(5, 6)]
    helpers.snapshot(database, [helpers.order(2)], replace=True)
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(2)])


def test_rows_that_are_staged_and_lost_are_read_again(database, helpers):
    """Staged rows that were dropped or deleted by hand are no part of an export."""
    for loss in ("DROP TABLE _sage200_orders", "DELETE FROM _sage200_orders"):
        stage(database, helpers, [helpers.order(1)], identity=NORTH)
        database.execute(loss)
        with contextlib.closing(database.sink()) as sink:
            assert (
                sink.open([helpers.OWN, helpers.LINES], OpenOptions(identity=NORTH))
                is None
            )


def test_a_copy_of_another_query_is_refused(database, helpers):
    """Another company into a copy is refused before any change, and the way on is named."""
    helpers.snapshot(database, [helpers.order(1)], identity=NORTH)
    before = helpers.columns_of(database)
    wide = Table("orders", (*helpers.OWN.columns, Column("n", "text")), ("id",))
    with pytest.raises(SinkConflict, match=r"company is '1', and here '2'.*--replace"):
        database.sink().open([wide, helpers.LINES], OpenOptions(identity=SOUTH))
    assert helpers.columns_of(database) == before
    helpers.snapshot(database, [helpers.order(1)], identity=NORTH)


def test_a_replacement_is_built_beside(database, helpers):
    """The old copy and all about it stay until the new one is committed, and then go."""
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN, helpers.LINES], OpenOptions(identity=NORTH))
        sink.metadata("watermark", "of 1")
        sink.metadata("role", "admin")
    helpers.snapshot(database, [helpers.order(1)], [(1, 0, None)], identity=NORTH)
    stage(database, helpers, [helpers.order(2)], identity=SOUTH, replace=True)
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(1)])
    assert state(database, "metadata watermark") == ["of 1"]
    with contextlib.closing(database.sink()) as sink:
        # A read that began as a replacement goes on as one.
        checkpoint = sink.open(
            [helpers.OWN, helpers.LINES], OpenOptions(identity=SOUTH)
        )
        assert checkpoint.records == 1
        assert sink.copy().is_new
        assert sink.metadata("watermark") == "of 2"
        assert sink.metadata("role") is None
        for gap in checkpoint.missing:
            sink.write(gap, {"orders": []})
        sink.commit(helpers.certificate(1))
        assert sink.metadata("watermark") == "of 2"
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(2)])
    assert database.rows(helpers.LINES) == []
    assert state(database, "metadata role") == []
    with contextlib.closing(database.sink()) as sink:
        assert (
            sink.open([helpers.OWN, helpers.LINES], OpenOptions(identity=SOUTH)) is None
        )
        assert not sink.copy().is_new
    with pytest.raises(SinkConflict, match="company is '2', and here '1'"):
        database.sink().open([helpers.OWN, helpers.LINES], OpenOptions(identity=NORTH))


def test_a_replacement_that_is_dropped_leaves_the_copy(database, helpers):
    """An unfinished replacement can be left: the old copy goes on as before."""
    helpers.snapshot(database, [helpers.order(1)], identity=NORTH)
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN, helpers.LINES], OpenOptions(identity=NORTH))
        sink.metadata("watermark", "of 1")
    stage(database, helpers, [helpers.order(2)], identity=SOUTH, replace=True)
    with pytest.raises(SinkConflict, match=r"unfinished read of /orders of company 2"):
        database.sink().open([helpers.OWN, helpers.LINES], OpenOptions(identity=NORTH))
    with contextlib.closing(database.sink()) as sink:
        tables = [helpers.OWN, helpers.LINES]
        assert sink.open(tables, OpenOptions(identity=NORTH, restart=True)) is None
        assert sink.metadata("watermark") == "of 1"
        assert list(sink.keys()) == [1]
    assert database.execute("SELECT * FROM _sage200_orders") == []


def test_a_first_read_can_be_left(database, helpers):
    """A killed first export of another query is refused, and dropped where that is wished."""
    stage(database, helpers, [helpers.order(1)], identity=NORTH)
    with pytest.raises(SinkConflict, match="or pass --restart"):
        database.sink().open([helpers.OWN, helpers.LINES], OpenOptions(identity=SOUTH))
    helpers.snapshot(database, [helpers.order(2)], identity=SOUTH, restart=True)
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(2)])
    stage(database, helpers, [helpers.order(3)], identity=SOUTH)
    helpers.snapshot(database, [helpers.order(2)], identity=SOUTH, restart=True)
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(2)])


def test_another_layout_replaces_with_its_own_tables(database, helpers):
    """A replacement may have other types, another key, and other tables."""
    helpers.snapshot(database, [helpers.order(1)], [(1, 0, None)], identity=NORTH)
    table = Table("orders", (Column("total", "text"), Column("select", "integer")))
    with contextlib.closing(database.sink()) as sink:
        sink.open([table], OpenOptions(identity=SOUTH, replace=True))
        assert len(database.rows(helpers.OWN)) == 1
        sink.begin(replace(helpers.STARTED, query=str(SOUTH), bounds=None))
        sink.write(None, {"orders": [("a", 1), ("a", 1)]})
        sink.commit(helpers.certificate(2))
    assert database.rows(table) == [("a", 1, None), ("a", 1, None)]
    columns = helpers.columns_of(database)
    assert list(columns[0]) == ["total", "select", "_deleted_at"]
    assert columns[1] == {}


def test_a_table_that_is_not_ours_is_refused(database, helpers):
    """A table that is not in the state table is left alone, whatever is wished."""
    database.execute("CREATE TABLE orders__lines (id integer)")
    before = helpers.columns_of(database)
    for wishes in ({}, {"replace": True, "restart": True, "drop_columns": True}):
        with pytest.raises(SinkConflict, match="orders__lines: it was not created"):
            database.sink().open([helpers.OWN, helpers.LINES], OpenOptions(**wishes))
    assert helpers.columns_of(database) == before
    assert before[0] == before[2] == {}


def test_a_copy_whose_state_is_gone_is_refused(database, helpers):
    """A copy without its state could be of anything, so that it is left alone."""
    helpers.snapshot(database, [helpers.order(1)])
    database.execute("DROP TABLE _sage200")
    with pytest.raises(SinkConflict, match="table orders: it was not created"):
        database.sink().open([helpers.OWN, helpers.LINES])
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(1)])


def test_another_type_or_key_is_refused(database, helpers):
    """A column of another type, or another key, is refused before any change, or replaced."""
    helpers.snapshot(database, [helpers.order(1)])
    before = helpers.columns_of(database)
    wider = Table("orders", (*helpers.OWN.columns, Column("new", "text")), ("id",))
    lines = (*helpers.LINES.columns[:2], Column("price", "datetime"))
    other = Table(helpers.LINES.name, lines, helpers.LINES.key, "lines")
    with pytest.raises(SinkConflict, match=r"orders__lines: column price must be"):
        database.sink().open([wider, other])
    unkeyed = Table("orders", helpers.OWN.columns)
    with pytest.raises(SinkConflict, match=r"its key must be \[\], not \['id'\]"):
        database.sink().open([unkeyed])
    assert helpers.columns_of(database) == before


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_a_type_that_was_altered_by_hand_is_refused(database, helpers):
    """A column whose type was altered is named, with both ways on; replacing heals it."""
    helpers.snapshot(database, [helpers.order(1)])
    database.execute("ALTER TABLE orders ALTER COLUMN total TYPE double precision")
    with pytest.raises(
        SinkConflict, match=r"column total must be .*; alter it back, or"
    ):
        database.sink().open([helpers.OWN, helpers.LINES])
    helpers.snapshot(database, [helpers.order(2)], replace=True)
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(2)])
