"""What has not changed is not written; what is whole is replaced as a whole."""

from collections import Counter
from decimal import Decimal

import pytest

from sage200_async.extract.databases import sink as database


def run(place, lab, batch, table):
    """Keep *batch* in a run of its own; tell whether that wrote to *table*."""
    watch, counted = lab.EventTransport(place, table) if table else None, []
    sink = place.sink()
    if watch:
        watch.spy(sink, counted)
    sink.open([lab.OWN, lab.LINES])
    sink.write(batch, lab.upto(9))
    sink.commit(lab.certificate(9))
    sink.close()
    return bool(watch) and (watch.state() != watch.before or sum(counted) > 0)


def batch(lab, **changes):
    rows = [lab.order(key, json='{"b":1.10,"a":null}') for key in range(1, 10)]
    rows[3] = (4, None, None, None, None, None)
    rows[5] = lab.order(6, **changes)
    lines = [(key, n, Decimal(n)) for key in range(1, 10) for n in range(2)]
    return {"orders": rows, "orders__lines": lines}


@pytest.mark.parametrize("table", ["orders", "orders__lines"])
def test_the_same_again_writes_nothing(place, lab, table):
    """Rows that are as they were, nulls and members too, are not written again."""
    run(place, lab, batch(lab), None)
    assert not run(place, lab, batch(lab), table)


@pytest.mark.parametrize(
    "change",
    [{"total": Decimal("0.7500000001")}, {"text": None}, {"json": "[]"}],
    ids=lambda change: next(iter(change)),
)
def test_a_change_is_written(place, lab, change):
    """One cell of one row that differs is written: the watch can tell."""
    run(place, lab, batch(lab), None)
    assert run(place, lab, batch(lab, **change), "orders")


def test_a_line_less_is_written(place, lab):
    """A child row that is gone is removed: the watch can tell."""
    run(place, lab, batch(lab), None)
    less = batch(lab)
    less["orders__lines"].pop()
    assert run(place, lab, less, "orders__lines")


RATES = [(Decimal("1.25"), "EUR"), (Decimal("1.25"), "EUR"), (None, None)]


def keyless(place, lab, rows, *, watch=None, end="finish"):
    counted = []
    sink = place.sink()
    if watch:
        watch.spy(sink, counted)
    sink.open([lab.KEYLESS])
    for row in rows:
        sink.write({"rates": [row]}, lab.upto(1))
    before = place.rows(lab.KEYLESS)
    if end == "again":
        sink.open([lab.KEYLESS])
    elif end == "crash":
        sink._engine.disconnect()
    if end != "crash":
        if end == "finish":
            sink.commit(lab.certificate())
        sink.close()
    return before, bool(watch) and (watch.state() != watch.before or sum(counted) > 0)


@pytest.mark.parametrize("most", [1, 2, 50])
def test_the_whole_replaces_the_whole(place, lab, monkeypatch, most):
    """Without a key, readers see the old rows until the new ones are all there."""
    monkeypatch.setattr(database, "ROWS", most)
    keyless(place, lab, RATES)
    new = [(Decimal("1.26"), "EUR"), RATES[0]]
    before, _ = keyless(place, lab, new)
    assert Counter(before) == Counter((*row, None) for row in RATES)
    assert Counter(place.rows(lab.KEYLESS)) == Counter((*row, None) for row in new)


@pytest.mark.parametrize("end", ["close", "crash", "again"])
def test_half_of_the_whole_is_nothing(place, lab, monkeypatch, end):
    """Without a key, what was not finished is forgotten, and was never claimed."""
    monkeypatch.setattr(database, "ROWS", 1)
    keyless(place, lab, RATES)
    keyless(place, lab, RATES[:1], end=end)
    assert Counter(place.rows(lab.KEYLESS)) == Counter((*r, None) for r in RATES)
    sink = place.sink()
    sink.open([lab.KEYLESS])
    sink.commit(lab.certificate())
    sink.close()
    assert place.rows(lab.KEYLESS) == []


def test_the_same_whole_is_not_written(place, lab):
    """Without a key, the same rows, in any order, are not written; others are."""
    keyless(place, lab, RATES)
    _, wrote = keyless(
        place, lab, RATES[::-1], watch=lab.EventTransport(place, "rates")
    )
    assert not wrote
    if place.kind == "sqlite":
        for sql in ("INSERT", "UPDATE", "DELETE"):
            place.ask(f"DROP TRIGGER rates_{sql}")
        place.ask("DROP TABLE written_rates")
    fewer = [RATES[0], RATES[2], RATES[2]]
    _, wrote = keyless(place, lab, fewer, watch=lab.EventTransport(place, "rates"))
    assert wrote
