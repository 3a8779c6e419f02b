"""Retries that all tasks of a client may make together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from sage200_async.transport.base import Clock

_BURST: Final = 10.0
# Retries that may follow each other at once: a page of a few tasks fails.
_EARNED: Final = 0.1
# What each success adds: one request in eleven is a retry, at most, while the
# service answers some.


class Level(Struct, frozen=True):
    """Retries that are left; below 0, retries that wait for their turn."""

    left: float = _BURST
    at: float = 0.0
    """When that was, in seconds of a clock that never goes back."""


def refilled(level: Level, now: float, per_second: float) -> Level:
    """Add what the time since has brought.

    Example:
        >>> refilled(Level(left=2.0, at=10.0), now=13.0, per_second=0.5).left
        3.5
    """
    return Level(min(_BURST, level.left + (now - level.at) * per_second), now)


class RetryBudget:
    """A bucket that retries are taken from, so that no crowd runs at a sick server.

    Ten at once, then *per_second*; successes add a tenth each. A retry that
    finds none waits for its turn: twenty tasks whose server dies ask no more
    often than one would, and none of them has to give up for it.

    Args:
        per_second: Retries a second, once the first ten are spent.
        clock: Time.
    """

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._level = Level(at=clock.monotonic())

    def wait(self) -> float:
        """Seconds until a retry that is taken now may be sent."""
        level = refilled(self._level, self._clock.monotonic(), self._per_second)
        return max(0.0, (1.0 - level.left) / self._per_second)

    def take(self) -> None:
        """Take a retry."""
        level = refilled(self._level, self._clock.monotonic(), self._per_second)
        self._level = Level(level.left - 1.0, level.at)

    def earn(self) -> None:
        """Note a success."""
        self._level = Level(min(_BURST, self._level.left + _EARNED), self._level.at)
