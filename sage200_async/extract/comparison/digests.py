"""Digests of rows by key, in 36 bytes a row: a million rows are 36 MB."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from sage200_async.extract.comparison.canonical import DIGEST_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODULUS: Final = 1 << (8 * DIGEST_SIZE)
_ZERO: Final = bytes(DIGEST_SIZE)


class Digests:
    """Digests of rows, by their keys.

    A key is two integers of 64 bits: the key of the record, and the position in
    its list. Rows with the same key are counted, and their digests added up, so
    that their order is of no account.
    """

    _keys: array[int]
    _positions: array[int]
    _counts: array[int]
    _sums: bytearray

    def __init__(self) -> None:
        self._clear()

    def add(self, key: int, position: int, digest: bytes) -> None:
        """Add a row; fastest in the order of the keys.

        Raises:
            OverflowError: The key has more than 64 bits.
        """
        self._append(key, position, 1, digest)

    def subtract(self, key: int, position: int, digest: bytes) -> bool:
        """Take a row away; return whether there is a row of its key."""
        self._sort()
        index = self._find(key, position)
        if index is None:
            return False
        self._change(index, -1, digest)
        return True

    def rest(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield what is left: key, position, count of rows, and sum of digests.

        Rows that were taken away as they were added leave nothing. A row that was
        taken away with another digest leaves a count of 0 and a sum.
        """
        self._sort()
        for index, key in enumerate(self._keys):
            total = int.from_bytes(self._sum(index))
            if self._counts[index] or total:
                yield key, self._positions[index], self._counts[index], total

    def _append(self, key: int, position: int, count: int, total: bytes) -> None:
        if self._keys:
            last = self._keys[-1], self._positions[-1]
            if (key, position) == last:
                self._change(len(self._keys) - 1, count, total)
                return
            self._ascending &= last < (key, position)
        self._keys.append(key)
        self._positions.append(position)
        self._counts.append(count)
        self._sums += total

    def _find(self, key: int, position: int) -> int | None:
        low = bisect_left(self._keys, key)
        if low == len(self._keys) or self._keys[low] != key:
            return None
        if self._positions[low] == position:
            return low
        high = bisect_right(self._keys, key, low)
        index = bisect_left(self._positions, position, low, high)
        there = index < high and self._positions[index] == position
        return index if there else None

    def _sum(self, index: int) -> bytes:
        return bytes(self._sums[index * DIGEST_SIZE : (index + 1) * DIGEST_SIZE])

    def _change(self, index: int, count: int, total: bytes) -> None:
        """Add rows to those at *index*, or take one away."""
        self._counts[index] += count
        own = self._sum(index)
        if count < 0 and own == total:
            changed = _ZERO
        else:
            sign = -1 if count < 0 else 1
            added = int.from_bytes(own) + sign * int.from_bytes(total)
            changed = (added % _MODULUS).to_bytes(DIGEST_SIZE)
        self._sums[index * DIGEST_SIZE : (index + 1) * DIGEST_SIZE] = changed

    def _sort(self) -> None:
        """Put the rows in the order of their keys, unless they are in it already."""
        if self._ascending:
            return
        keys, positions, counts = self._keys, self._positions, self._counts
        order = sorted(range(len(keys)), key=lambda n: (keys[n], positions[n]))
        totals = [self._sum(index) for index in order]
        self._clear()
        for n, total in zip(order, totals, strict=True):
            self._append(keys[n], positions[n], counts[n], total)

    def _clear(self) -> None:
        self._keys, self._positions = array("q"), array("q")
        self._counts, self._sums = array("i"), bytearray()
        self._ascending = True
