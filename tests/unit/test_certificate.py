"""KeyRanges of keys: what was read, and what is missing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.paging.certificate import missing
from sage200_async.paging.key_ranges import KeyRange, KeyRanges

HIGH = 60
edges = st.lists(st.integers(0, HIGH), unique=True, max_size=12).map(sorted)


@given(edges, st.randoms(use_true_random=False), st.integers(0, 3))
def test_any_order_gives_the_same(edges, random, step):
    """KeyRanges added in any order are what a set of their keys says, joined."""
    pairs = list(pairwise(edges))[:: step + 1]
    random.shuffle(pairs)
    read, keys = KeyRanges(), set()
    for low, high in pairs:
        read = read.add(KeyRange(low, high, high - low, low + 1, high))
        keys |= set(range(low + 1, high + 1))
    assert read.records == len(keys)
    assert {k for e in read.ranges for k in range(e.low + 1, e.high + 1)} == keys
    starts = {key for key in keys if key - 1 not in keys}
    assert len(read.ranges) == len(starts)
    gaps = {
        k for e in read.missing(KeyRange(0, HIGH)) for k in range(e.low + 1, e.high + 1)
    }
    assert gaps == set(range(1, HIGH + 1)) - keys
    lacking = missing([read], [KeyRange(0, HIGH)])
    assert bool(lacking) is bool(gaps)


@given(edges, st.integers(0, HIGH), st.integers(1, HIGH))
def test_what_was_read_before_is_refused(edges, low, width):
    """An interval that overlaps one that is there cannot be added."""
    read = KeyRanges()
    for start, end in zip(edges[::2], edges[1::2], strict=False):
        read = read.add(KeyRange(start, end))
    keys = {k for e in read.ranges for k in range(e.low + 1, e.high + 1)}
    new = KeyRange(low, low + width)
    if keys & set(range(low + 1, low + width + 1)):
        with pytest.raises(ValueError, match="was read before"):
            read.add(new)
    else:
        read.add(new)


def test_the_ends_of_what_was_found():
    """Joined intervals know the lowest and the highest key that was found."""
    read = KeyRanges().add(KeyRange(9, 20)).add(KeyRange(0, 9, 2, 3, 7))
    assert read.ranges == (KeyRange(0, 20, 2, 3, 7),)
    read = read.add(KeyRange(20, 30, 1, 25, 25))
    assert read.ranges == (KeyRange(0, 30, 3, 3, 25),)
