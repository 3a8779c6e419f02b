"""What a copy and its source disagree about: pure, and complete in both directions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EDGE: Final = 2
# Listed keys that are remembered at either end: one of them may be deleted
# before deletes are confirmed beside it.


class HeldRow(NamedTuple):
    """What the copy knows of one row."""

    key: int
    stamp: datetime | None
    deleted: bool
    """Whether it is marked as deleted."""


class Newest(Struct, frozen=True, order=True):
    """A stamp, and a record that has it. The greater one is the newer."""

    stamp: datetime
    key: int


def newest_until(
    records: Iterable[tuple[int, datetime | None]], now: datetime
) -> Newest | None:
    """Return the newest stamp that is not later than *now*, with its record."""
    known = (Newest(stamp, key) for key, stamp in records if stamp is not None)
    return latest(*(one for one in known if one.stamp <= now))


def latest(*known: Newest | None) -> Newest | None:
    """Return the newest of those that are not None."""
    return max((one for one in known if one is not None), default=None)


@dataclass
class Differences:
    """What a sweep finds, gathered range by range.

    Args:
        now: The server's time when the sweep began.
        reads_unstamped: Whether records without a stamp are to be read again.
        watched: A key whose stamp is wanted, or None.
    """

    now: datetime
    reads_unstamped: bool = True
    watched: int | None = None
    watched_stamp: datetime | None = None
    """The stamp of the watched record; None where it is not listed."""
    fetch: list[int] = field(default_factory=list[int])
    """Keys of records to read: missing in the copy, marked there as deleted, with
    another stamp than the copy's, or without one."""
    absent: list[int] = field(default_factory=list[int])
    """Keys of rows that the source did not list."""
    listed: int = 0
    """Records of the source."""
    rejected: int = 0
    """Records of the source that did not fit, and were not listed."""
    rejected_keys: set[int] = field(default_factory=set[int])
    """The keys of those that show one."""
    held: int = 0
    """Rows of the copy that are not marked as deleted."""
    went_back: bool = False
    """Whether a record has an older stamp than the copy's: a backup was restored."""
    newest: Newest | None = None
    """The newest stamp that is not later than *now*."""
    lowest: list[int] = field(default_factory=list[int])
    """The lowest listed keys, in ascending order."""
    highest: list[int] = field(default_factory=list[int])
    """The highest listed keys, in ascending order."""

    def add(
        self,
        listed: Sequence[tuple[int, datetime | None]],
        held: Iterable[HeldRow],
    ) -> None:
        """Compare one range of keys: *listed* by the source, and *held* by the copy."""
        stamps = dict(listed)
        copied = {row.key: row for row in held}
        alive = [row.key for row in copied.values() if not row.deleted]
        self.listed += len(stamps)
        self.held += len(alive)
        self.fetch += [
            key for key in stamps if self._differs(stamps[key], copied.get(key))
        ]
        self.absent += [key for key in alive if key not in stamps]
        self.newest = latest(self.newest, newest_until(listed, self.now))
        if self.watched in stamps:
            self.watched_stamp = stamps[self.watched]
        self.lowest = sorted([*self.lowest, *stamps])[:_EDGE]
        self.highest = sorted([*self.highest, *stamps])[-_EDGE:]

    def _differs(self, stamp: datetime | None, held: HeldRow | None) -> bool:
        """Return whether a record that is listed has to be read."""
        if held is None or held.deleted:
            return True
        if stamp is None:
            return self.reads_unstamped or held.stamp is not None
        self.went_back |= held.stamp is not None and stamp < held.stamp
        return stamp != held.stamp
