"""What readers hand to the consumer."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from sage200_async.paging.certificate import Interval

R = TypeVar("R")


class Batch(Struct, Generic[R], frozen=True):
    """Some records, and the interval of keys of which they are all there is.

    Whoever has kept the records may note the interval as done.
    """

    records: list[R]
    """In the order of their keys; there may be none."""
    interval: Interval
    part: int = 0
    """Which of the query's conditions it is of, where an ``in_`` was split."""
