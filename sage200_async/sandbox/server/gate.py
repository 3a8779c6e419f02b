"""What keeps requests and restores apart."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sage200_async.sandbox.server.http_errors import HttpError

if TYPE_CHECKING:
    from collections.abc import Generator


class Gate:
    """Lets many requests in at a time, or one snapshot or restore alone.

    Requests are carried out in threads; a snapshot or restore waits for those that
    are inside, and lets no other in.
    """

    def __init__(self) -> None:
        self.generation = 0
        """Counts restores. A request belongs to the one in which it arrived."""
        self._condition = threading.Condition()
        self._inside = 0
        self._is_closed = False

    @contextmanager
    def request(self, generation: int) -> Generator[None, None, None]:
        """Carry out a request that arrived in *generation*.

        Raises:
            HttpError: There was a restore since: it must not write any more.
        """
        with self._condition:
            self._condition.wait_for(lambda: not self._is_closed)
            if generation != self.generation:
                message = "The sandbox was restored while this request waited."
                raise HttpError(503, message)
            self._inside += 1
        try:
            yield
        finally:
            with self._condition:
                self._inside -= 1
                self._condition.notify_all()

    @contextmanager
    def alone(self, *, begins_generation: bool) -> Generator[None, None, None]:
        """Wait for the requests inside, and keep others out.

        Args:
            begins_generation: Whether requests that have arrived and are not inside
                are refused from now on.
        """
        try:
            with self._condition:
                self._is_closed = True
                self.generation += begins_generation
                self._condition.wait_for(lambda: not self._inside)
            yield
        finally:
            with self._condition:
                self._is_closed = False
                self._condition.notify_all()
