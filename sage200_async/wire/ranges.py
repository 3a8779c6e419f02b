"""Ranges of keys, shared out among those who read a collection together.

Nothing here does any input or output: who is idle asks `Ranges.claim` for a
span of keys, says with `Span.low` how far it has come, and `Ranges.finish`
when it is at the span's end. Ids are gappy and unevenly filled, so that no
split is right from the start: spans are split again as they prove full.
"""

from __future__ import annotations

from typing import Final

_SMALL: Final = 0.05
# Of a page: what is not worth a request of another reader's.
_SAFE: Final = 0.8
# Of a page: what a span that is to be one page is cut for, as rows are uneven.
_THINNER: Final = 8.0
# Times: what a span that is to be one page may be longer than the one before.


class Span:
    """Keys above *low* up to *high*, read by one reader at a time, upwards."""

    __slots__ = ("busy", "density", "high", "low", "part")

    def __init__(
        self, low: int, high: int, *, part: int = 0, density: float | None = None
    ) -> None:
        self.low = low
        """The highest key read."""
        self.high = high
        """The highest key to read; others may lower it."""
        self.part = part
        """Which of the query's conditions it is of."""
        self.density = density
        """Records to a key, as last seen; None before the first page."""
        self.busy = False
        """Whether someone reads it."""

    @property
    def width(self) -> int:
        """Keys that are left."""
        return max(0, self.high - self.low)

    def __repr__(self) -> str:
        return f"Span({self.low}, {self.high}, busy={self.busy})"


class Ranges:
    """The spans of a collection that are not read yet.

    Args:
        spans: All that is to be read.
        page: Records that a reader asks for at once.
        ordered: Whether the records are wanted in the order of their keys.
            Then spans are cut to about a page and given out from the lowest.
    """

    def __init__(self, spans: list[Span], page: int, *, ordered: bool = False) -> None:
        self.open = spans
        self.page = page
        self._ordered = ordered

    @property
    def done(self) -> bool:
        """Whether everything has been read."""
        return not self.open

    def claim(self) -> Span | None:
        """Give an idle reader something to read, or None while there is nothing."""
        found = self._next() if self._ordered else self._idle() or self._stolen()
        if found is not None:
            found.busy = True
        return found

    def finish(self, span: Span) -> None:
        """Take note that *span* is read to its end."""
        self.open.remove(span)

    def cut(self, span: Span) -> None:
        """End *span* at what is read of it; the rest of it is for whoever is idle."""
        if span.low < span.high:
            rest = Span(span.low, span.high, part=span.part, density=span.density)
            self.open.insert(self.open.index(span) + 1, rest)
            span.high = span.low

    def learn(self, span: Span, records: int, width: int) -> None:
        """Note that *span* held *records* in *width* keys: what follows may, too.

        A thin stretch thins what is expected by so much at most, as a full one
        may begin anywhere; a full one is believed at once.
        """
        seen = records / max(1, width)
        for each in self.open[self.open.index(span) :]:
            if not each.busy:
                each.density = max(seen, (each.density or seen) / _THINNER)
                break

    def enter(self, key: int, part: int = 0) -> Span | None:
        """Begin a span at *key*, which a reader has found further on.

        Returns:
            The span, or None where that key has been read.
        """
        for span in self.open:
            if span.part == part and span.low < key <= span.high:
                entered = self._split(span, key - 1)
                entered.busy = True
                return entered
        return None

    def left(self, span: Span) -> float:
        """Estimate the records that are left of *span*, past the page under way."""
        density = span.density or self._density()
        under_way = self.page if span.busy else 0
        return max(0.0, span.width * density - under_way)

    def _density(self) -> float:
        """What is known of other spans, or as if every key held a record."""
        known = [span.density for span in self.open if span.density]
        return sum(known) / len(known) if known else 1.0

    def _idle(self) -> Span | None:
        idle = (span for span in self.open if not span.busy)
        return max(idle, key=self.left, default=None)

    def _stolen(self) -> Span | None:
        """Take the upper half of what is left of the fullest span."""
        victim = max(self.open, key=self.left, default=None)
        if victim is None or self.left(victim) < max(1.0, _SMALL * self.page):
            return None
        under_way = int(self.page / (victim.density or self._density()))
        reach = min(victim.low + under_way, victim.high)
        middle = (reach + victim.high) // 2
        return self._split(victim, middle) if middle < victim.high else None

    def _next(self) -> Span | None:
        """Give the lowest idle span, cut to about a page."""
        for place, span in enumerate(self.open):
            if span.busy:
                continue
            if span.density is None:
                return span if place == 0 else None  # the first page tells
            keys = max(1, int(_SAFE * self.page / span.density))
            if keys < span.width:
                self._split(span, span.low + keys)
            return span
        return None

    def _split(self, span: Span, middle: int) -> Span:
        """Give the part of *span* above *middle*, and leave it the rest."""
        upper = Span(middle, span.high, part=span.part, density=span.density)
        self.open.insert(self.open.index(span) + 1, upper)
        span.high = middle
        return upper
