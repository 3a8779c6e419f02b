"""Whatever happens in whatever order: a database holds what a dict would."""

import itertools
import json
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sink as database_sink
from sage200_async.paging.key_ranges import KeyRange

AT = datetime(2026, 3, 2, tzinfo=UTC)
RUNS = itertools.count()
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
whole = st.integers(-(10**38) + 1, 10**38 - 1)
decimals = whole.map(lambda number: Decimal(f"{number}E-10"))
leaf = st.none() | st.booleans() | st.integers() | text
related = st.lists(st.dictionaries(text, leaf, max_size=3), max_size=2).map(json.dumps)
times = st.datetimes(timezones=st.just(UTC))
values = st.tuples(
    st.none() | decimals,
    st.none() | text,
    st.none() | st.booleans(),
    st.none() | times,
    st.none() | related,
)
keys = st.integers(1, 12)
orders = st.tuples(keys, values, st.lists(st.none() | decimals, max_size=3))
step = st.one_of(
    st.tuples(st.just("write"), st.tuples(st.lists(orders, max_size=6), keys)),
    st.tuples(st.just("mark"), st.lists(keys, max_size=4)),
    st.tuples(st.sampled_from(["crash", "close", "open", "commit"]), st.none()),
)
quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


class Model:
    """What the tables must hold, and what they held after each batch."""

    def __init__(self):
        self.rows, self.lines = {}, {}
        self.number = self.count = 0
        self.at = {0: ({}, {})}

    def begin(self):
        """Count on: the checkpoint of a read has the count at its beginning."""
        self.number += 1
        self.count = self.number
        self.save()

    def write(self, batch):
        """Count on: the ranges of a checkpoint have one record each."""
        self.number += 1
        self.count = self.number
        for key, values, prices in batch:
            self.rows[key] = (*values, None)
            self.lines[key] = [(price, None) for price in prices]
        self.save()

    def mark(self, gone):
        for key in gone:
            if key in self.rows and self.rows[key][-1] is None:
                self.rows[key] = (*self.rows[key][:-1], AT)
                self.lines[key] = [(line[0], AT) for line in self.lines[key]]
        self.save()

    def commit(self):
        self.count = 0
        self.save()

    def save(self):
        self.at[self.count] = dict(self.rows), dict(self.lines)

    def go_back(self, count):
        self.count = count
        rows, lines = self.at[count]
        self.rows, self.lines = dict(rows), dict(lines)


def batch_rows(batch):
    """Return a batch as the rows of tables, in the order of their keys."""
    rows = [(key, *values) for key, values, _ in batch]
    lines = [
        (key, position, price)
        for key, _, prices in batch
        for position, price in enumerate(prices)
    ]
    return {"orders": rows, "orders__lines": lines}


def check(database, helpers, prefix, model):
    """Compare the tables with the model, by value."""
    expected = {
        (
            key,
            *row[:4],
            repr(row[4] and helpers.ordered(helpers.NUMBERS(row[4]))),
            row[5],
        )
        for key, row in model.rows.items()
    }
    rows = [
        (*row[:5], repr(row[5] and helpers.ordered(row[5])), row[6])
        for row in database.rows(helpers.OWN, prefix)
    ]
    assert len(rows) == len(expected)
    assert set(rows) == expected
    assert sorted(database.rows(helpers.LINES, prefix), key=lambda row: row[:2]) == [
        (key, number, *line)
        for key, lines in sorted(model.lines.items())
        for number, line in enumerate(lines)
    ]


@given(steps=st.lists(step, max_size=12), most=st.integers(1, 9))
@settings(suppress_health_check=quiet, max_examples=50)  # each needs a database
def test_it_holds_what_a_dict_would(database, helpers, steps, most):
    """After any batches, deletes, crashes and new runs, rows equal the model's."""
    database, prefix = database.fresh(f"run{next(RUNS)}_")
    model = Model()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database_sink, "ROWS", most)
        sink = database.sink(prefix)
        assert sink.open([helpers.OWN, helpers.LINES]) is None
        for what, details in steps:
            if what == "write":
                read(sink, model, *details)
            elif what == "mark":
                model.mark(details)
                sink.mark_deleted(details, AT.timestamp())
                live = [key for key, row in model.rows.items() if row[-1] is None]
                assert list(sink.keys()) == sorted(live)
            elif what == "commit":
                model.commit()
                sink.commit(helpers.certificate())
            else:
                sink = again(database, helpers, sink, what, prefix=prefix, model=model)
        sink.close()
    check(database, helpers, prefix, model)


def read(sink, model, batch, cut):
    """Read the last order of each key: those up to *cut*, and those above."""
    latest = sorted({order[0]: order for order in batch}.values(), key=itemgetter(0))
    model.begin()
    bounds = KeyRange(0, 12)
    sink.begin(Checkpoint(query="", bounds=bounds, started_at=float(model.count)))
    for low, high in ((cut, 12), (0, cut)):
        if low < high:
            part = [order for order in latest if low < order[0] <= high]
            model.write(part)
            sink.write(KeyRange(low, high, 1), batch_rows(part))


def again(database, helpers, sink, what, *, prefix, model):
    """End a run in some way, begin another, and go back to its checkpoint."""
    if what == "crash":
        sink._engine.disconnect()
    if what == "close":
        sink.close()
    if what != "open":
        sink = database.sink(prefix)
    checkpoint = sink.open([helpers.OWN, helpers.LINES])
    model.go_back(int(checkpoint.started_at) + checkpoint.records if checkpoint else 0)
    check(database, helpers, prefix, model)
    return sink
