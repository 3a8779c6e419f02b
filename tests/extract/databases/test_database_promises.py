"""What a sink promises, for each database."""

import contextlib
import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.databases import sink as database_sink
from sage200_async.extract.tables import Column, Table

AT = datetime(2026, 3, 2, tzinfo=UTC)


def read_back(helpers, rows, deleted=None):
    """Return rows as they have to be read back."""
    return [
        (*row[:5], None if row[5] is None else helpers.NUMBERS(row[5]), deleted)
        for row in rows
    ]


def write(database, helpers, rows, lines=(), *, key_range=None, prefix=""):
    """Write rows in a run of its own."""
    with contextlib.closing(database.sink(prefix)) as sink:
        sink.open([helpers.OWN, helpers.LINES])
        sink.begin(helpers.STARTED)
        tables = {"orders": rows, "orders__lines": lines}
        sink.write(key_range or helpers.upto(9), tables)


def test_tables_are_there_before_any_row(database, helpers):
    """An empty resource makes empty tables with all columns."""
    sink = database.sink()
    assert sink.open([helpers.OWN, helpers.LINES]) is None
    sink.commit(helpers.certificate())
    sink.close()
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
    write(database, helpers, rows, key_range=helpers.STARTED.bounds)
    assert sorted(database.rows(helpers.OWN)) == sorted(read_back(helpers, rows))


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
    assert sorted(row[0] for row in database.rows(helpers.OWN)) == list(range(1, 11))


@pytest.mark.parametrize(
    "end", ["commit", "close", "metadata", "mark", "keys", "begin"]
)
def test_what_is_gathered_is_written(database, helpers, end):
    """Every call but a small write itself writes what was gathered."""
    sink = database.sink()
    sink.open([helpers.OWN])
    sink.begin(helpers.STARTED)
    sink.write(helpers.upto(1), {"orders": [helpers.order(1)]})
    ends = {
        "begin": lambda: sink.begin(helpers.STARTED),
        "commit": lambda: sink.commit(helpers.certificate(1)),
        "close": sink.close,
        "metadata": lambda: sink.metadata("watermark", "here"),
        "mark": lambda: sink.mark_deleted([], 0.0),
        "keys": lambda: list(sink.keys()),
    }
    ends[end]()
    sink._engine.disconnect()
    again = database.sink()
    # What is committed cannot be resumed.
    expected = None if end == "commit" else helpers.done(helpers.upto(1))
    assert again.open([helpers.OWN]) == expected
    again.close()
    assert database.rows(helpers.OWN) == read_back(helpers, [helpers.order(1)])


def test_a_row_that_comes_again_replaces(database, helpers):
    """A row replaces the one of its key, in a read of the same run as of another."""
    sink = database.sink()
    sink.open([helpers.OWN])
    new = [helpers.order(1, total=Decimal(2)), helpers.order(2, text=None)]
    for rows in ([helpers.order(1), helpers.order(2)], new[:1]):
        sink.begin(helpers.STARTED)
        sink.write(helpers.upto(9), {"orders": rows})
    sink.close()
    write(database, helpers, new[1:])
    assert sorted(database.rows(helpers.OWN)) == sorted(read_back(helpers, new))


def test_rows_outside_of_their_range_are_refused(database, helpers):
    """Rows of other keys, or twice the same, are refused, and nothing is stored."""
    one, two = helpers.order(1), helpers.order(2)
    for rows in ([one, one], [two, one], [one, helpers.order(3)], [(None, *one[1:])]):
        with pytest.raises(SinkConflict, match="orders: rows must be in the order of"):
            write(database, helpers, rows, key_range=helpers.upto(2))
    assert database.rows(helpers.OWN) == []


def test_a_range_that_was_written_before_is_refused(database, helpers):
    """Of a range that was written, no part can be written again in the same read."""
    write(database, helpers, [helpers.order(1)], key_range=helpers.upto(2))
    sink = database.sink()
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
    write(database, helpers, [one, two], first)
    write(database, helpers, [one], [(1, 0, Decimal(9))])
    expected = [(1, 0, Decimal(9), None), (2, 0, Decimal(3), None)]
    assert sorted(database.rows(helpers.LINES)) == expected
    write(database, helpers, [two], [])
    assert database.rows(helpers.LINES) == [expected[0]]


