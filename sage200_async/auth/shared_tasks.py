"""Work that is done once for all tasks that wait for it, even if some are cancelled."""

from __future__ import annotations

import asyncio
import copy
import logging
from typing import TYPE_CHECKING, Any

from sage200_async.errors import TokenError
from sage200_async.transport.base import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_log = logging.getLogger(__name__)


class SharedTasks:
    """The tasks in progress, one per kind of work."""

    def __init__(self) -> None:
        self.running: dict[str, asyncio.Task[None]] = {}
        """By the name of the work."""

    async def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do *work* once for all callers, even if one of them is cancelled.

        Raises:
            TokenError: A copy of the error of the work, one per caller.
        """
        try:
            await asyncio.shield(self.start(work))
        except TokenError as error:
            raise copy.copy(error) from error

    def start(
        self, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> asyncio.Task[None]:
        """Return the task that does *work*, in progress or new."""
        name = work.__name__
        task = self.running.get(name)
        if task is None or task.done() or not _is_of_this_loop(task):
            self.running[name] = task = asyncio.create_task(_detached(work), name=name)
            task.add_done_callback(self._remove)
        return task

    async def wait(self) -> None:
        """Wait until no work is in progress; errors are for those who asked for it."""
        tasks = [task for task in self.running.values() if _is_of_this_loop(task)]
        if tasks:
            await asyncio.wait(tasks)

    def _remove(self, task: asyncio.Task[None]) -> None:
        if self.running.get(task.get_name()) is task:
            del self.running[task.get_name()]
        if not task.cancelled() and task.exception() is not None:
            _log.debug("%s: %s", task.get_name(), type(task.exception()).__name__)


def _is_of_this_loop(task: asyncio.Task[None]) -> bool:
    """Whether *task* can still end: that of a loop that is closed cannot."""
    return task.get_loop() is asyncio.get_running_loop()


async def _detached(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do *work* as a call of its own, not as a part of the one that started it."""
    with Call():
        await work()
