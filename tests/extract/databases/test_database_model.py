"""Whatever happens in whatever order: a database holds what a dict would."""

import itertools
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from operator import attrgetter, itemgetter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sink as database_sink
from sage200_async.paging.key_ranges import KeyRange, KeyRanges

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
batches = st.lists(orders, max_size=6)
step = st.one_of(
    st.tuples(st.just("read"), st.tuples(batches, keys)),
    st.tuples(st.just("finish"), st.booleans()),
    st.tuples(st.just("merge"), batches),
    st.tuples(st.just("mark"), st.lists(keys, max_size=4)),
    st.tuples(st.sampled_from(["crash", "close", "open", "discard"]), st.none()),
)
quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
BOUNDS = KeyRange(0, 12)


class Model:
    """What the tables must hold, and what is staged."""

    def __init__(self):
        self.rows, self.lines = {}, {}
        self.possible = []
        self.reads, self.read, self.done = {}, None, []
        self.is_committed = False
        self.settle()

    def settle(self):
        """Note that nothing is gathered: the tables hold this and nothing else."""
        self.possible = [(dict(self.rows), dict(self.lines))]

    def merge(self, batch):
        """Merge orders; a crash may lose them until the next call."""
        for key, values, prices in batch:
            self.rows[key] = (*values, None)
            self.lines[key] = [(price, None) for price in prices]
        self.possible.append((dict(self.rows), dict(self.lines)))

    def mark(self, gone):
        for key in gone:
            if key in self.rows and self.rows[key][-1] is None:
                self.rows[key] = (*self.rows[key][:-1], AT)
                self.lines[key] = [(line[0], AT) for line in self.lines[key]]
        self.settle()

    def begin(self, batch):
        """Begin a read: a crash may go back to another one."""
        self.settle()
        self.read, self.done = len(self.reads) + 1, []
        self.reads[self.read] = batch

    def commit(self, *, keep):
        if not (keep and self.is_committed):
            self.rows, self.lines = {}, {}
        self.merge(self.reads[self.read])
        self.settle()
        self.is_committed = True
        self.discard()

    def discard(self):
        self.read, self.done = None, []

    def go_back(self, checkpoint, holds):
        """Go back to what a crash has left."""
        self.rows, self.lines = next(state for state in self.possible if holds(*state))
        self.settle()
        self.discard()
        if checkpoint is not None:
            self.read = int(checkpoint.started_at)
            self.done = list(checkpoint.done.ranges)


def batch_rows(batch):
    """Return a batch as the rows of tables, in the order of their keys."""
    rows = [(key, *values) for key, values, _ in batch]
    lines = [
        (key, position, price)
        for key, _, prices in batch
        for position, price in enumerate(prices)
    ]
    return {"orders": rows, "orders__lines": lines}


def holds(database, helpers, prefix, rows, lines):
    """Whether the tables hold *rows* and *lines*, by value."""
    expected = Counter(
        (
            key,
            *row[:4],
            repr(row[4] and helpers.ordered(helpers.NUMBERS(row[4]))),
            row[5],
        )
        for key, row in rows.items()
    )
    stored = Counter(
        (*row[:5], repr(row[5] and helpers.ordered(row[5])), row[6])
        for row in database.rows(helpers.OWN, prefix)
    )
    related = sorted(database.rows(helpers.LINES, prefix), key=lambda row: row[:2])
    return stored == expected and related == [
        (key, number, *line)
        for key, prices in sorted(lines.items())
        for number, line in enumerate(prices)
    ]


@pytest.mark.parametrize("kind", ["sqlite", "duckdb", "postgres", "pgbouncer"])
@given(steps=st.lists(step, max_size=12), most=st.integers(1, 9))
@settings(suppress_health_check=quiet, max_examples=50)  # each needs a database
def test_it_holds_what_a_dict_would(database, helpers, steps, most):
    """After any reads, merges, deletes, crashes and new runs, rows equal the model's."""
    database, prefix = database.fresh(f"run{next(RUNS)}_")
    model = Model()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database_sink, "ROWS", most)
        sink = database.sink(prefix)
        assert sink.open([helpers.OWN, helpers.LINES]) is None
        for what, details in steps:
            if what == "read":
                read(sink, model, *details)
            elif what == "finish":
                finish(sink, model, helpers, keep=details)
            elif what == "merge":
                merge(sink, model, details)
            elif what == "discard":
                sink.discard()
                model.settle()
                model.discard()
            elif what == "mark":
                model.mark(details)
                sink.mark_deleted(details, AT.timestamp())
                live = [key for key, row in model.rows.items() if row[-1] is None]
                assert list(sink.keys()) == sorted(live)
            else:
                sink = again(database, helpers, sink, what, prefix=prefix, model=model)
        sink.close()
    model.settle()
    assert holds(database, helpers, prefix, *model.possible[0])


def latest(batch):
    """Return the last order of each key, in the order of the keys."""
    return sorted({order[0]: order for order in batch}.values(), key=itemgetter(0))


def read(sink, model, batch, cut):
    """Begin a read, and write its orders above *cut*."""
    model.begin(latest(batch))
    sink.begin(Checkpoint(query="", bounds=BOUNDS, started_at=float(model.read)))
    write(sink, model, KeyRange(cut, 12))


def write(sink, model, gap):
    """Write the orders of a range, if it has keys."""
    if gap.low < gap.high:
        part = [o for o in model.reads[model.read] if gap.low < o[0] <= gap.high]
        sink.write(KeyRange(gap.low, gap.high, len(part)), batch_rows(part))
        model.done.append(gap)


def finish(sink, model, helpers, *, keep):
    """Write what is missing of an unfinished read, and commit it."""
    if model.read is None:
        return
    for gap in KeyRanges(tuple(sorted(model.done, key=attrgetter("low")))).missing(
        BOUNDS
    ):
        write(sink, model, gap)
    sink.commit(helpers.certificate(len(model.reads[model.read])), keep_absent=keep)
    model.commit(keep=keep)


def merge(sink, model, batch):
    """Merge orders, after what is unfinished was dropped."""
    if model.read is not None:
        sink.discard()
        model.discard()
    model.merge(latest(batch))
    sink.merge(batch_rows(latest(batch)))


def again(database, helpers, sink, what, *, prefix, model):
    """End a run in some way, begin another, and go back to what it has left."""
    if what == "crash":
        sink._engine.disconnect()
    if what == "close":
        sink.close()
        model.settle()
    if what != "open":
        sink = database.sink(prefix)
    checkpoint = sink.open([helpers.OWN, helpers.LINES])
    model.go_back(checkpoint, partial(holds, database, helpers, prefix))
    return sink
