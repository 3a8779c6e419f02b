"""What a sink promises, for each database."""

import contextlib
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract import proof
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sink as database_sink
from sage200_async.extract.databases import stored_copy
from sage200_async.extract.databases.urls import database_at
from sage200_async.extract.sink import OpenOptions
from sage200_async.extract.tables import Table

AT = datetime(2026, 3, 2, tzinfo=UTC)


def test_tables_are_there_before_any_row(database, helpers):
    """An empty resource makes empty tables with all columns."""
    helpers.snapshot(database, [])
    assert database.rows(helpers.OWN) == database.rows(helpers.LINES) == []


def test_every_kind_of_value_comes_back(database, helpers):
    """Decimals to the last digit, times, text, booleans, JSON and nulls come back."""
    rows = [
        helpers.order(1, total=Decimal("-0.0000000001"), json='{"a":[1.10,null,"é"]}'),
        helpers.order(2, total=Decimal("1234567890123456789012345678.0123456789")),
        helpers.order(3, total=Decimal("1E+5"), at=datetime(1, 1, 1, tzinfo=UTC)),
        helpers.order(
            2**63 - 1, at=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
        ),
    ]
    rows = [(-(2**63), None, None, None, None, None), *rows]
    helpers.snapshot(database, rows)
    assert sorted(database.rows(helpers.OWN)) == sorted(helpers.read_back(rows))


def test_the_checkpoint_comes_with_the_rows(database, helpers, monkeypatch):
    """The checkpoint names the rows that were written, and no others."""
    monkeypatch.setattr(database_sink, "ROWS", 10)
    sink = database.sink()
    sink.open([helpers.OWN])
    sink.begin(helpers.STARTED)
    rows = [helpers.order(key) for key in range(1, 11)]
    sink.write(helpers.upto(10), {"orders": rows})
    sink.write(helpers.upto(11, 10), {"orders": [helpers.order(11)]})
    sink._engine.disconnect()
    again = database.sink()
    assert again.open([helpers.OWN]) == helpers.done(helpers.upto(10))
    again.close()
    staged = database.execute('SELECT id FROM "_sage200_orders" ORDER BY id')
    assert staged == [(key,) for key in range(1, 11)]
    assert database.rows(helpers.OWN) == []


@pytest.mark.parametrize(
    "end", ["commit", "close", "metadata", "mark", "keys", "stamps", "rows", "copy"]
)
def test_what_is_gathered_is_written(database, helpers, end):
    """Every call but a small write itself stages what was gathered."""
    sink = database.sink()
    sink.open([helpers.OWN])
    sink.begin(helpers.STARTED)
    rows = {"orders": [helpers.order(1)]}
    sink.write(replace(helpers.STARTED.bounds, records=1), rows)
    ends = {
        "commit": lambda: sink.commit(helpers.certificate(1)),
        "close": sink.close,
        "metadata": lambda: sink.metadata("watermark", "here"),
        "mark": lambda: sink.mark_deleted([], 0.0),
        "keys": lambda: list(sink.keys()),
        "stamps": lambda: sink.stamps_of(None, [1]),
        "rows": lambda: list(sink.rows("orders")),
        "copy": sink.copy,
    }
    ends[end]()
    sink._engine.disconnect()
    again = database.sink()
    checkpoint = again.open([helpers.OWN])
    # What is committed cannot be resumed.
    assert (checkpoint is None) == (end == "commit")
    if checkpoint:
        again.commit(helpers.certificate(1))
    again.close()
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(1)])


@pytest.mark.parametrize("end", ["begin", "close", "metadata", "keys", "mark", "merge"])
def test_what_is_to_be_merged_is_written(database, helpers, end):
    """Every call but another small merge merges what was gathered; the same key does, too."""
    sink = database.sink()
    sink.open([helpers.OWN])
    sink.merge({"orders": [helpers.order(1, text="first")]})
    ends = {
        "begin": lambda: sink.begin(helpers.STARTED),
        "close": sink.close,
        "metadata": lambda: sink.metadata("watermark", "here"),
        "keys": lambda: list(sink.keys()),
        "mark": lambda: sink.mark_deleted([], 0.0),
        "merge": lambda: sink.merge({"orders": [helpers.order(1, text="second")]}),
    }
    ends[end]()
    sink._engine.disconnect()
    first = helpers.order(1, text="first")
    assert database.rows(helpers.OWN) == helpers.read_back([first])


