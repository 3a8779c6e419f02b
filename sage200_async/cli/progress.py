"""How far an export or a sync has come: bars on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from sage200_async.cli.messages import is_quiet, note

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sage200_async.paging.parallel import Progress as Step

_SECONDS: Final = 30.0
# Between two lines about one resource: a log stays short, and shows that all is well.


class Report(Protocol):
    """Shows how far each resource has come."""

    def start(self, name: str) -> Callable[[Step], None]:
        """Show that a resource is being read; return what is called with its progress."""
        ...

    def end(self, name: str, outcome: str) -> None:
        """Show that a resource has ended, and how: ``complete`` or ``failed``."""
        ...


@contextmanager
def progress_report() -> Generator[Report, None, None]:
    """Yield the report for standard error: bars if it is a terminal, else lines.

    With ``--quiet`` there are only the lines of a log.
    """
    if is_quiet() or not sys.stderr.isatty():
        yield Lines()
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console) as bars:
        yield Bars(bars)


class Bars:
    """A bar for each resource.

    Args:
        bars: Where they are shown.
    """

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks = {task.description: task.id for task in bars.tasks}

    def start(self, name: str) -> Callable[[Step], None]:
        """Add a bar."""
        bar = self._tasks[name] = self._bars.add_task(name, total=None)

        def show(step: Step) -> None:
            self._bars.update(bar, completed=step.records, total=step.expected)

        return show

    def end(self, name: str, outcome: str) -> None:
        """Fill the bar, unless the resource failed."""
        if outcome == "complete":
            bar = self._tasks[name]
            self._bars.update(bar, total=self._bars.tasks[bar].completed)


class Lines:
    """Lines on standard error: at the start, now and then, and at the end.

    Args:
        clock: Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._records: dict[str, int] = {}

    def start(self, name: str) -> Callable[[Step], None]:
        """Print that a resource is being read."""
        shown_at = self._clock()
        self._records[name] = 0
        note(f"{name}: started")

        def show(step: Step) -> None:
            nonlocal shown_at
            self._records[name] = step.records
            if self._clock() - shown_at < _SECONDS:
                return
            shown_at = self._clock()
            of_all = "" if step.expected is None else f" of {step.expected:,}"
            note(f"{name}: {step.records:,}{of_all} records")

        return show

    def end(self, name: str, outcome: str) -> None:
        """Print how a resource has ended."""
        records = self._records.get(name, 0)
        note(f"{name}: {records:,} records, {outcome}")
