"""Whatever happens in whatever order: a database holds what a dict would."""

import itertools
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sage200_async.extract.databases import sink as database

AT = datetime(2026, 3, 2, tzinfo=UTC)
RUNS = itertools.count()
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
whole = st.integers(-(10**38) + 1, 10**38 - 1)
decimals = whole.map(lambda number: Decimal(f"{number}E-10"))
leaf = st.none() | st.booleans() | st.integers() | text
members = st.lists(st.dictionaries(text, leaf, max_size=3), max_size=2).map(json.dumps)
moments = st.datetimes(timezones=st.just(UTC))
cells = st.tuples(
    st.none() | decimals,
    st.none() | text,
    st.none() | st.booleans(),
    st.none() | moments,
    st.none() | members,
)
keys = st.integers(1, 12)
orders = st.tuples(keys, cells, st.lists(st.none() | decimals, max_size=3))
step = st.one_of(
    st.tuples(st.just("keep"), st.lists(orders, max_size=6)),
    st.tuples(st.just("mark"), st.lists(keys, max_size=4)),
    st.tuples(st.sampled_from(["crash", "close", "open", "finish"]), st.none()),
)
quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


class Model:
    """What the tables have to hold, and what they held after each batch."""

    def __init__(self):
        self.rows, self.lines = {}, {}
        self.number = self.count = 0
        self.at = {0: ({}, {})}

    def write(self, batch):
        self.number += 1
        self.count = self.number
        for key, values, prices in batch:
            self.rows[key] = (*values, None)
            self.lines[key] = [(price, None) for price in prices]
        self.drain()

    def mark(self, gone):
        for key in gone:
            if key in self.rows and self.rows[key][-1] is None:
                self.rows[key] = (*self.rows[key][:-1], AT)
                self.lines[key] = [(line[0], AT) for line in self.lines[key]]
        self.drain()

    def commit(self):
        self.count = 0
        self.drain()

    def drain(self):
        self.at[self.count] = dict(self.rows), dict(self.lines)

    def go_back(self, count):
        self.count = count
        rows, lines = self.at[count]
        self.rows, self.lines = dict(rows), dict(lines)


def batch_rows(batch):
    """Give a batch as the rows of tables: of a key that comes twice, both."""
    rows = [(key, *values) for key, values, _ in batch]
    last = {key: prices for key, _, prices in batch}
    lines = [
        (key, place, price)
        for key, prices in last.items()
        for place, price in enumerate(prices)
    ]
    return {"orders": rows, "orders__lines": lines}


def check(place, lab, prefix, model):
    """Compare the tables with the model, by value."""
    expected = {
        (key, *row[:4], repr(row[4] and lab.ordered(lab.NUMBERS(row[4]))), row[5])
        for key, row in model.rows.items()
    }
    found = [
        (*row[:5], repr(row[5] and lab.ordered(row[5])), row[6])
        for row in place.rows(lab.OWN, prefix)
    ]
    assert len(found) == len(expected)
    assert set(found) == expected
    assert sorted(place.rows(lab.LINES, prefix), key=lambda row: row[:2]) == [
        (key, number, *line)
        for key, lines in sorted(model.lines.items())
        for number, line in enumerate(lines)
    ]


@given(steps=st.lists(step, max_size=12), most=st.integers(1, 9))
@settings(suppress_health_check=quiet, max_examples=50)  # a database each
def test_it_holds_what_a_dict_would(place, lab, steps, most):
    """After any batches, deletes, crashes and new runs, rows equal the model's."""
    place, prefix = place.fresh(f"run{next(RUNS)}_")
    model = Model()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "ROWS", most)
        sink = place.sink(prefix)
        assert sink.open([lab.OWN, lab.LINES]) is None
        for what, given_ in steps:
            if what == "keep":
                model.write(given_)
                sink.write(batch_rows(given_), lab.upto(model.count, records=1))
            elif what == "mark":
                model.mark(given_)
                sink.mark_deleted(given_, AT.timestamp())
                live = [key for key, row in model.rows.items() if row[-1] is None]
                assert list(sink.keys()) == sorted(live)
            elif what == "finish":
                model.commit()
                sink.commit(lab.certificate())
            else:
                sink = again(place, lab, sink, what, prefix=prefix, model=model)
        sink.close()
    check(place, lab, prefix, model)


def again(place, lab, sink, what, *, prefix, model):
    """End a run in some way, begin another, and go back to what that claims."""
    if what == "crash":
        sink._engine.disconnect()
    if what == "close":
        sink.close()
    if what != "open":
        sink = place.sink(prefix)
    found = sink.open([lab.OWN, lab.LINES])
    model.go_back(int(found.started_at) if found else 0)
    check(place, lab, prefix, model)
    return sink
