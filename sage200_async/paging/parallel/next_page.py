"""The next page of a range, asked for while the one before it is still decoded.

The next page starts above the last key of this one, which is proved only once all of it
is decoded. Its last bytes show it at once: as a guess, on which no record depends. A page
that was asked for above another key than the range has come to is dropped.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.wire.messages import ChunkedBody

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from sage200_async.paging.page_reader import Page
    from sage200_async.paging.plan import Plan

_TAIL: Final = 64 * 1024
# Bytes at the end of a page that are searched: a wide record with a few lines.
_VALUE: Final = re.compile(rb"\s*:\s*(?:(\d{1,18})\s*[,}])?")


class NextPage:
    """Asks for the next page of one range at a time; for a worker that is alone.

    Where there are several workers, the others ask for pages meanwhile.

    Args:
        fetch: Sends the request of a plan.
    """

    def __init__(self, fetch: Callable[[Plan], Coroutine[Any, Any, Page]]) -> None:
        self._fetch = fetch
        self._plan: Plan | None = None
        self._task: asyncio.Task[Page] | None = None
        self._misled = False

    def start(self, page: Page, plan: Plan, high: int) -> None:
        """Ask for what follows *page*, unless it seems to be the last one of the range.

        Args:
            page: Not decoded yet.
            plan: What it was asked with.
            high: The highest key of the range; *plan* may ask for one above it.
        """
        key = None if self._misled else last_key(page.response.body, plan.key or "")
        low = plan.after_key
        if key is None or not (low is None or low < key) or key >= high:
            return
        self._plan = replace(plan, after_key=key)
        self._task = asyncio.create_task(self._fetch(self._plan))
        self._task.add_done_callback(_look_at)

    async def take(self, plan: Plan) -> Page | None:
        """Return the page that was asked for, or None where it is not that of *plan*."""
        task, asked, self._task = self._task, self._plan, None
        if task is None or asked is None:
            return None
        if _what(plan) != _what(asked):
            self._misled = True
            await _drop(task)
            return None
        try:
            return await task
        finally:
            await _drop(task)

    async def close(self) -> None:
        """Drop the page that nobody has taken."""
        task, self._task = self._task, None
        if task is not None:
            await _drop(task)


def _what(plan: Plan) -> tuple[int, int | None, int | None]:
    """Return what is asked for, whatever the size of the page."""
    return id(plan.subqueries[0]), plan.after_key, plan.max_key


async def _drop(task: asyncio.Task[Page]) -> None:
    """End *task*, whatever comes of it."""
    task.cancel()
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:  # by the read, which is over: not before its request
        await asyncio.wait([task])
        raise


def _look_at(task: asyncio.Task[Page]) -> None:
    """Look at the error of *task*: asyncio reports those that nobody has looked at."""
    if not task.cancelled():
        task.exception()


def last_key(body: bytes | ChunkedBody, name: str) -> int | None:
    """Return what looks like the key of the last record of a page, or None.

    Example:
        >>> last_key(b'[{"id":1},{"id":2,"lines":[{"id":7}]}]', "id")
        2
    """
    chunked = ChunkedBody.of(body)
    tail, wanted = chunked.last(_TAIL), b'"%b"' % name.encode()
    depth = 3 if chunked.first(_TAIL).lstrip().startswith(b"{") else 2
    end, inside = len(tail), 0
    while (at := tail.rfind(wanted, 0, end)) >= 0:
        rest = tail[at:end]
        inside += rest.count(b"]") + rest.count(b"}")
        inside -= rest.count(b"[") + rest.count(b"{")
        value = _VALUE.match(tail, at + len(wanted))
        if inside == depth and value is not None:
            return None if value[1] is None else int(value[1])
        end = at
    return None
