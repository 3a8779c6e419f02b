"""What the state of a pipeline holds of rows: texts, and digests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sage200_async.engines.dlt.batches import Batches
from sage200_async.engines.dlt.held_rows import (
    HeldRows,
    PackedRows,
    TableState,
    microseconds,
)
from sage200_async.errors import SinkError
from sage200_async.extract.tables import Column, Table

keys = st.integers(-(2**62), 2**62)
stamps = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
numbers = st.integers(-(2**63), 2**63 - 1)
PLAIN = Table(
    "t",
    (
        Column("id", "integer"),
        Column("text", "text"),
        Column("number", "number"),
        Column("at", "datetime"),
        Column("flag", "boolean"),
        Column("other", "text"),
    ),
    ("id",),
)
texts = st.none() | st.text("ab\x1fxn,\x00", max_size=4)
rows = st.tuples(
    st.just(1),
    texts,
    st.none() | st.decimals(-100, 100, places=2),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.booleans(),
    texts,
)


@given(st.dictionaries(keys, st.none() | stamps), st.data())
def test_held_rows_are_the_same_after_packing(known, data):
    """Keys, stamps and digests of any size come back from their texts."""
    chosen = st.sampled_from(sorted(known)) if known else st.nothing()
    digests = data.draw(st.dictionaries(chosen, numbers, max_size=len(known)))
    again = HeldRows.unpack(HeldRows(dict(known), digests).pack())
    assert again.stamps == known
    assert again.digests == digests


@given(st.sets(keys, max_size=30), keys, keys)
def test_rows_between_two_keys_are_in_order(known, low, high):
    """The lower bound is left out, the upper one is not."""
    held = HeldRows(dict.fromkeys(known))
    expected = sorted(key for key in known if low < key <= high)
    assert held.between(low, high) == expected


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_stamp_comes_back_as_the_time_that_it_was(at):
    """To the microsecond."""
    assert HeldRows({1: microseconds(at)}).stamp_of(1) == at


@given(rows, rows)
def test_rows_that_differ_have_digests_that_differ(one, other):
    """Texts that hold what stands between values are distinguished, and so is null."""
    batches = Batches(PLAIN, marks_deleted=True)
    batch = batches.of_rows([one, other])
    first, second = batches.digests(batch, [0, 1])
    assert (first == second) == (one == other)
    assert batches.digests(batch, [1]) == [second]


def test_nested_rows_have_digests():
    """Of lists of related records, each value counts."""
    line = Column("lines", "json", (Column("id", "integer"),), many=True)
    batches = Batches(
        Table("t", (Column("id", "integer"), line), ("id",)), marks_deleted=False
    )
    texts = ['[{"id":1}]', '[{"id":2}]', "[]", None]
    batch = batches.of_rows([(1, text) for text in texts])
    assert len(set(batches.digests(batch, range(4)))) == 4


def test_a_stamp_takes_ten_bytes_at_most():
    """Stamps as a company has them: milliseconds, years apart, in no order."""
    import random

    source = random.Random(1)
    start = microseconds(datetime(2016, 1, 1, tzinfo=UTC))
    years = timedelta(days=3650) // timedelta(milliseconds=1)
    known = {
        key: start + source.randrange(years) * 1000 for key in range(0, 160_000, 16)
    }
    packed = HeldRows(known).pack()
    assert len(packed.keys) + len(packed.stamps) <= 10 * len(known)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "later version"),
        ({"rows": PackedRows(keys="AAAA")}, "cannot be read"),
        ({"rows": PackedRows(keys="€")}, "cannot be read"),
    ],
)
def test_a_state_that_cannot_be_read_says_how_to_go_on(change, message):
    """It names the way to a new copy."""
    import msgspec

    state = replace(TableState(identity="i", layout="l"), **change)
    with pytest.raises(SinkError, match=message) as caught:
        TableState.of(msgspec.to_builtins(state), "customers")
    assert "refresh='drop_resources'" in str(caught.value)


def test_decimals_are_exact_in_batches():
    """A number keeps every digit."""
    batch = Batches(PLAIN, marks_deleted=False).of_rows(
        [(1, None, Decimal("1234567890123456789.0123456789"), None, None, None)]
    )
    assert batch.column("number").to_pylist() == [
        Decimal("1234567890123456789.0123456789")
    ]
