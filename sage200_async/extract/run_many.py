"""Many resources, of one company or of several, in one run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from msgspec import Struct

from sage200_async.errors import Sage200Error

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_AT_ONCE: Final = 3


class Task(Struct, Generic[T], frozen=True):
    """One resource of a run."""

    name: str
    query: Any
    """Bound to its company's client; it is counted, to begin with the largest."""
    work: Callable[[], Awaitable[T]]


class Outcome(Struct, Generic[T], frozen=True):
    """What became of one resource of a run."""

    name: str
    result: T | None = None
    error: Sage200Error | None = None


async def run_all(
    tasks: Sequence[Task[T]], at_once: int = _AT_ONCE
) -> list[Outcome[T]]:
    """Run *tasks*, the largest first, so many at once.

    Their requests share the client's limit, which follows what the server can
    take. A resource that fails, as one that the user's role may not see, does
    not stop the others.

    Returns:
        What became of each, in the order given.
    """
    sizes = await _sizes(tasks, at_once)
    order = sorted(range(len(tasks)), key=lambda number: -sizes[number])
    places = asyncio.Semaphore(at_once)
    outcomes: dict[int, Outcome[T]] = {}

    async def run(number: int) -> None:
        async with places:
            outcomes[number] = await _outcome(tasks[number])

    async with asyncio.TaskGroup() as group:
        for number in order:  # a semaphore lets in by the order of asking
            group.create_task(run(number))
    return [outcomes[number] for number in range(len(tasks))]


async def _outcome(task: Task[T]) -> Outcome[T]:
    try:
        return Outcome(task.name, await task.work())
    except Sage200Error as error:
        return Outcome(task.name, error=error)


async def _sizes(tasks: Sequence[Task[T]], at_once: int) -> list[int]:
    """Count each resource; one that cannot be counted comes last, and fails then."""
    if len(tasks) <= at_once:
        return [0] * len(tasks)

    async def size(task: Task[T]) -> int:
        try:
            found: int = await task.query.count()
        except Sage200Error:
            return -1
        return found

    return list(await asyncio.gather(*map(size, tasks)))
