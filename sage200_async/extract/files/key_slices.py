"""Rows cut where rows that come at another time belong between."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from sage200_async.errors import SinkConflict
from sage200_async.paging.key_ranges import KeyRanges

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.tables import Row, Table

Span = tuple[int, int]
"""Keys above the first up to the second."""


def fresh(last: Checkpoint | None, checkpoint: Checkpoint) -> tuple[Span, ...]:
    """Say which keys *checkpoint* adds, as spans above a key up to another.

    Raises:
        SinkConflict: It does not go on from the *last*.
    """
    before = () if last is None else last.done.ranges
    added: list[Span] = []
    known = 0
    for each in checkpoint.done.ranges:
        inner = [p for p in before if each.low <= p.low and p.high <= each.high]
        known += len(inner)
        added += ((gap.low, gap.high) for gap in KeyRanges(tuple(inner)).missing(each))
    if last is not None and (known < len(before) or last.query != checkpoint.query):
        message = f"expected a checkpoint that goes on from {last}, got {checkpoint}"
        raise SinkConflict(message)
    return tuple(added)


def by_key(
    table: Table, rows: Sequence[Row], spans: Sequence[Span]
) -> Iterator[tuple[int, Sequence[Row]]]:
    """Share out *rows* among spans of keys, in their order.

    Raises:
        SinkConflict: Some are in none of them.
    """
    names = [column.name for column in table.columns]
    key = names.index(table.key[0])
    rows = sorted(rows, key=lambda row: row[key])
    keys: list[int] = [row[key] for row in rows]
    done = 0
    for low, high in spans:
        start, end = bisect_left(keys, low + 1), bisect_left(keys, high + 1)
        done += end - start
        yield low, rows[start:end]
    if done != len(rows):
        message = f"{table.name}: expected rows with keys in {spans}"
        raise SinkConflict(f"{message}, got {len(rows) - done} others")
