"""Tables that are put together from batches in any order."""

import asyncio
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.arrow.frames import TableBuilder

SCHEMA = pa.schema([pa.field("id", pa.int64(), nullable=False)])


@st.composite
def shuffled_ranges(draw):
    """Return ranges of keys that follow each other in two subqueries, in any order."""
    ranges = []
    for subquery in (0, 1):
        bounds = sorted(draw(st.sets(st.integers(0, 300), min_size=2, max_size=60)))
        ranges += [(subquery, low, high) for low, high in pairwise(bounds)]
    return draw(st.permutations(ranges))


@given(shuffled_ranges(), st.integers(0, 3))
def test_batches_in_any_order(ranges, rest):
    """The table has the records of all batches, once each, in the order of the query."""

    def keys(low, high):
        return [key for key in range(low + 1, high + 1) if key % 4 >= rest]

    async def build():
        builder = TableBuilder(SCHEMA)
        for subquery, low, high in ranges:
            batch = pa.RecordBatch.from_pydict({"id": keys(low, high)}, SCHEMA)
            await builder.add(batch, (subquery, low), (subquery, high))
        return await builder.table(None)

    table = asyncio.run(build())
    expected = [key for _, low, high in sorted(ranges) for key in keys(low, high)]
    assert table["id"].to_pylist() == expected
    assert table.schema == SCHEMA


@pytest.mark.parametrize("order", ["ascending", "descending", "even ones first"])
def test_batches_that_follow_each_other_are_joined(order):
    """Of a hundred batches few arrays are left, whatever order they came in."""
    lows = list(range(100))
    if order == "descending":
        lows.reverse()
    elif order == "even ones first":
        lows.sort(key=lambda low: low % 2)

    async def build():
        builder = TableBuilder(SCHEMA)
        for low in lows:
            batch = pa.RecordBatch.from_pydict({"id": [low + 1]}, SCHEMA)
            await builder.add(batch, (0, low), (0, low + 1))
        return await builder.table(None)

    ids = asyncio.run(build())["id"]
    assert ids.to_pylist() == list(range(1, 101))
    assert ids.num_chunks <= 8
