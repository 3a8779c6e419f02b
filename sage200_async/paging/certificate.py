"""Proof that a reading is complete: intervals of keys that leave no gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable


class Interval(Struct, frozen=True, order=True):
    """Keys above *low* up to *high*, read."""

    low: int
    high: int
    records: int = 0
    lowest: int | None = None
    """The lowest key found, or None where there was none."""
    highest: int | None = None
    """The highest key found, or None where there was none."""


class Intervals(Struct, frozen=True):
    """Disjoint intervals in ascending order; those that touch are one.

    Example:
        >>> Intervals().add(Interval(0, 5, 2)).add(Interval(5, 9, 1)).all
        (Interval(low=0, high=9, records=3, lowest=None, highest=None),)
    """

    all: tuple[Interval, ...] = ()

    @property
    def records(self) -> int:
        """Records in all of them."""
        return sum(each.records for each in self.all)

    def add(self, interval: Interval) -> Intervals:
        """Add *interval*.

        Raises:
            ValueError: Some of it has been added before.
        """
        before = tuple(each for each in self.all if each.high <= interval.low)
        after = tuple(each for each in self.all if each.low >= interval.high)
        if len(before) + len(after) != len(self.all):
            raise ValueError(f"{interval} was read before, in part or in whole")
        if before and before[-1].high == interval.low:
            before, interval = before[:-1], _joined(before[-1], interval)
        if after and after[0].low == interval.high:
            after, interval = after[1:], _joined(interval, after[0])
        return Intervals((*before, interval, *after))

    def gaps(self, low: int, high: int) -> tuple[tuple[int, int], ...]:
        """Give what is missing between *low* and *high*.

        Example:
            >>> Intervals().add(Interval(3, 5)).gaps(0, 9)
            ((0, 3), (5, 9))
        """
        edges = [low, *(edge for each in self.all for edge in (each.low, each.high))]
        pairs = zip(edges[::2], [*edges[1::2], high], strict=True)
        return tuple((start, end) for start, end in pairs if start < end)


def _joined(one: Interval, other: Interval) -> Interval:
    return Interval(
        one.low,
        other.high,
        one.records + other.records,
        other.lowest if one.lowest is None else one.lowest,
        one.highest if other.highest is None else other.highest,
    )


class Certificate(Struct, frozen=True, kw_only=True):
    """Why a reading is complete. Keep it beside the data."""

    path: str
    proof: str = "by key, without a gap up to the max_key"
    """Why it is complete. By key, every record that stood throughout came, once."""
    key: str = ""
    """The unique ascending key that the reading went by; empty without one."""
    query: str
    """What was asked of each range, less the range."""
    max_key: int | None = None
    """The highest key when the reading began; None where nothing matched."""
    records: int
    rejected: int = 0
    """Records that did not fit and went to the quarantine instead."""
    lowest: int | None = None
    """The lowest key read."""
    highest: int | None = None
    """The highest key read."""
    requests: int
    """Pages that were asked for."""
    started_at: float
    """In seconds since 1970, by the client's clock."""
    ended_at: float
    """In seconds since 1970, by the client's clock."""


def missing(
    parts: Iterable[Intervals], floors: Iterable[int], max_keys: Iterable[int | None]
) -> str:
    """Say what keeps a reading from being complete; empty where nothing does."""
    told = [
        f"keys above {low} up to {high} were not read"
        for part, floor, max_key in zip(parts, floors, max_keys, strict=True)
        if max_key is not None
        for low, high in part.gaps(floor, max_key)
    ]
    return "; ".join(told)
