"""Shares out the keys of a collection among workers. No I/O.

An `OpenRange` is read upwards, a page at a time. An idle worker takes a free
range, or prefetches ahead by ``$skip``: it asks for the page beyond those that
others ask for (a `Lookahead`), and the range is split where that page starts.
So every worker gets full pages, however unevenly the ids are filled.

Positions count records from the start of a range, and are estimates: rows come
and go. They say how far to skip; what has been read is said by keys alone.
Each lookahead starts one record before the end of the page before it, so that
the two overlap: between pages that only touch, a row could have been missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_USELESS: Final = 3
# Lookaheads in a row that brought nothing new: the server has no `$skip`, or
# ignores it.


class OpenRange:
    """Keys above *low* up to *high* that are still to be read, by one worker at a time.

    Args:
        low: The highest key below it.
        high: Its highest key.
        sentinel: The key of a record at *high* or next above it: it came, or is
            expected, and shows that nothing lies in between.
        subquery: Which of the query's conditions it belongs to.
        end: Records in it at most; None where nobody knows.
    """

    __slots__ = (
        "busy",
        "end",
        "high",
        "low",
        "page_start",
        "position",
        "requested",
        "root",
        "sentinel",
        "subquery",
    )

    def __init__(
        self,
        low: int,
        high: int,
        sentinel: int,
        *,
        subquery: int = 0,
        end: int | None = None,
    ) -> None:
        self.low = low
        """The highest key read."""
        self.high = high
        """The highest key to read; splitting lowers it."""
        self.sentinel = sentinel
        """The highest key that pages of it ask for."""
        self.subquery = subquery
        self.root = self
        """The range that it was first split from."""
        self.position = self.page_start = 0
        """The position of *low* in the root: now, and when the page began."""
        self.end = end
        """The position in the root at which it ends."""
        self.busy = False
        """Whether a worker reads it."""
        self.requested = False
        """Whether the page that follows *low* is requested."""

    def __repr__(self) -> str:
        return f"OpenRange({self.low}, {self.high}, busy={self.busy})"

    def continues_at(self, position: int) -> bool:
        """Return whether a page that starts at *position* goes on from here."""
        return self.page_start <= position <= self.position


class Lookahead(NamedTuple):
    """A page that is requested ahead of those before it."""

    origin: OpenRange
    """The range that it skips in."""
    low: int
    """The highest key read of *origin* when it was requested."""
    position: int
    """Where it will start, in the root of *origin*."""
    skip: int
    """Records to pass over beyond *low*."""


class RangeScheduler:
    """The ranges of a collection that are still to be read.

    Args:
        page: Records that a worker asks for at once.
    """

    def __init__(self, page: int) -> None:
        self.open: list[OpenRange] = []
        """In ascending order, within each subquery."""
        self.page = page
        self._lookaheads: list[Lookahead] = []
        self._useless = 0

    @property
    def done(self) -> bool:
        """Whether everything has been read."""
        return not self.open

    def free_range(self) -> OpenRange | None:
        """Return the lowest range that no worker reads, nor is about to."""
        free = (r for r in self.open if not r.busy and not self.is_claimed(r))
        return next(free, None)

    def is_claimed(self, open_range: OpenRange) -> bool:
        """Return whether a lookahead under way will go on from *open_range*."""
        pending = self._pending(open_range)
        return any(open_range.continues_at(ahead.position) for ahead in pending)

    def next_lookahead(self) -> Lookahead | None:
        """Return where an idle worker may skip to, or None where it is of no use."""
        if self._useless >= _MAX_USELESS:
            return None
        for open_range in self.open:
            position = self._beyond(open_range)
            if open_range.end is None or position < open_range.end:
                return Lookahead(
                    open_range, open_range.low, position, position - open_range.position
                )
        return None

    def requested(self, lookahead: Lookahead) -> None:
        """Note that *lookahead* is under way."""
        self._lookaheads.append(lookahead)

    def resolve(
        self, lookahead: Lookahead, first: int, max_key: int
    ) -> OpenRange | None:
        """Note the key with which the page of *lookahead* starts.

        Args:
            lookahead: What was requested.
            first: The first key of the page.
            max_key: The highest key that was asked for.

        Returns:
            The range in which the page goes on, or None where it is of no use.
        """
        self._lookaheads.remove(lookahead)
        if not _is_plausible(lookahead, first):
            self._useless = _MAX_USELESS
            return None
        open_range = self._around(lookahead, first)
        if open_range is not None and first > open_range.low + 1:
            open_range = self._split(open_range, first - 1, lookahead.position)
        elif open_range is None or open_range.busy or open_range.low >= max_key:
            self.score(new=False)
            return None
        open_range.busy = True
        return open_range

    def is_early(self, lookahead: Lookahead, first: int) -> bool:
        """Return whether the page before that of *lookahead* is still handed on."""
        if not _is_plausible(lookahead, first):
            return False
        open_range = self._around(lookahead, first)
        if open_range is None or not open_range.busy or open_range.requested:
            return False
        return first <= open_range.low + 1

    def score(self, *, new: bool) -> None:
        """Note whether a lookahead brought a record that is new."""
        self._useless = 0 if new else self._useless + 1

    def discard(self, lookahead: Lookahead, *, refused: bool) -> None:
        """Note that *lookahead* brought no record, or that the server refused it."""
        self._lookaheads.remove(lookahead)
        if refused:
            self._useless = _MAX_USELESS
        position = lookahead.position
        for open_range in self.open:
            within = open_range.end is None or position < open_range.end
            same = open_range.root is lookahead.origin.root
            if same and open_range.position <= position and within:
                open_range.end = position

    def finish(self, open_range: OpenRange) -> None:
        """Note that *open_range* is read to its end."""
        self.open.remove(open_range)

    def _beyond(self, open_range: OpenRange) -> int:
        """Return the position beyond the pages of *open_range* that are requested."""
        step = max(1, self.page - 1)
        own = open_range.position
        if open_range.busy:  # the last record of a page may be handed on by now
            own = max(own, open_range.page_start + step)
        pending = self._pending(open_range)
        return max([own, *(ahead.position + step for ahead in pending)])

    def _pending(self, open_range: OpenRange) -> Iterator[Lookahead]:
        """Yield the lookaheads under way that will start in *open_range*."""
        for ahead in self._lookaheads:
            within = open_range.end is None or ahead.position < open_range.end
            same = ahead.origin.root is open_range.root
            if same and ahead.position >= open_range.page_start and within:
                yield ahead

    def _around(self, lookahead: Lookahead, key: int) -> OpenRange | None:
        """Return the range that *key* lies in, or the next above it."""
        subquery = lookahead.origin.subquery
        above = (r for r in self.open if r.subquery == subquery and key <= r.high)
        return next(above, None)

    def _split(self, open_range: OpenRange, middle: int, position: int) -> OpenRange:
        """Cut off and return the part of *open_range* above *middle*."""
        upper = OpenRange(
            middle,
            open_range.high,
            open_range.sentinel,
            subquery=open_range.subquery,
            end=open_range.end,
        )
        upper.root = open_range.root
        upper.position = upper.page_start = position
        open_range.high, open_range.end = middle, position
        open_range.sentinel = middle + 1
        self.open.insert(self.open.index(open_range) + 1, upper)
        return upper


def _is_plausible(lookahead: Lookahead, first: int) -> bool:
    """Return whether *first* can be the key of the record that was skipped to."""
    return first > lookahead.low + lookahead.skip  # so many whole numbers lie between
