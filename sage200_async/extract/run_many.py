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

_CONCURRENCY: Final = 3


class Task(Struct, Generic[T], frozen=True):
    """One resource of a run."""

    name: str
    query: Any
    """Bound to a client; it is counted, so that the largest resource starts first."""
    work: Callable[[], Awaitable[T]]
    """The export or sync to run."""


class Outcome(Struct, Generic[T], frozen=True):
    """The result or the error of one resource of a run."""

    name: str
    result: T | None = None
    error: Sage200Error | None = None


async def run_many(
    tasks: Sequence[Task[T]], concurrency: int = _CONCURRENCY
) -> list[Outcome[T]]:
    """Run *tasks*, several at a time, the largest first.

    Their requests share the client's limit, which follows what the server can
    take. A resource that fails, for instance because the user's role may not
    see it, does not stop the others.

    Args:
        tasks: The resources.
        concurrency: How many run at a time; 1 for a database with one writer.

    Returns:
        One outcome for each task, in the order of *tasks*.
    """
    sizes = await _sizes(tasks, concurrency)
    order = sorted(range(len(tasks)), key=lambda number: -sizes[number])
    free = asyncio.Semaphore(concurrency)
    outcomes: dict[int, Outcome[T]] = {}

    async def run(number: int) -> None:
        async with free:
            outcomes[number] = await _outcome(tasks[number])

    async with asyncio.TaskGroup() as group:
        for number in order:  # a semaphore is first come, first served
            group.create_task(run(number))
    return [outcomes[number] for number in range(len(tasks))]


async def _outcome(task: Task[T]) -> Outcome[T]:
    try:
        return Outcome(task.name, await task.work())
    except Sage200Error as error:
        return Outcome(task.name, error=error)


async def _sizes(tasks: Sequence[Task[T]], concurrency: int) -> list[int]:
    """Count each resource; one that cannot be counted comes last, and fails then."""
    if len(tasks) <= concurrency:
        return [0] * len(tasks)

    async def size(task: Task[T]) -> int:
        try:
            count: int = await task.query.count()
        except Sage200Error:
            return -1
        return count

    return list(await asyncio.gather(*map(size, tasks)))
