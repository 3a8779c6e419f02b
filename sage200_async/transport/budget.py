"""A limit on the retries that all tasks of a client make together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from sage200_async.transport.base import Clock

_CAPACITY: Final = 10.0
# Retries that may follow each other at once: a page of a few tasks fails.
_PER_SUCCESS: Final = 0.1
# Added by each success: at most one request in eleven is a retry while the
# service answers some.


class BucketState(Struct, frozen=True):
    """The state of a token bucket at one time."""

    retries: float = _CAPACITY
    """Retries left; below 0, the number waiting for their turn."""
    updated_at: float = 0.0
    """When that was, in seconds of a clock that never goes back."""


def refilled(state: BucketState, now: float, per_second: float) -> BucketState:
    """Return *state* with the retries that the time since then has added.

    Example:
        >>> state = BucketState(retries=2.0, updated_at=10.0)
        >>> refilled(state, now=13.0, per_second=0.5).retries
        3.5
    """
    added = (now - state.updated_at) * per_second
    return BucketState(min(_CAPACITY, state.retries + added), now)


class RetryBudget:
    """A token bucket for retries, so that many tasks do not overload a failing server.

    Ten at once, then *per_second*; each success adds a tenth. A retry that
    finds the bucket empty waits for its turn: twenty tasks whose server is down
    ask as often as one would, and none of them has to give up.

    Args:
        per_second: Retries a second, after the first ten.
        clock: The time.
    """

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._state = BucketState(updated_at=clock.monotonic())

    def wait(self) -> float:
        """Return the seconds until a retry that is taken now may be sent."""
        state = refilled(self._state, self._clock.monotonic(), self._per_second)
        return max(0.0, (1.0 - state.retries) / self._per_second)

    def take(self) -> None:
        """Take one retry out of the bucket."""
        state = refilled(self._state, self._clock.monotonic(), self._per_second)
        self._state = BucketState(state.retries - 1.0, state.updated_at)

    def earn(self) -> None:
        """Add a tenth of a retry, for a success."""
        state = self._state
        if state.retries < _CAPACITY:
            retries = min(_CAPACITY, state.retries + _PER_SUCCESS)
            self._state = BucketState(retries, state.updated_at)
