"""Commands run here: one event loop for each, which a signal ends cleanly."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, TypeVar

from sage200_async.cli.exit_status import TERMINATED
from sage200_async.cli.messages import failure

T = TypeVar("T")

_SIGNALS: Final = ("SIGTERM", "SIGBREAK")
# Of a service manager or `docker stop`; of Ctrl-Break, or of a window of Windows that
# is closed.


class Terminated(SystemExit):
    """The process was asked to end, by SIGTERM; no event loop holds it back."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)


class _Stop:
    """Ends a command as Ctrl-C does: its task is cancelled, and cleans up.

    Set by ``signal.signal``: the event loops of Windows have no signal handlers.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    async def run(self, command: Coroutine[Any, Any, T]) -> T:
        """Run a command in a task that `__call__` cancels."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        return await command

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Cancel the task; the second time, or before there is one, at once."""
        if self.wanted or self._loop is None or self._task is None:
            raise Terminated
        self.wanted = True
        self._loop.call_soon_threadsafe(self._task.cancel)


def run_async(command: Coroutine[Any, Any, T], advice: str = "") -> T:
    """Run a command to its end, and return its result.

    Args:
        command: What is run.
        advice: How to go on if it is interrupted, or what is to be known then.

    Raises:
        KeyboardInterrupt: By Ctrl-C.
        Terminated: By SIGTERM.
    """
    stop = _Stop()
    try:
        with _handled(stop):
            return asyncio.run(stop.run(command))
    except asyncio.CancelledError:
        if not stop.wanted:
            raise
        _advise("terminated", advice)
        raise Terminated from None
    except KeyboardInterrupt:
        _advise("interrupted", advice)
        raise


def _advise(what: str, advice: str) -> None:
    if advice:
        failure(f"{what}: {advice}")


@contextmanager
def _handled(stop: _Stop) -> Generator[None, None, None]:
    """Let *stop* handle the signals that are not ignored, in the main thread."""
    is_main = threading.current_thread() is threading.main_thread()
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers if is_main}
    before = {one: old for one, old in before.items() if old is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