def test_a_row_that_comes_again_replaces(database, helpers):
    """A row replaces the one of its key, in the same run as in another."""
    first, second = helpers.order(1), helpers.order(2)
    new = [helpers.order(1, total=Decimal(2)), helpers.order(2, text=None)]
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN])
        sink.merge({"orders": [second, first]})
        sink.merge({"orders": new[:1]})
        assert list(sink.keys()) == [1, 2]
        assert sink.rows_written == 3
        sink.merge({"orders": new[:1]})
        assert list(sink.keys()) == [1, 2]
        assert sink.rows_written == 3
    helpers.merge(database, new[1:])
    assert sorted(database.rows(helpers.OWN)) == sorted(helpers.read_back(new))


def test_nothing_is_merged_while_a_read_is_unfinished(database, helpers):
    """An unfinished read has to be resumed or discarded before rows are merged."""
    sink = database.sink()
    sink.open([helpers.OWN])
    sink.begin(helpers.STARTED)
    sink.write(helpers.upto(5), {"orders": [helpers.order(5)]})
    with pytest.raises(SinkError, match=r"resume it, or call discard\(\) first"):
        sink.merge({"orders": [helpers.order(1)]})
    sink.discard()
    sink.merge({"orders": [helpers.order(1)]})
    sink.close()
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(1)])
    assert sink.open([helpers.OWN]) is None
    sink.close()


def test_rows_outside_of_their_range_are_refused(database, helpers):
    """Rows of other keys, or twice the same, are refused, and nothing is stored."""
    one, two = helpers.order(1), helpers.order(2)
    for rows in ([one, one], [two, one], [one, helpers.order(3)], [(None, *one[1:])]):
        sink = database.sink()
        sink.open([helpers.OWN])
        sink.begin(helpers.STARTED)
        with pytest.raises(SinkConflict, match="orders: rows must be in the order of"):
            sink.write(helpers.upto(2), {"orders": rows})
        sink.close()
    assert database.rows(helpers.OWN) == []


def test_a_range_that_was_written_before_is_refused(database, helpers):
    """Of a range that was written, no part can be written again in the same read."""
    sink = database.sink()
    sink.open([helpers.OWN])
    sink.begin(helpers.STARTED)
    sink.write(helpers.upto(2), {"orders": [helpers.order(1)]})
    sink.close()
    sink.open([helpers.OWN])
    with pytest.raises(SinkConflict, match="above 1 up to 3 were written before"):
        sink.write(helpers.upto(3, 1), {"orders": [helpers.order(2)]})
    sink.write(helpers.upto(3, 2), {"orders": [helpers.order(3)]})
    sink.close()
    assert sink.open([helpers.OWN]) == helpers.done(helpers.upto(3, records=3))
    sink.close()


def test_related_rows_are_replaced_as_a_whole(database, helpers):
    """A parent that comes again has the related rows that came with it, no others."""
    one, two = helpers.order(1), helpers.order(2)
    first = [(1, 0, Decimal(1)), (1, 1, Decimal(2)), (2, 0, Decimal(3))]
    helpers.merge(database, [one, two], first)
    helpers.merge(database, [one], [(1, 0, Decimal(9))])
    expected = [(1, 0, Decimal(9), None), (2, 0, Decimal(3), None)]
    assert sorted(database.rows(helpers.LINES)) == expected
    helpers.merge(database, [two], [])
    assert database.rows(helpers.LINES) == [expected[0]]


def test_deleted_rows_are_marked_until_they_come_again(database, helpers):
    """A deleted row keeps its first time, as do its related rows, until it comes again."""
    lines = [(1, 0, Decimal(1)), (2, 0, Decimal(2))]
    helpers.merge(database, [helpers.order(1), helpers.order(2)], lines)
    sink = database.sink()
    sink.open([helpers.OWN, helpers.LINES])
    sink.mark_deleted([1, 77], AT.timestamp())
    sink.mark_deleted([1], AT.timestamp() + 5)
    assert list(sink.keys()) == [2]
    sink.close()
    rows = helpers.read_back([helpers.order(1)], AT) + helpers.read_back(
        [helpers.order(2)]
    )
    assert sorted(database.rows(helpers.OWN)) == rows
    assert sorted(database.rows(helpers.LINES)) == [(*lines[0], AT), (*lines[1], None)]
    helpers.merge(database, [helpers.order(1)], lines[:1])
    assert {
        row[-1] for row in database.rows(helpers.OWN) + database.rows(helpers.LINES)
    } == {None}