def test_deleted_rows_are_marked_until_they_come_again(database, helpers):
    """A deleted row keeps its first time, as do its related rows, until it comes again."""
    lines = [(1, 0, Decimal(1)), (2, 0, Decimal(2))]
    write(database, helpers, [helpers.order(1), helpers.order(2)], lines)
    sink = database.sink()
    sink.open([helpers.OWN, helpers.LINES])
    sink.mark_deleted([1, 77], AT.timestamp())
    sink.mark_deleted([1], AT.timestamp() + 5)
    assert list(sink.keys()) == [2]
    sink.close()
    rows = read_back(helpers, [helpers.order(1)], AT) + read_back(
        helpers, [helpers.order(2)]
    )
    assert sorted(database.rows(helpers.OWN)) == rows
    assert sorted(database.rows(helpers.LINES)) == [(*lines[0], AT), (*lines[1], None)]
    write(database, helpers, [helpers.order(1)], lines[:1])
    assert {
        row[-1] for row in database.rows(helpers.OWN) + database.rows(helpers.LINES)
    } == {None}


def test_keys_come_in_pages(database, helpers, monkeypatch):
    """Keys stream in ascending order, and the sink can be used meanwhile."""
    monkeypatch.setattr(database_sink, "_KEYS", 3)
    sink = database.sink()
    sink.open([helpers.OWN])
    keys = [-5, 0, 1, 2, 3, 5, 8, 2**62]
    sink.begin(helpers.STARTED)
    rows = [helpers.order(key) for key in keys]
    sink.write(helpers.STARTED.bounds, {"orders": rows})
    stream = sink.keys()
    assert next(stream) == -5
    sink.metadata("between", "keys")
    assert list(stream) == keys[1:]
    sink.close()


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
    import msgspec

    sink = database.sink()
    sink.open([helpers.OWN])
    sink.commit(helpers.certificate(7))
    sink.close()
    sql = (
        "SELECT value FROM _sage200 WHERE resource = 'orders' AND name = 'certificate'"
    )
    ((text,),) = database.execute(sql)
    stored = msgspec.json.decode(text, type=type(helpers.certificate()))
    assert stored == helpers.certificate(7)


def test_two_companies_share_a_database(database, helpers):
    """With a prefix each, two companies do not affect each other."""
    write(
        database,
        helpers,
        [helpers.order(1)],
        key_range=helpers.upto(1),
        prefix="north_",
    )
    write(
        database,
        helpers,
        [helpers.order(2)],
        key_range=helpers.upto(2),
        prefix="south_",
    )
    for prefix, key in [("north_", 1), ("south_", 2)]:
        assert database.rows(helpers.OWN, prefix) == read_back(
            helpers, [helpers.order(key)]
        )
        sink = database.sink(prefix)
        checkpoint = sink.open([helpers.OWN, helpers.LINES])
        assert checkpoint == helpers.done(helpers.upto(key))
        sink.close()


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_a_prefix_can_be_a_schema(database, helpers):
    """A prefix that ends in a dot is a schema, created if it is missing."""
    write(database, helpers, [helpers.order(1)], prefix="north.")
    write(database, helpers, [helpers.order(2)])
    assert database.execute("SELECT id FROM north.orders") == [(1,)]
    assert database.rows(helpers.OWN) == read_back(helpers, [helpers.order(2)])
    sink = database.sink("north.")
    checkpoint = sink.open([helpers.OWN, helpers.LINES])
    assert checkpoint == helpers.done(helpers.upto(9))
    sink.close()


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


def test_a_new_column_is_added(database, helpers):
    """A column that a newer catalog brings is added; it is null in old rows."""
    write(database, helpers, [helpers.order(1)])
    wider = Table(
        "orders", (*helpers.OWN.columns, Column("new one", "number")), ("id",)
    )
    sink = database.sink()
    assert sink.open([wider]) == helpers.done(helpers.upto(9))
    row = (*helpers.order(10), Decimal("1.5"))
    sink.write(helpers.upto(10, 9), {"orders": [row]})
    sink.close()
    values = {row[0]: row[6] for row in database.rows(wider)}
    assert values == {1: None, 10: Decimal("1.5")}
    write(database, helpers, [helpers.order(3)])
    assert len(database.rows(wider)) == 3


