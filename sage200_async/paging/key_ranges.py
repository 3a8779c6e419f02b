"""Ranges of keys: what is to be read, what has been read, and what is missing."""

from __future__ import annotations

from msgspec import Struct


class KeyRange(Struct, frozen=True, order=True):
    """Keys above *low* up to *high*, and the records that came from them."""

    low: int
    high: int
    records: int = 0
    lowest: int | None = None
    """The lowest key that came, or None where there was none."""
    highest: int | None = None
    """The highest key that came, or None where there was none."""


class KeyRanges(Struct, frozen=True):
    """Disjoint ranges in ascending order; those that touch are one.

    Example:
        >>> KeyRanges().add(KeyRange(0, 5, 2)).add(KeyRange(5, 9, 1)).ranges
        (KeyRange(low=0, high=9, records=3, lowest=None, highest=None),)
    """

    ranges: tuple[KeyRange, ...] = ()

    @property
    def records(self) -> int:
        """Records in all of them."""
        return sum(part.records for part in self.ranges)

    def add(self, key_range: KeyRange) -> KeyRanges:
        """Add *key_range*.

        Raises:
            ValueError: Some of it has been added before.
        """
        before = tuple(part for part in self.ranges if part.high <= key_range.low)
        after = tuple(part for part in self.ranges if part.low >= key_range.high)
        if len(before) + len(after) != len(self.ranges):
            raise ValueError(f"{key_range} was read before, in part or in whole")
        if before and before[-1].high == key_range.low:
            before, key_range = before[:-1], _joined(before[-1], key_range)
        if after and after[0].low == key_range.high:
            after, key_range = after[1:], _joined(key_range, after[0])
        return KeyRanges((*before, key_range, *after))

    def missing(self, bounds: KeyRange) -> tuple[KeyRange, ...]:
        """Return the parts of *bounds* that are in none of them.

        Example:
            >>> KeyRanges().add(KeyRange(3, 5)).missing(KeyRange(0, 9)) == (KeyRange(0, 3), KeyRange(5, 9))
            True
        """
        edges = [
            bounds.low,
            *(edge for part in self.ranges for edge in (part.low, part.high)),
        ]
        pairs = zip(edges[::2], [*edges[1::2], bounds.high], strict=True)
        return tuple(KeyRange(low, high) for low, high in pairs if low < high)

    def gaps(self, bounds: KeyRange) -> list[tuple[KeyRange, int]]:
        """Return what `missing` does, each with the key of a record at or above its end.

        It is that of the lowest record in the range above, or else the
        highest key of *bounds*.
        """
        lowest = {part.low: part.lowest for part in self.ranges}
        pairs = [(gap, lowest.get(gap.high)) for gap in self.missing(bounds)]
        return [(gap, bounds.high if key is None else key) for gap, key in pairs]


def _joined(one: KeyRange, other: KeyRange) -> KeyRange:
    return KeyRange(
        one.low,
        other.high,
        one.records + other.records,
        other.lowest if one.lowest is None else one.lowest,
        one.highest if other.highest is None else other.highest,
    )
