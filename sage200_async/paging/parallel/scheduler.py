"""RangeScheduler of keys, shared out among those who read a collection together.

Nothing here does any input or output. A *span* is a stretch of keys that is
read upwards, a page at a time. Who is idle takes a span that nobody reads, or
leaps: it asks for the page that lies beyond those that others are asking for,
and the span is split where that page begins. So every reader gets full pages,
however unevenly the ids are filled.

Positions count records from a span's beginning, and are estimates: rows come
and go. They say how far to leap; what has been read is said by keys alone.
Each leap falls short of the page before by one record, so that the two meet:
between pages that only touch, a row could have been.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_FUTILE: Final = 3
# Leaps in a row that gave nothing new: the server has no `$skip`, or ignores it.


class OpenRange:
    """Keys above *low* up to *high*, read by one reader at a time, upwards.

    Args:
        low: The highest key below it.
        high: Its highest key.
        part: Which of the query's conditions it is of.
        end: Records in it at most, as far as known; None where nobody knows.
    """

    __slots__ = ("asked", "at", "busy", "end", "high", "low", "page_at", "part", "root")

    def __init__(
        self, low: int, high: int, *, part: int = 0, end: int | None = None
    ) -> None:
        self.low = low
        """The highest key read."""
        self.high = high
        """The highest key to read; leaps lower it."""
        self.part = part
        self.root = self
        """The span that it was split from first."""
        self.at = self.page_at = 0
        """The position of *low* in the root, now and when the page began."""
        self.end = end
        """The position in the root at which it ends."""
        self.busy = False
        """Whether someone reads it."""
        self.asked = False
        """Whether the page that follows *low* is asked for."""

    def __repr__(self) -> str:
        return f"OpenRange({self.low}, {self.high}, busy={self.busy})"

    def awaits(self, position: int) -> bool:
        """Tell whether a page that begins at *position* goes on where it stands."""
        return self.page_at <= position <= self.at


class Lookahead(NamedTuple):
    """A page that is asked for ahead of those before it."""

    span: OpenRange
    """From where."""
    low: int
    """The highest key read of it, then."""
    position: int
    """Where it will begin, in the span's root."""
    skip: int
    """Records to pass over beyond *low*."""


class RangeScheduler:
    """The spans of a collection that are not read yet.

    Args:
        page: Records that a reader asks for at once.
    """

    def __init__(self, page: int) -> None:
        self.open: list[OpenRange] = []
        """In ascending order, each part's by itself."""
        self.page = page
        self._leaps: list[Lookahead] = []
        self._futile = 0

    @property
    def done(self) -> bool:
        """Whether everything has been read."""
        return not self.open

    def idle(self) -> OpenRange | None:
        """Give the lowest span that nobody reads, nor is about to."""
        spans = (each for each in self.open if not each.busy and not self.awaited(each))
        return next(spans, None)

    def awaited(self, span: OpenRange) -> bool:
        """Tell whether a leap under way will go on where *span* stands."""
        return any(span.awaits(leap.position) for leap in self._of(span))

    def ahead(self) -> Lookahead | None:
        """Say where an idle reader may leap to, or None where it is of no use."""
        if self._futile >= _FUTILE:
            return None
        for span in self.open:
            position = self._beyond(span)
            if span.end is None or position < span.end:
                return Lookahead(span, span.low, position, position - span.at)
        return None

    def leap(self, leap: Lookahead) -> None:
        """Note that *leap* is under way."""
        self._leaps.append(leap)

    def land(self, leap: Lookahead, first: int) -> OpenRange | None:
        """Take note of the key with which the page of *leap* begins.

        Returns:
            The span in which the page goes on, or None where it is of no use.
        """
        self._leaps.remove(leap)
        if not _is_true(leap, first):
            self._futile = _FUTILE
            return None
        span = self._around(leap, first)
        if span is not None and first > span.low + 1:
            span = self._split(span, first - 1, leap.position)
        elif span is None or span.busy:
            self.judge(new=False)
            return None
        span.busy = True
        return span

    def early(self, leap: Lookahead, first: int) -> bool:
        """Tell whether the page before that of *leap* is still being handed on."""
        span = self._around(leap, first) if _is_true(leap, first) else None
        late = span is not None and span.busy and not span.asked
        return late and span is not None and first <= span.low + 1

    def judge(self, *, new: bool) -> None:
        """Note whether a leap has found a record that is new."""
        self._futile = 0 if new else self._futile + 1

    def miss(self, leap: Lookahead, *, refused: bool) -> None:
        """Note that *leap* found no record, or that the server refused it."""
        self._leaps.remove(leap)
        if refused:
            self._futile = _FUTILE
        for span in self.open:
            within = span.end is None or leap.position < span.end
            if span.root is leap.span.root and span.at <= leap.position and within:
                span.end = leap.position

    def finish(self, span: OpenRange) -> None:
        """Take note that *span* is read to its end."""
        self.open.remove(span)

    def _beyond(self, span: OpenRange) -> int:
        """Find the position beyond the pages of *span* that are asked for."""
        step = max(1, self.page - 1)
        own = span.page_at + step if span.busy else span.at
        return max([own, *(leap.position + step for leap in self._of(span))])

    def _of(self, span: OpenRange) -> Iterator[Lookahead]:
        """Give the leaps under way that will land in *span*."""
        for leap in self._leaps:
            within = span.end is None or leap.position < span.end
            if leap.span.root is span.root and leap.position >= span.page_at and within:
                yield leap

    def _around(self, leap: Lookahead, key: int) -> OpenRange | None:
        """Find the span in which *key* is, or which stands beyond it."""
        part = leap.span.part
        spans = (each for each in self.open if each.part == part and key <= each.high)
        return next(spans, None)

    def _split(self, span: OpenRange, middle: int, position: int) -> OpenRange:
        """Give the part of *span* above *middle*, and leave it the rest."""
        upper = OpenRange(middle, span.high, part=span.part, end=span.end)
        upper.root = span.root
        upper.at = upper.page_at = position
        span.high, span.end = middle, position
        self.open.insert(self.open.index(span) + 1, upper)
        return upper


def _is_true(leap: Lookahead, first: int) -> bool:
    """Tell whether *first* can be the key of the record that *leap* asked for."""
    return first > leap.low + leap.skip  # so many whole numbers lie between
