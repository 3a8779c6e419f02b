"""What readers hand to the consumer."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from sage200_async.paging.key_ranges import KeyRange

R = TypeVar("R")


class Batch(Struct, Generic[R], frozen=True):
    """Some records, and the range of keys of which they are all there is.

    Whoever has kept the records may note the range as done.
    """

    records: list[R]
    """In the order of their keys; there may be none."""
    key_range: KeyRange
    subquery: int = 0
    """Which of the query's conditions it is of, where an ``in_`` was split."""
