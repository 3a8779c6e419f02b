"""What a sink promises, of each database."""

import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.databases import sink as database
from sage200_async.extract.tables import Column, Table

AT = datetime(2026, 3, 2, tzinfo=UTC)


def seen(lab, rows, deleted=None):
    """Give rows as they are to be read back."""
    return [
        (*row[:5], None if row[5] is None else lab.NUMBERS(row[5]), deleted)
        for row in rows
    ]


def kept(place, lab, rows, lines=(), *, checkpoint=None, prefix=""):
    """Keep rows, in a run of its own."""
    sink = place.sink(prefix)
    sink.open([lab.OWN, lab.LINES])
    given = {"orders": rows, "orders__lines": lines}
    sink.write(given, checkpoint or lab.upto(1))
    sink.close()


def test_tables_are_there_before_any_row(place, lab):
    """An empty resource gives empty tables with all columns."""
    sink = place.sink()
    assert sink.open([lab.OWN, lab.LINES]) is None
    sink.commit(lab.certificate())
    sink.close()
    assert place.rows(lab.OWN) == place.rows(lab.LINES) == []


def test_every_kind_of_value_comes_back(place, lab):
    """Decimals to the last digit, times, text, booleans, members and nulls stand."""
    rows = [
        lab.order(1, total=Decimal("-0.0000000001"), json='{"a":[1.10,null,"é"]}'),
        lab.order(2, total=Decimal("1234567890123456789012345678.0123456789")),
        lab.order(3, total=Decimal("1E+5"), at=datetime(1, 1, 1, tzinfo=UTC)),
        lab.order(2**63 - 1, at=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        (-(2**63), None, None, None, None, None),
    ]
    kept(place, lab, rows)
    assert sorted(place.rows(lab.OWN)) == sorted(seen(lab, rows))


def test_the_checkpoint_comes_with_the_rows(place, lab, monkeypatch):
    """What was not written is not claimed; what is claimed is there."""
    monkeypatch.setattr(database, "ROWS", 10)
    sink = place.sink()
    sink.open([lab.OWN])
    sink.write({"orders": [lab.order(key) for key in range(1, 11)]}, lab.upto(10))
    sink.write({"orders": [lab.order(11)]}, lab.upto(11))
    sink._engine.disconnect()
    again = place.sink()
    assert again.open([lab.OWN]) == lab.upto(10)
    again.close()
    assert sorted(row[0] for row in place.rows(lab.OWN)) == list(range(1, 11))


@pytest.mark.parametrize("end", ["finish", "close", "note", "mark", "keys"])
def test_what_is_gathered_is_written(place, lab, end):
    """Finishing, closing, notes, deletes and listing the keys write what waits."""
    sink = place.sink()
    sink.open([lab.OWN])
    sink.write({"orders": [lab.order(1)]}, lab.upto(1))
    ends = {
        "finish": lambda: sink.commit(lab.certificate(1)),
        "close": sink.close,
        "note": lambda: sink.metadata("stands", "here"),
        "mark": lambda: sink.mark_deleted([], 0.0),
        "keys": lambda: list(sink.keys()),
    }
    ends[end]()
    sink._engine.disconnect()
    again = place.sink()
    # What is finished is nothing to go on with.
    assert again.open([lab.OWN]) == (None if end == "finish" else lab.upto(1))
    again.close()
    assert place.rows(lab.OWN) == seen(lab, [lab.order(1)])


def test_a_row_that_comes_again_replaces(place, lab):
    """A row replaces the one of its key, in one batch as in another run."""
    rows = [lab.order(1), lab.order(1, total=Decimal(2)), lab.order(2)]
    kept(place, lab, rows)
    kept(place, lab, [lab.order(2, text=None)])
    expected = seen(lab, [rows[1], lab.order(2, text=None)])
    assert sorted(place.rows(lab.OWN)) == sorted(expected)


def test_child_rows_are_replaced_as_a_whole(place, lab):
    """A parent that comes again has the child rows that came with it, no others."""
    one, two = lab.order(1), lab.order(2)
    first = [(1, 0, Decimal(1)), (1, 1, Decimal(2)), (2, 0, Decimal(3))]
    kept(place, lab, [one, two], first)
    kept(place, lab, [one], [(1, 0, Decimal(9))])
    expected = [(1, 0, Decimal(9), None), (2, 0, Decimal(3), None)]
    assert sorted(place.rows(lab.LINES)) == expected
    kept(place, lab, [two], [])
    assert place.rows(lab.LINES) == [expected[0]]


def test_deleted_rows_are_marked_until_they_come_again(place, lab):
    """A deleted row keeps its first time, its child rows too; coming again clears it."""
    lines = [(1, 0, Decimal(1)), (2, 0, Decimal(2))]
    kept(place, lab, [lab.order(1), lab.order(2)], lines)
    sink = place.sink()
    sink.open([lab.OWN, lab.LINES])
    sink.mark_deleted([1, 77], AT.timestamp())
    sink.mark_deleted([1], AT.timestamp() + 5)
    assert list(sink.keys()) == [2]
    sink.close()
    rows = seen(lab, [lab.order(1)], AT) + seen(lab, [lab.order(2)])
    assert sorted(place.rows(lab.OWN)) == rows
    assert sorted(place.rows(lab.LINES)) == [(*lines[0], AT), (*lines[1], None)]
    kept(place, lab, [lab.order(1)], lines[:1])
    assert {row[-1] for row in place.rows(lab.OWN) + place.rows(lab.LINES)} == {None}


def test_keys_come_in_pages(place, lab, monkeypatch):
    """Keys stream in ascending order, and the sink can be used meanwhile."""
    monkeypatch.setattr(database, "_KEYS", 3)
    sink = place.sink()
    sink.open([lab.OWN])
    keys = [-5, 0, 1, 2, 3, 5, 8, 2**62]
    sink.write({"orders": [lab.order(key) for key in keys]}, lab.upto(9))
    stream = sink.keys()
    assert next(stream) == -5
    sink.metadata("between", "keys")
    assert list(stream) == keys[1:]
    sink.close()


def test_notes_are_kept_beside_the_data(place, lab):
    """A note is there for the next run, of its own resource alone."""
    sink = place.sink()
    sink.open([lab.OWN])
    assert sink.metadata("checkpoint") is None
    assert sink.metadata("checkpoint", "a\n'b'") == "a\n'b'"
    sink.close()
    for prefix, expected in [("", "a\n'b'"), ("north_", None)]:
        again = place.sink(prefix)
        assert again.open([lab.OWN]) is None
        assert again.metadata("checkpoint") == expected
        again.close()


def test_the_certificate_is_kept(place, lab):
    """The certificate of the last finished reading stands in the books."""
    import msgspec

    sink = place.sink()
    sink.open([lab.OWN])
    sink.commit(lab.certificate(7))
    sink.close()
    sql = (
        "SELECT value FROM _sage200 WHERE resource = 'orders' AND name = 'certificate'"
    )
    ((text,),) = place.ask(sql)
    found = msgspec.json.decode(text, type=type(lab.certificate()))
    assert found == lab.certificate(7)


def test_two_companies_share_a_database(place, lab):
    """With a prefix each, two companies do not meet."""
    kept(place, lab, [lab.order(1)], checkpoint=lab.upto(1), prefix="north_")
    kept(place, lab, [lab.order(2)], checkpoint=lab.upto(2), prefix="south_")
    for prefix, key in [("north_", 1), ("south_", 2)]:
        assert place.rows(lab.OWN, prefix) == seen(lab, [lab.order(key)])
        sink = place.sink(prefix)
        assert sink.open([lab.OWN, lab.LINES]) == lab.upto(key)
        sink.close()


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_a_prefix_can_be_a_schema(place, lab):
    """A prefix that ends in a dot is a schema, made where it is missing."""
    kept(place, lab, [lab.order(1)], prefix="north.")
    kept(place, lab, [lab.order(2)])
    assert place.ask("SELECT id FROM north.orders") == [(1,)]
    assert place.rows(lab.OWN) == seen(lab, [lab.order(2)])
    sink = place.sink("north.")
    assert sink.open([lab.OWN, lab.LINES]) == lab.upto(1)
    sink.close()


def test_several_resources_at_once(place, lab):
    """Sinks of one database that open and write in threads do not collide."""
    failures, many = [], 6

    def run(number):
        table = Table(f"things_{number}", lab.OWN.columns, ("id",))
        sink = place.sink()
        try:
            sink.open([table])
            for high in range(1, 6):
                sink.write({table.name: [lab.order(high)]}, lab.upto(high))
                sink.metadata("stands", str(high))
            sink.close()
        except SinkError as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(many)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    for number in range(many):
        assert place.ask(f"SELECT count(*) FROM things_{number}") == [(5,)]


def test_a_new_column_is_added(place, lab):
    """A column that a newer catalog brings is added; old rows have none."""
    kept(place, lab, [lab.order(1)])
    wider = Table("orders", (*lab.OWN.columns, Column("new one", "number")), ("id",))
    sink = place.sink()
    assert sink.open([wider]) == lab.upto(1)
    sink.write({"orders": [(*lab.order(2), Decimal("1.5"))]}, lab.upto(2))
    sink.close()
    found = {row[0]: row[6] for row in place.rows(wider)}
    assert found == {1: None, 2: Decimal("1.5")}
    kept(place, lab, [lab.order(3)])
    assert len(place.rows(wider)) == 3


def columns_of(place, lab):
    sink = place.sink()
    sink._engine.connect()
    found = [sink._engine.columns(t) for t in ("orders", "orders__lines", "_sage200")]
    sink._engine.disconnect()
    return found


def test_a_table_that_is_not_ours_is_refused(place, lab):
    """A table without an entry in the books is left alone, and nothing is made."""
    place.ask("CREATE TABLE orders__lines (id integer)")
    before = columns_of(place, lab)
    with pytest.raises(
        SinkConflict, match=r"table orders__lines: expected no table, or"
    ):
        place.sink().open([lab.OWN, lab.LINES])
    assert columns_of(place, lab) == before
    assert before[0] == before[2] == {}


def test_another_type_or_key_is_refused(place, lab):
    """A column of another type, or another key, is refused before any change."""
    kept(place, lab, [lab.order(1)])
    before = columns_of(place, lab)
    wider = Table("orders", (*lab.OWN.columns, Column("new", "text")), ("id",))
    lines = (*lab.LINES.columns[:2], Column("price", "datetime"))
    other = Table(lab.LINES.name, lines, lab.LINES.key, "lines")
    with pytest.raises(SinkConflict, match=r"orders__lines: expected column price of"):
        place.sink().open([wider, other])
    keyless = Table("orders", lab.OWN.columns)
    with pytest.raises(SinkConflict, match=r"expected the key \[\], got \['id'\]"):
        place.sink().open([keyless])
    assert columns_of(place, lab) == before


def test_a_value_that_does_not_fit_is_named(place, lab):
    """The table, key and column of a value that cannot be held are told; all stands."""
    kept(place, lab, [lab.order(1)])
    wrong = {"id": (lab.order(2**63), "id"), "none": ((None, *lab.order(1)[1:]), "id")}
    if place.kind == "duckdb":
        long = Decimal("1.00000000001")
        wrong["places"] = lab.order(5, total=long), "total"
        wrong["digits"] = lab.order(5, total=Decimal(10) ** 28), "total"
    if place.kind == "postgres":
        wrong["zero"] = lab.order(5, text="a\0b"), 'the "text" of it'
        wrong["member"] = lab.order(5, json='["\\u0000"]'), "größe"
    wrong["half"] = lab.order(5, text="\ud800"), 'the "text" of it'
    for row, column in wrong.values():
        sink = place.sink()
        sink.open([lab.OWN])
        sink.write({"orders": [lab.order(3), row]}, lab.upto(5))
        with pytest.raises(SinkError) as caught:
            sink.close()
        assert f"table orders, key [{row[0]}], column {column}: exp" in str(
            caught.value
        )
    assert place.rows(lab.OWN) == seen(lab, [lab.order(1)])


def test_a_keyless_table_has_no_keys(place, lab):
    """Without a unique key there are no keys to list or to mark."""
    sink = place.sink()
    sink.open([lab.KEYLESS])
    with pytest.raises(SinkError, match="expected a unique key"):
        list(sink.keys())
    with pytest.raises(SinkError, match="expected a unique key"):
        sink.mark_deleted([1], 0.0)
    sink.close()


def test_a_failed_sink_takes_no_more(place, lab):
    """After a failure nothing is kept or claimed; a new sink goes on."""
    sink = place.sink()
    sink.open([lab.OWN])
    sink.write({"orders": [lab.order(2**63)]}, lab.upto(1))
    with pytest.raises(SinkError):
        sink.metadata("a", "b")
    for use in (
        lambda: sink.write({"orders": [lab.order(2)]}, lab.upto(2)),
        lambda: sink.commit(lab.certificate()),
        lambda: sink.metadata("a"),
        lambda: list(sink.keys()),
    ):
        with pytest.raises(SinkError, match="expected a sink that is open"):
            use()
    sink.close()
    again = place.sink()
    assert again.open([lab.OWN]) is None
    again.close()


def test_another_run_that_writes_is_found_out(place, lab):
    """Of two runs on one table, the second to write fails, and writes nothing."""
    one, two = place.sink(), place.sink()
    one.open([lab.OWN])
    two.open([lab.OWN])
    two.write({"orders": [lab.order(1)]}, lab.upto(1))
    two.close()
    one.write({"orders": [lab.order(1, text="stale")]}, lab.upto(2))
    with pytest.raises(SinkConflict, match="got another run that has written"):
        one.close()
    assert place.rows(lab.OWN) == seen(lab, [lab.order(1)])