EDGES = [-(2**63), -5, 0, 1, 2, 3, 5, 8, 2**63 - 1]


def test_keys_come_in_their_order(database, helpers):
    """Keys come in ascending order, and the sink can be used meanwhile."""
    helpers.snapshot(database, [helpers.order(key) for key in EDGES])
    sink = database.sink()
    sink.open([helpers.OWN, helpers.LINES])
    stream = sink.keys()
    assert next(stream) == EDGES[0]
    sink.metadata("between", "keys")
    assert list(stream) == EDGES[1:]
    sink.close()


def test_stamps_come_with_keys(database, helpers):
    """Key, stamp and mark come for a range of keys, and for some keys, in ascending order."""
    rows = [helpers.order(key, at=AT + timedelta(microseconds=1)) for key in EDGES]
    rows[1] = helpers.order(-5, at=None)
    helpers.snapshot(database, rows)
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN, helpers.LINES])
        sink.mark_deleted([3], 5.0)
        stamps = sink.stamps("date_time_updated", -(2**70), 2**70)
        assert stamps == [(row[0], row[4], row[0] == 3) for row in rows]
        assert sink.stamps(None, 0, 3) == [(k, None, k == 3) for k in (1, 2, 3)]
        assert sink.stamps(None, 8, 8) == sink.stamps(None, 2**63, 2**70) == []
        some = sink.stamps_of("date_time_updated", [8, 4, 3, -5, 8])
        assert some == [(-5, None, False), stamps[5], stamps[7]]
        assert sink.stamps_of(None, []) == []


def test_rows_come_back_as_they_were_written(database, helpers, monkeypatch):
    """Live rows come in pages, in key order, with the values that were written."""
    monkeypatch.setattr(stored_copy, "_PAGE", 2)
    rows = [helpers.order(key, total=Decimal(f"{key}.0500000000")) for key in EDGES]
    rows[1] = (-5, None, None, None, None, None)
    rows[2] = helpers.order(0, at=datetime(9999, 12, 31, 23, 59, 59, 999999, UTC))
    rows[3] = helpers.order(1, at=datetime(1, 1, 1, tzinfo=UTC))
    lines = [(0, 0, Decimal(1)), (0, 1, None), (3, 0, Decimal(3)), (5, 0, None)]
    helpers.snapshot(database, rows, lines)
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN, helpers.LINES])
        sink.mark_deleted([3], 5.0)
        stored, read = [row for row in rows if row[0] != 3], sink.rows("orders")
        assert next(read)[:5] == stored[0][:5]
        sink.metadata("between", "rows")
        for row, expected in zip(read, stored[1:], strict=True):
            assert row[:5] == expected[:5]
            assert [*map(type, row)] == [*map(type, expected)]
            assert row[5] is expected[5] or helpers.NUMBERS(row[5]) == helpers.NUMBERS(
                expected[5]
            )
        assert list(sink.rows("orders__lines")) == [lines[0], lines[1], lines[3]]
        with pytest.raises(SinkError, match="there is no table rates of this resource"):
            list(sink.rows("rates"))


def test_rows_without_a_key_come_back(database, helpers):
    """Rows of a resource without a unique key come back, equal ones as often as they are."""
    rows = [(Decimal("1.5"), "EUR"), (Decimal("1.5"), "EUR"), (None, None)]
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.UNKEYED])
        sink.begin(Checkpoint(query="rates"))
        sink.write(None, {"rates": rows})
        sink.commit(helpers.certificate(3))
        assert Counter(sink.rows("rates")) == Counter(rows)


@pytest.mark.parametrize("key_range", [True, False])
def test_the_snapshot_replaces_the_snapshot(database, helpers, key_range):
    """After an export the tables hold its rows and no others, not even marked ones."""
    rows = [helpers.order(key) for key in range(1, 6)]
    lines = [(key, n, Decimal(n)) for key in range(1, 6) for n in range(2)]
    helpers.snapshot(database, rows, lines)
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN, helpers.LINES])
        sink.mark_deleted([4], 5.0)
    new = [helpers.order(2, text="new"), helpers.order(5)] if key_range else []
    helpers.snapshot(database, new, lines[2:3] if key_range else [])
    assert sorted(database.rows(helpers.OWN)) == helpers.read_back(new)
    expected = [(*lines[2], None)] if key_range else []
    assert database.rows(helpers.LINES) == expected