def columns_of(database, helpers):
    sink = database.sink()
    sink._engine.connect()
    columns = [sink._engine.columns(t) for t in ("orders", "orders__lines", "_sage200")]
    sink._engine.disconnect()
    return columns


def test_a_table_that_is_not_ours_is_refused(database, helpers):
    """A table that is not in the state table is left alone, and none is created."""
    database.execute("CREATE TABLE orders__lines (id integer)")
    before = columns_of(database, helpers)
    with pytest.raises(SinkConflict, match=r"table orders__lines: it was not created"):
        database.sink().open([helpers.OWN, helpers.LINES])
    assert columns_of(database, helpers) == before
    assert before[0] == before[2] == {}


def test_another_type_or_key_is_refused(database, helpers):
    """A column of another type, or another key, is refused before any change."""
    write(database, helpers, [helpers.order(1)])
    before = columns_of(database, helpers)
    wider = Table("orders", (*helpers.OWN.columns, Column("new", "text")), ("id",))
    lines = (*helpers.LINES.columns[:2], Column("price", "datetime"))
    other = Table(helpers.LINES.name, lines, helpers.LINES.key, "lines")
    with pytest.raises(SinkConflict, match=r"orders__lines: column price must be"):
        database.sink().open([wider, other])
    unkeyed = Table("orders", helpers.OWN.columns)
    with pytest.raises(SinkConflict, match=r"its key must be \[\], not \['id'\]"):
        database.sink().open([unkeyed])
    assert columns_of(database, helpers) == before


def test_a_value_that_does_not_fit_is_named(database, helpers):
    """The table, key and column of a value that does not fit are named; nothing changes."""
    write(database, helpers, [helpers.order(1)])
    wrong = {"id": (helpers.order(2**63), "id")}
    if database.kind == "duckdb":
        long = Decimal("1.00000000001")
        wrong["places"] = helpers.order(5, total=long), "total"
        wrong["digits"] = helpers.order(5, total=Decimal(10) ** 28), "total"
    if database.kind == "postgres":
        wrong["zero"] = helpers.order(5, text="a\0b"), 'the "text" of it'
        wrong["json"] = helpers.order(5, json='["\\u0000"]'), "größe"
    wrong["half"] = helpers.order(5, text="\ud800"), 'the "text" of it'
    for row, column in wrong.values():
        sink = database.sink()
        sink.open([helpers.OWN])
        sink.begin(helpers.STARTED)
        rows = [helpers.order(3), row]
        sink.write(helpers.upto(2**63), {"orders": rows})
        with pytest.raises(SinkError) as caught:
            sink.close()
        assert f"table orders, key [{row[0]}], column {column}: needs" in str(
            caught.value
        )
    assert database.rows(helpers.OWN) == read_back(helpers, [helpers.order(1)])


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
    sink.begin(helpers.STARTED)
    sink.write(helpers.upto(2**63), {"orders": [helpers.order(2**63)]})
    with pytest.raises(SinkError):
        sink.metadata("a", "b")
    for use in (
        lambda: sink.begin(helpers.STARTED),
        lambda: sink.write(helpers.upto(2), {"orders": [helpers.order(2)]}),
        lambda: sink.commit(helpers.certificate()),
        lambda: sink.metadata("a"),
        lambda: list(sink.keys()),
    ):
        with pytest.raises(SinkError, match="the sink is not open, or has failed"):
            use()
    sink.close()
    again = database.sink()
    assert again.open([helpers.OWN]) is None
    again.close()


def test_another_run_that_writes_is_noticed(database, helpers):
    """Of two runs on one table, the second to write fails, and writes nothing."""
    one, two = database.sink(), database.sink()
    one.open([helpers.OWN])
    two.open([helpers.OWN])
    two.begin(helpers.STARTED)
    two.write(helpers.upto(1), {"orders": [helpers.order(1)]})
    two.close()
    one.begin(helpers.STARTED)
    one.write(helpers.upto(2), {"orders": [helpers.order(1, text="stale")]})
    with pytest.raises(SinkConflict, match="another run has written meanwhile"):
        one.close()
    assert database.rows(helpers.OWN) == read_back(helpers, [helpers.order(1)])
