"""Values that a database cannot hold: named, or set aside with their whole record."""

import contextlib
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from sage200_async.errors import SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases.urls import database_at
from sage200_async.paging.key_ranges import KeyRange

EARLY = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
LATE = datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=5)))
DEEP = "[" * 100_000 + "]" * 100_000
WRONG = {
    "more than 64 bits": ("id", {"key": 2**63}, "a whole number of 64 bits"),
    "half a character": ("text", {"text": "\ud800"}, "text of whole characters"),
    "half in JSON": ("json", {"json": '["\ud800"]'}, "text of whole characters"),
    "before the year 1": ("at", {"at": EARLY}, "a time from the year 1 to 9999"),
    "after the year 9999": ("at", {"at": LATE}, "a time from the year 1 to 9999"),
}
BY_DATABASE = {
    "sqlite": {
        "no number": ("total", {"total": Decimal("NaN")}, "a finite number"),
        "no end": ("total", {"total": Decimal("-Infinity")}, "a finite number"),
    },
    "duckdb": {
        "11 places": ("total", {"total": Decimal("1.00000000001")}, "10 after the"),
        "29 digits": ("total", {"total": Decimal(10) ** 28}, "at most 28 digits"),
        "no number": ("total", {"total": Decimal("NaN")}, "at most 28 digits"),
        "no JSON": ("json", {"json": "{"}, ""),
    },
    "postgres": {
        "NUL": ("text", {"text": "a\0b"}, "text without zero characters"),
        "NUL in JSON": (
            "json",
            {"json": '["\\u0000"]'},
            "text without zero characters",
        ),
        "half an escape": ("json", {"json": '["\\ud800"]'}, ""),
        "no JSON": ("json", {"json": "{"}, ""),
        "deep JSON": ("json", {"json": DEEP}, ""),
        "more than 131072 digits": ("total", {"total": Decimal("1e140000")}, ""),
    },
}
NAMES = {"text": 'the "text" of it', "at": "date_time_updated", "json": "größe"}


@pytest.fixture
def wrong(database, helpers):
    """Return for each kind of value that does not fit a row, its column and what it needs."""
    kinds = WRONG | BY_DATABASE[database.kind]
    return {
        kind: (
            helpers.order(changes.get("key", 5), **_without_key(changes)),
            NAMES.get(column, column),
            needed,
        )
        for kind, (column, changes, needed) in kinds.items()
    }


def _without_key(changes):
    return {name: value for name, value in changes.items() if name != "key"}


@contextlib.contextmanager
def opened(database, helpers, rejected=None):
    """Open a sink that hands what it sets aside to *rejected*."""
    take = None if rejected is None else rejected.append
    with contextlib.closing(database_at(database.url, on_reject=take)) as sink:
        sink.open([helpers.OWN, helpers.LINES])
        yield sink


def test_a_value_that_does_not_fit_is_named(database, helpers, wrong):
    """Table, key and column of each kind of value are named; nothing is written."""
    helpers.snapshot(database, [helpers.order(1)])
    for kind, (row, column, needed) in wrong.items():
        rows = [helpers.order(2), row]
        for way in ("read", "merge"):
            with pytest.raises(SinkError) as caught:  # noqa: SIM117
                with opened(database, helpers) as sink:
                    if way == "read":
                        sink.begin(helpers.STARTED)
                        sink.write(helpers.upto(2**63), {"orders": rows})
                    else:
                        sink.merge({"orders": rows})
            message = str(caught.value)
            assert f"table orders, key [{row[0]}], column {column}: " in message, kind
            assert needed in message
            assert "\n" not in message
            assert "\ud800" not in message
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(1)])


def test_a_value_that_does_not_fit_is_set_aside(database, helpers, wrong):
    """The records of such values are handed over, all others are stored, and both counted."""
    bad = [
        row if row[0] == 2**63 else (3 * n, *row[1:])
        for n, (row, _, _) in enumerate(sorted(wrong.values(), key=lambda w: w[0][0]))
    ]
    good = [helpers.order(3 * n + 1) for n in range(len(bad))]
    rows, rejected = sorted([*bad, *good], key=lambda row: row[0]), []
    with opened(database, helpers, rejected) as sink:
        sink.begin(helpers.STARTED)
        whole = replace(helpers.STARTED.bounds, records=len(rows))
        sink.write(whole, {"orders": rows})
        stored = sink.commit(helpers.certificate(len(rows)))
    assert (stored.records, stored.rejected) == (len(good), len(bad))
    assert sorted(database.rows(helpers.OWN)) == helpers.read_back(good)
    assert [row.key for row in rejected] == [(row[0],) for row in bad]
    columns = {column for _, column, _ in wrong.values()}
    assert {row.column for row in rejected} == columns
    for row in rejected:
        assert row.table == "orders"
        assert row.row["id"] == row.key[0]
        assert msgspec.json.decode(msgspec.json.encode(row)) is not None