def test_a_snapshot_can_keep_what_is_absent(database, helpers):
    """A whole read of a copy kept in step leaves rows that did not come as they are."""
    rows = [helpers.order(key) for key in (1, 2, 3)]
    helpers.snapshot(database, rows)
    with contextlib.closing(database.sink()) as sink:
        sink.open([helpers.OWN, helpers.LINES])
        sink.mark_deleted([2, 3], AT.timestamp())
        sink.begin(helpers.STARTED)
        changed = helpers.order(1, text="new")
        whole = replace(helpers.STARTED.bounds, records=2)
        sink.write(whole, {"orders": [changed, rows[1]]})
        sink.commit(helpers.certificate(2), keep_absent=True)
        assert sink.rows_written == 2
    assert sorted(database.rows(helpers.OWN)) == [
        *helpers.read_back([changed, rows[1]]),
        *helpers.read_back([rows[2]], AT),
    ]


def test_a_certificate_of_other_rows_is_refused(database, helpers):
    """Keys that are missing, or another number of rows, are no export: the old rows stay."""
    helpers.snapshot(database, [helpers.order(1)])
    for written, records, problem in [
        (helpers.upto(3), 3, "keys are missing: -9223372036854775808 to 0, 4 to"),
        (helpers.STARTED.bounds, 4, "names 4 records, but 3 rows were written"),
    ]:
        sink = database.sink()
        sink.open([helpers.OWN, helpers.LINES], OpenOptions(restart=True))
        sink.begin(helpers.STARTED)
        sink.write(written, {"orders": [helpers.order(key) for key in (1, 2, 3)]})
        with pytest.raises(SinkError, match=problem):
            sink.commit(helpers.certificate(records))
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(1)])


def test_metadata_is_stored_beside_the_data(database, helpers):
    """Metadata is there for the next run, of its own resource only."""
    sink = database.sink()
    sink.open([helpers.OWN])
    assert sink.metadata("checkpoint") is None
    assert sink.metadata("checkpoint", "a\n'b'") == "a\n'b'"
    sink.close()
    for prefix, expected in [("", "a\n'b'"), ("north_", None)]:
        again = database.sink(prefix)
        assert again.open([helpers.OWN]) is None
        assert again.metadata("checkpoint") == expected
        again.close()


def test_the_certificate_is_stored(database, helpers):
    """The certificate of the last committed read is in the state table."""
    returned = helpers.snapshot(database, [helpers.order(7)])
    sql = (
        "SELECT value FROM _sage200 WHERE resource = 'orders' AND name = 'certificate'"
    )
    ((text,),) = database.execute(sql)
    stored = msgspec.json.decode(text, type=type(helpers.certificate()))
    assert stored == returned == helpers.certificate(1)


def test_two_companies_share_a_database(database, helpers):
    """With a prefix each, two companies do not affect each other."""
    for prefix, key in [("north_", 1), ("south_", 2)]:
        helpers.snapshot(database, [helpers.order(key)], prefix=prefix)
    for prefix, key in [("north_", 1), ("south_", 2)]:
        rows = helpers.read_back([helpers.order(key)])
        assert database.rows(helpers.OWN, prefix) == rows


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_a_prefix_can_be_a_schema(database, helpers):
    """A prefix that ends in a dot is a schema, created if it is missing."""
    helpers.snapshot(database, [helpers.order(1)], prefix="north.")
    helpers.snapshot(database, [helpers.order(2)])
    assert database.execute("SELECT id FROM north.orders") == [(1,)]
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(2)])
    helpers.snapshot(database, [], prefix="north.")
    assert database.execute("SELECT id FROM north.orders") == []


