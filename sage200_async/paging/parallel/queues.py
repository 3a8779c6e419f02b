"""How batches come to the consumer: as they arrive, or in the order of keys."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from sage200_async.paging.parallel.batch import Batch

R = TypeVar("R")


class RecordQueue(Protocol[R]):
    """Where readers put batches and the consumer takes them."""

    async def put(self, batch: Batch[R]) -> None:
        """Hand *batch* over; wait while too many are waiting."""
        ...

    async def get(self) -> Batch[R] | None:
        """Take the next batch, or None at the end."""
        ...

    def full(self, low: int) -> bool:
        """Tell whether too much waits below *low* to read from there on."""
        ...

    def close(self, *, now: bool) -> None:
        """End it: at once, or when what is there has been taken."""
        ...


class UnorderedQueue(Generic[R]):
    """Batches in the order in which they arrive.

    Args:
        room: Records that may wait before readers have to.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._waiting = 0
        self._ready: deque[Batch[R] | None] = deque()
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()

    async def put(self, batch: Batch[R]) -> None:
        """Hand *batch* over; wait while too many are waiting."""
        while self._waiting > self._room:
            self._taken.clear()
            await self._taken.wait()
        self._waiting += len(batch.records)
        self._ready.append(batch)
        self._arrived.set()

    async def get(self) -> Batch[R] | None:
        """Take the next batch, or None at the end."""
        batch = await _next(self._ready, self._arrived)
        self._waiting -= 0 if batch is None else len(batch.records)
        self._taken.set()
        return batch

    def full(self, low: int) -> bool:  # noqa: ARG002 - order does not matter here
        """Tell whether too much waits: `put` sees to that."""
        return False

    def close(self, *, now: bool) -> None:
        """End it: at once, or when what is there has been taken."""
        _close(self._ready, self._arrived, now=now)


class OrderedQueue(Generic[R]):
    """Batches in the order of their keys; those that come early wait.

    Args:
        room: Records that may wait before reading ahead has to stop.
        low: Where the keys begin; set it before the first batch comes.
    """

    def __init__(self, room: int, low: int = 0) -> None:
        self.low = low
        self._room = room
        self._waiting = 0
        self._early: dict[int, Batch[R]] = {}
        self._ready: deque[Batch[R] | None] = deque()
        self._arrived = asyncio.Event()

    async def put(self, batch: Batch[R]) -> None:
        """Hand *batch* over; it waits here until all before it have come."""
        self._early[batch.key_range.low] = batch
        while (ready := self._early.pop(self.low, None)) is not None:
            self._waiting += len(ready.records)
            self._ready.append(ready)
            self.low = ready.key_range.high
            self._arrived.set()

    async def get(self) -> Batch[R] | None:
        """Take the next batch, or None at the end."""
        batch = await _next(self._ready, self._arrived)
        self._waiting -= 0 if batch is None else len(batch.records)
        return batch

    def full(self, low: int) -> bool:
        """Tell whether too much waits below *low* to read from there on.

        What waits above it came too early, and cannot go before it has come.
        """
        below = (len(b.records) for at, b in self._early.items() if at < low)
        return self._waiting + sum(below) >= self._room

    def close(self, *, now: bool) -> None:
        """End it: at once, or when what is there has been taken."""
        _close(self._ready, self._arrived, now=now)


def _close(ready: deque[Batch[R] | None], arrived: asyncio.Event, *, now: bool) -> None:
    if now:
        ready.clear()
    ready.append(None)
    arrived.set()


async def _next(
    ready: deque[Batch[R] | None], arrived: asyncio.Event
) -> Batch[R] | None:
    while not ready:
        arrived.clear()
        await arrived.wait()
    return ready.popleft()
