"""Rows that have not changed are not written; rows without a key are replaced."""

from collections import Counter
from decimal import Decimal

import pytest
from msgspec.structs import replace

from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sink as database_sink


@pytest.fixture(params=["export", "merge"])
def how(request):
    """Return how rows come: as an export, or as changes."""
    return request.param


def run(database, helpers, batch, table, how="export"):
    """Write *batch* in a run of its own; return whether that wrote to *table*."""
    watch, counted = helpers.WriteWatch(database, table) if table else None, []
    sink = database.sink()
    if watch:
        watch.spy(sink, counted)
    sink.open([helpers.OWN, helpers.LINES])
    if how == "export":
        sink.begin(helpers.STARTED)
        sink.write(replace(helpers.STARTED.bounds, records=9), batch)
        sink.commit(helpers.certificate(9))
    else:
        sink.merge(batch)
    sink.close()
    wrote = bool(watch) and (watch.state() != watch.before or sum(counted) > 0)
    assert not table or bool(sink.rows_written) == wrote
    return wrote


def batch(helpers, **changes):
    rows = [helpers.order(key, json='{"b":1.10,"a":null}') for key in range(1, 10)]
    rows[3] = (4, None, None, None, None, None)
    rows[5] = helpers.order(6, **changes)
    lines = [(key, n, Decimal(n)) for key in range(1, 10) for n in range(2)]
    return {"orders": rows, "orders__lines": lines}


@pytest.mark.parametrize("table", ["orders", "orders__lines"])
def test_the_same_again_writes_nothing(database, helpers, table, how):
    """Rows that are the same, nulls and related records too, are not written again."""
    run(database, helpers, batch(helpers), None)
    assert not run(database, helpers, batch(helpers), table, how)


@pytest.mark.parametrize(
    "change",
    [{"total": Decimal("0.7500000001")}, {"text": None}, {"json": "[]"}],
    ids=lambda change: next(iter(change)),
)
def test_a_change_is_written(database, helpers, change, how):
    """One value of one row that differs is written: the watch shows it."""
    run(database, helpers, batch(helpers), None)
    assert run(database, helpers, batch(helpers, **change), "orders", how)


def test_a_line_less_is_written(database, helpers, how):
    """A related row that is gone is deleted: the watch shows it."""
    run(database, helpers, batch(helpers), None)
    less = batch(helpers)
    less["orders__lines"].pop()
    assert run(database, helpers, less, "orders__lines", how)


RATES = [(Decimal("1.25"), "EUR"), (Decimal("1.25"), "EUR"), (None, None)]


def write_unkeyed(database, helpers, rows, *, watch=None, end="finish"):
    counted = []
    sink = database.sink()
    if watch:
        watch.spy(sink, counted)
    sink.open([helpers.UNKEYED])
    sink.begin(Checkpoint(query="rates"))
    for row in rows:
        sink.write(None, {"rates": [row]})
    before = database.rows(helpers.UNKEYED)
    if end == "again":
        sink.open([helpers.UNKEYED])
    elif end == "crash":
        sink._engine.disconnect()
    if end != "crash":
        if end == "finish":
            sink.commit(helpers.certificate(len(rows)))
        sink.close()
    return before, bool(watch) and (watch.state() != watch.before or sum(counted) > 0)


@pytest.mark.parametrize("most", [1, 2, 50])
def test_the_whole_replaces_the_whole(database, helpers, monkeypatch, most):
    """Without a key, readers see the old rows until the new ones are all there."""
    monkeypatch.setattr(database_sink, "ROWS", most)
    write_unkeyed(database, helpers, RATES)
    new = [(Decimal("1.26"), "EUR"), RATES[0]]
    before, _ = write_unkeyed(database, helpers, new)
    assert Counter(before) == Counter((*row, None) for row in RATES)
    assert Counter(database.rows(helpers.UNKEYED)) == Counter(
        (*row, None) for row in new
    )


@pytest.mark.parametrize("end", ["close", "crash", "again"])
def test_half_of_the_whole_is_nothing(database, helpers, monkeypatch, end):
    """Without a key, what was not committed is dropped, and has no checkpoint."""
    monkeypatch.setattr(database_sink, "ROWS", 1)
    write_unkeyed(database, helpers, RATES)
    write_unkeyed(database, helpers, RATES[:1], end=end)
    assert Counter(database.rows(helpers.UNKEYED)) == Counter((*r, None) for r in RATES)
    sink = database.sink()
    sink.open([helpers.UNKEYED])
    sink.begin(Checkpoint(query="rates"))
    sink.commit(helpers.certificate())
    sink.close()
    assert database.rows(helpers.UNKEYED) == []


def test_the_same_whole_is_not_written(database, helpers):
    """Without a key, the same rows, in any order, are not written; others are."""
    write_unkeyed(database, helpers, RATES)
    _, wrote = write_unkeyed(
        database, helpers, RATES[::-1], watch=helpers.WriteWatch(database, "rates")
    )
    assert not wrote
    if database.kind == "sqlite":
        for sql in ("INSERT", "UPDATE", "DELETE"):
            database.execute(f"DROP TRIGGER rates_{sql}")
        database.execute("DROP TABLE written_rates")
    fewer = [RATES[0], RATES[2], RATES[2]]
    _, wrote = write_unkeyed(
        database, helpers, fewer, watch=helpers.WriteWatch(database, "rates")
    )
    assert wrote