def test_several_resources_at_once(database, helpers):
    """Sinks of one database that open and write in threads do not collide."""
    failures, many = [], 6

    def run(number):
        table = Table(f"things_{number}", helpers.OWN.columns, ("id",))
        sink = database.sink()
        try:
            sink.open([table])
            sink.begin(helpers.STARTED)
            for key in range(1, 6):
                rows = {table.name: [helpers.order(key)]}
                sink.write(helpers.upto(key, key - 1), rows)
                sink.metadata("watermark", str(key))
            sink.discard()
            rows = [helpers.order(key) for key in range(1, 6)]
            sink.merge({table.name: rows})
            sink.close()
        except SinkError as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for number in range(many):
        assert database.execute(f"SELECT count(*) FROM things_{number}") == [(5,)]


def test_a_table_without_a_key_has_no_keys(database, helpers):
    """Without a unique key there are no keys to list or to mark."""
    sink = database.sink()
    sink.open([helpers.UNKEYED])
    with pytest.raises(SinkError, match="has no unique key"):
        list(sink.keys())
    with pytest.raises(SinkError, match="has no unique key"):
        sink.mark_deleted([1], 0.0)
    sink.close()


def test_a_failed_sink_takes_no_more(database, helpers):
    """After a failure nothing is stored; a new sink goes on."""
    sink = database.sink()
    sink.open([helpers.OWN])
    sink.merge({"orders": [helpers.order(2**63)]})
    with pytest.raises(SinkError):
        sink.metadata("a", "b")
    for use in (
        lambda: sink.begin(helpers.STARTED),
        lambda: sink.write(helpers.upto(2), {"orders": [helpers.order(2)]}),
        lambda: sink.commit(helpers.certificate()),
        lambda: sink.merge({"orders": [helpers.order(1)]}),
        sink.discard,
        sink.copy,
        lambda: list(sink.rows("orders")),
        lambda: sink.metadata("a"),
        lambda: list(sink.keys()),
    ):
        with pytest.raises(SinkError, match="the sink is not open, or has failed"):
            use()
    sink.close()
    again = database.sink()
    assert again.open([helpers.OWN]) is None
    again.close()


def test_another_run_that_is_opened_is_noticed(database, helpers):
    """Of two runs on one table, the one that was opened first writes nothing more."""
    one, two = database.sink(), database.sink()
    one.open([helpers.OWN])
    two.open([helpers.OWN])
    one.merge({"orders": [helpers.order(1, text="stale")]})
    with pytest.raises(SinkConflict, match="run was started meanwhile") as refused:
        one.close()
    assert refused.value.retryable
    two.merge({"orders": [helpers.order(1)]})
    two.close()
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(1)])


def test_nothing_is_set_aside_where_another_run_was_opened(database, helpers):
    """Rows that another run has staged already are no rows that do not fit."""
    rejects = []
    one, two = (database_at(database.url, on_reject=rejects.append) for _ in range(2))
    one.open([helpers.OWN])
    one.begin(helpers.STARTED)
    one.write(helpers.upto(1), {"orders": [helpers.order(1)]})
    one.copy()
    assert two.open([helpers.OWN]) == helpers.done(helpers.upto(1))
    second = helpers.upto(2, 1), {"orders": [helpers.order(2)]}
    one.write(*second)
    with pytest.raises(SinkConflict, match="another run was started meanwhile"):
        one.close()
    two.write(*second)
    two.close()
    assert rejects == []


@pytest.mark.parametrize("keyed", [True, False])
def test_a_run_that_is_opened_during_a_commit_waits(
    database, helpers, keyed, monkeypatch
):
    """The rows that a commit has counted are those that it makes visible."""
    table = helpers.OWN if keyed else helpers.UNKEYED
    rows = [helpers.order(1)] if keyed else [(Decimal(1), "one")]
    one, two = database.sink(), database.sink()

    def open_another():
        two.open([table], OpenOptions(restart=True))
        two.close()

    thread = threading.Thread(target=open_another)

    def proved(*args):
        certificate = proof.proved(*args)
        thread.start()
        thread.join(1)  # it ends only where it does not wait for the commit
        return certificate

    monkeypatch.setattr(database_sink, "proved", proved)
    one.open([table])
    one.begin(helpers.STARTED if keyed else Checkpoint(query="rates"))
    bounds = replace(helpers.STARTED.bounds, records=1) if keyed else None
    one.write(bounds, {table.name: rows})
    assert one.commit(helpers.certificate(1)).records == 1
    one.close()
    thread.join()
    assert len(database.rows(table)) == 1
