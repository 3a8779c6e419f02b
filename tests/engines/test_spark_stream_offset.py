"""How far a stream of Spark has come, without Spark."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.engines.spark.stream_offset import (
    first_offset,
    next_offset,
    oldest_stamp,
    require_source,
)
from sage200_async.errors import QueryError

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
OVERLAP = 60.0
START = first_offset("customers")


def at(seconds):
    """Return a time some seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def read(records, start, now):
    """Return the numbers of *records* that a micro-batch at *now* reads."""
    since = oldest_stamp(start, OVERLAP)
    return {
        number
        for number, (stamp, delay) in enumerate(records)
        if stamp + delay <= now and (since is None or at(stamp) >= since)
    }


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, int(OVERLAP)))),
    st.lists(st.integers(0, 500), max_size=12),
)
def test_no_record_is_missed(records, polls):
    """A record that is committed within the overlap is read, however quiet it is later."""
    start, seen = START, set()
    for now in [*sorted(polls), 500, 501]:
        stamps = [stamp for stamp, delay in records if stamp + delay <= now]
        newest = at(max(stamps)) if stamps else None
        end = next_offset(start, newest, at(now), OVERLAP)
        if end != start:
            seen |= read(records, start, now)
        start = end
    assert seen == set(range(len(records)))
    assert next_offset(start, None, at(999), OVERLAP) == start


def test_a_late_record_when_nothing_is_newer():
    """The window before the newest stamp is read once more, and then no more."""
    first = next_offset(START, at(0), at(5), OVERLAP)
    assert next_offset(first, at(0), at(59), OVERLAP) == first
    second = next_offset(first, at(0), at(60), OVERLAP)
    assert second != first
    assert oldest_stamp(first, OVERLAP) == at(-60)
    assert next_offset(second, at(0), at(3600), OVERLAP) == second
    assert next_offset(second, at(0), at(-9), OVERLAP) == second  # a clock goes back


def test_records_without_any_stamp():
    """Where no record has a stamp, everything is read once."""
    first = next_offset(START, None, at(0), OVERLAP)
    assert first != START
    assert oldest_stamp(START, OVERLAP) is oldest_stamp(first, OVERLAP) is None
    assert next_offset(first, None, at(9), OVERLAP) == first


@pytest.mark.parametrize("overlap", [0.0, 3600.0, 1e15])
def test_the_first_years(overlap):
    """The stamp of the year 1, which Sage has for none, is no error."""
    stamp = datetime(1, 1, 1, tzinfo=UTC)
    offset = next_offset(START, stamp + timedelta(seconds=1), NOON, overlap)
    since = oldest_stamp(offset, overlap)
    assert since is not None
    assert since >= stamp


def test_the_checkpoint_of_another_source():
    """An offset of another source, or of no stream of ours, is refused."""
    offset = next_offset(START, at(0), at(60), OVERLAP)
    require_source(offset, "customers")
    with pytest.raises(QueryError, match="is of customers, and this stream reads"):
        require_source(offset, "suppliers")
    for other in ({}, {"source": "customers"}):
        with pytest.raises(QueryError, match="use another checkpointLocation"):
            require_source(other, "customers")
