"""Intervals of keys: what was read, and what is missing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.paging.certificate import Interval, Intervals, missing

HIGH = 60
edges = st.lists(st.integers(0, HIGH), unique=True, max_size=12).map(sorted)


@given(edges, st.randoms(use_true_random=False), st.integers(0, 3))
def test_any_order_gives_the_same(edges, random, step):
    """Intervals added in any order are what a set of their keys says, joined."""
    pairs = list(pairwise(edges))[:: step + 1]
    random.shuffle(pairs)
    read, keys = Intervals(), set()
    for low, high in pairs:
        read = read.add(Interval(low, high, high - low, low + 1, high))
        keys |= set(range(low + 1, high + 1))
    assert read.records == len(keys)
    assert {k for e in read.all for k in range(e.low + 1, e.high + 1)} == keys
    starts = {key for key in keys if key - 1 not in keys}
    assert len(read.all) == len(starts)
    gaps = {k for low, high in read.gaps(0, HIGH) for k in range(low + 1, high + 1)}
    assert gaps == set(range(1, HIGH + 1)) - keys
    told = missing([read], [0], [HIGH])
    assert bool(told) is bool(gaps)


@given(edges, st.integers(0, HIGH), st.integers(1, HIGH))
def test_what_was_read_before_is_refused(edges, low, width):
    """An interval that overlaps one that is there cannot be added."""
    read = Intervals()
    for start, end in zip(edges[::2], edges[1::2], strict=False):
        read = read.add(Interval(start, end))
    keys = {k for e in read.all for k in range(e.low + 1, e.high + 1)}
    new = Interval(low, low + width)
    if keys & set(range(low + 1, low + width + 1)):
        with pytest.raises(ValueError, match="was read before"):
            read.add(new)
    else:
        read.add(new)


def test_the_ends_of_what_was_found():
    """Joined intervals know the lowest and the highest key that was found."""
    read = Intervals().add(Interval(9, 20)).add(Interval(0, 9, 2, 3, 7))
    assert read.all == (Interval(0, 20, 2, 3, 7),)
    read = read.add(Interval(20, 30, 1, 25, 25))
    assert read.all == (Interval(0, 30, 3, 3, 25),)
