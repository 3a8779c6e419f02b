"""How batches reach the consumer: as they arrive, or in the order of their keys."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from msgspec import Struct

from sage200_async.paging.key_ranges import KeyRange

if TYPE_CHECKING:
    from collections.abc import Sequence

B = TypeVar("B")


class Batch(Struct, Generic[B], frozen=True):
    """Some records, and the range of keys that they are complete for.

    Once the records are stored, the range is done.
    """

    records: B
    """In the form that was asked for, such as a list, and in the order of their keys;
    there may be none."""
    key_range: KeyRange
    subquery: int = 0
    """Which of the query's conditions it belongs to, where an ``in_`` was split."""


class RecordQueue(Protocol):
    """Where workers put batches and the consumer takes them."""

    async def put(self, batch: Batch[Any]) -> None:
        """Add *batch*; wait while too many records are waiting."""
        ...

    async def get(self) -> Batch[Any] | None:
        """Take the next batch, or None at the end."""
        ...

    def full(self, low: int) -> bool:
        """Return whether too much is waiting to read on from the key *low*."""
        ...

    def close(self, *, now: bool) -> None:
        """End it: at once, or when the waiting batches have been taken."""
        ...


class _Ready:
    """Batches that can be taken, and None behind the last one."""

    def __init__(self) -> None:
        self.waiting = 0
        """Records."""
        self._batches: deque[Batch[Any] | None] = deque()
        self._arrived = asyncio.Event()

    def add(self, batch: Batch[Any]) -> None:
        """Append *batch*."""
        self.waiting += batch.key_range.records
        self._batches.append(batch)
        self._arrived.set()

    async def get(self) -> Batch[Any] | None:
        """Take the next batch, or None at the end."""
        while not self._batches:
            self._arrived.clear()
            await self._arrived.wait()
        batch = self._batches[0]
        if batch is not None:  # the end stays, for a second loop
            self._batches.popleft()
            self.waiting -= batch.key_range.records
        return batch

    def close(self, *, now: bool) -> None:
        """Append the end, and drop what is waiting if it is to end *now*."""
        if now:
            self._batches.clear()
        self._batches.append(None)
        self._arrived.set()


class UnorderedQueue:
    """Batches in the order in which they arrive.

    Args:
        room: Records that may wait before workers have to.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._ready = _Ready()
        self._taken = asyncio.Event()

    async def put(self, batch: Batch[Any]) -> None:
        """Add *batch*; wait while too many records are waiting."""
        while self._ready.waiting > self._room:
            self._taken.clear()
            await self._taken.wait()
        self._ready.add(batch)

    async def get(self) -> Batch[Any] | None:
        """Take the next batch, or None at the end."""
        batch = await self._ready.get()
        self._taken.set()
        return batch

    def full(self, low: int) -> bool:  # noqa: ARG002 - order does not matter here
        """Return False: `put` waits instead."""
        return False

    def close(self, *, now: bool) -> None:
        """End it: at once, or when the waiting batches have been taken."""
        self._ready.close(now=now)


class OrderedQueue:
    """Batches in the order of their keys; those that come early wait.

    Args:
        room: Records that may wait before reading ahead has to stop.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._low = 0
        """The key after which the next batch has to start."""
        self._gaps: deque[KeyRange] = deque()
        """The ranges that are to come; between them lie those done earlier."""
        self._early: dict[int, Batch[Any]] = {}
        self._ready = _Ready()

    def expect(self, gaps: Sequence[KeyRange]) -> None:
        """Set the ranges that are to come, in ascending order, before the first batch."""
        self._gaps = deque(gaps)
        self._low = gaps[0].low if gaps else 0

    async def put(self, batch: Batch[Any]) -> None:
        """Add *batch*; it waits until all batches before it have come."""
        self._early[batch.key_range.low] = batch
        while (following := self._early.pop(self._low, None)) is not None:
            self._ready.add(following)
            self._low = following.key_range.high
            if self._gaps and self._low >= self._gaps[0].high:
                self._gaps.popleft()
                self._low = self._gaps[0].low if self._gaps else self._low

    async def get(self) -> Batch[Any] | None:
        """Take the next batch, or None at the end."""
        return await self._ready.get()

    def full(self, low: int) -> bool:
        """Return whether too much is waiting below *low* to read on from there.

        What waits above it came too early, and cannot leave before it has come.
        """
        below = (b.key_range.records for key, b in self._early.items() if key < low)
        return self._ready.waiting + sum(below) >= self._room

    def close(self, *, now: bool) -> None:
        """End it: at once, or when the waiting batches have been taken."""
        self._ready.close(now=now)