def test_changes_are_set_aside_likewise(database, helpers, wrong):
    """Of changes that are merged, those that do not fit are handed over, the others stored."""
    for number, (row, column, _) in enumerate(wrong.values()):
        rejected, good = [], helpers.order(100 + number)
        with opened(database, helpers, rejected) as sink:
            sink.merge({"orders": [row, good]})
            assert sink.stamps_of(None, [100 + number]) == [(good[0], None, False)]
            assert sink.rows_written == 1
            assert sink.keys_set_aside == {row[0]}
            if row[0] == 5:
                sink.merge({"orders": [helpers.order(5)]})
                assert sink.keys_set_aside == set()
        assert [(r.key, r.column) for r in rejected] == [((row[0],), column)]


def test_the_whole_record_is_set_aside(database, helpers):
    """A related row that does not fit takes its record with it, and is the one named."""
    bad = {"sqlite": Decimal("NaN"), "duckdb": Decimal("0.00000000001")}
    price = bad.get(database.kind, Decimal("1e140000"))
    rows = [helpers.order(key) for key in (1, 2, 3)]
    lines = [(1, 0, Decimal(1)), (2, 0, Decimal("2.50")), (2, 1, price), (3, 0, None)]
    rejected = []
    with opened(database, helpers, rejected) as sink:
        sink.begin(helpers.STARTED)
        whole = replace(helpers.STARTED.bounds, records=3)
        sink.write(whole, {"orders": rows, "orders__lines": lines})
        stored = sink.commit(helpers.certificate(3))
    assert (stored.records, stored.rejected) == (2, 1)
    stored_rows = helpers.read_back([rows[0], rows[2]])
    assert sorted(database.rows(helpers.OWN)) == stored_rows
    assert [row[0] for row in sorted(database.rows(helpers.LINES))] == [1, 3]
    (row,) = rejected
    assert (row.table, row.key, row.column) == ("orders__lines", (2, 1), "price")
    assert row.row["total"] == "0.25"
    assert row.row["größe"] == [{"a": "1.10"}]
    assert row.row["lines"] == [{"price": "2.50"}, {"price": str(price)}]


def test_what_was_set_aside_is_counted_over_all_runs(database, helpers, wrong):
    """A resumed read counts what earlier runs set aside, in its certificate too."""
    row = next(iter(wrong.values()))[0]
    started = Checkpoint(query="orders", bounds=KeyRange(0, 2**63))
    with opened(database, helpers, []) as sink:
        sink.begin(started)
        high = max(9, row[0])
        sink.write(KeyRange(8, high, 2), {"orders": sorted([helpers.order(9), row])})
    sink = database.sink()
    checkpoint = sink.open([helpers.OWN, helpers.LINES])
    assert checkpoint.set_aside == 1
    sink.write(KeyRange(0, 8, 1), {"orders": [helpers.order(1)]})
    stored = sink.commit(helpers.certificate(3))
    sink.close()
    assert (stored.records, stored.rejected) == (2, 1)


def test_a_row_without_a_key_is_set_aside(database, helpers):
    """Without a unique key the row itself is set aside, and its equals with it."""
    rates, rejected = [(Decimal(1), "EUR"), (Decimal(2), "\ud800"), (None, None)], []
    with contextlib.closing(
        database_at(database.url, on_reject=rejected.append)
    ) as sink:
        sink.open([helpers.UNKEYED])
        sink.begin(Checkpoint(query="rates"))
        sink.write(None, {"rates": [*rates, rates[1]]})
        stored = sink.commit(helpers.certificate(4))
    assert (stored.records, stored.rejected) == (2, 2)
    assert [(row.key, row.column) for row in rejected] == [((), "name")] * 2
    assert rejected[0].row == {"rate": "2", "name": "\\ud800"}


def test_a_database_that_fails_sets_nothing_aside(database, helpers):
    """A lost connection is no fault of a row."""
    rejected = []
    sink = database_at(database.url, on_reject=rejected.append)
    sink.open([helpers.OWN, helpers.LINES])
    sink.merge({"orders": [helpers.order(1)]})
    sink._engine.disconnect()
    with pytest.raises(SinkError, match="it is not open"):
        sink.close()
    assert rejected == []


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_rule_of_the_users_own_sets_nothing_aside(database, helpers):
    """A rule that was added to the table by hand is an error, and names itself."""
    helpers.snapshot(database, [helpers.order(1)])
    database.execute("CREATE UNIQUE INDEX mine ON orders (total)")
    rejected = []
    with pytest.raises(SinkError, match=r"cannot be written.*(mine|orders\.total)"):  # noqa: SIM117
        with opened(database, helpers, rejected) as sink:
            sink.merge({"orders": [helpers.order(2, total=helpers.order(1)[1])]})
    assert rejected == []
    assert database.rows(helpers.OWN) == helpers.read_back([helpers.order(1)])


def test_times_without_a_zone_are_in_utc(database, helpers, monkeypatch):
    """A time without a zone is in UTC, whatever the zone of the machine or session is."""
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    at = datetime(2026, 7, 1, 9, 30)
    with opened(database, helpers) as sink:
        sink.merge({"orders": [helpers.order(1, at=at)]})
        expected = helpers.order(1)[4].replace(month=7)
        assert sink.stamps("date_time_updated", 0, 9) == [(1, expected, False)]
        assert next(sink.rows("orders"))[4] == expected
    assert database.rows(helpers.OWN)[0][4] == expected
