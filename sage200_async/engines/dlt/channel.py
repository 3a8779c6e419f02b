"""Batches from the thread that reads to the thread of dlt, a few at a time."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from sage200_async.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST: Final = 4
# Batches that wait: the next pages are read meanwhile, and no more is in memory.


class Channel:
    """A queue between two threads that either of them can end."""

    def __init__(self) -> None:
        self._batches: deque[Any] = deque()
        self._changed = threading.Condition()
        self._is_finished = self._is_closed = False

    def put(self, batch: Any) -> None:
        """Add *batch*; wait while the reader is behind.

        Raises:
            SinkError: The reader has gone.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or len(self._batches) < _MOST
            )
            if self._is_closed:
                raise SinkError("the pipeline has stopped; nothing of this run counts")
            self._batches.append(batch)

    def finish(self) -> None:
        """Mark the end: no more comes."""
        with self._changed:
            self._is_finished = True

    def close(self) -> None:
        """Take no more."""
        with self._changed:
            self._is_closed = True
            self._batches.clear()
            self._changed.notify_all()

    def batches(self) -> Iterator[Any]:
        """Yield what comes; None where there is nothing yet, as dlt has it.

        It asks its other resources meanwhile, and again a hundredth of a second later.
        """
        while True:
            with self._changed:
                if not self._batches and self._is_finished:
                    return
                batch = self._batches.popleft() if self._batches else None
                self._changed.notify_all()
            yield batch
