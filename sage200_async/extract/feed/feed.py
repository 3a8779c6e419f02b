"""The feed: polls, hands out what was not acknowledged, and holds the lease."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar
from weakref import ref

from sage200_async.changes import Change
from sage200_async.errors import (
    ExtractError,
    LeaseLost,
    PagingError,
    QueryError,
    Sage200Error,
    SinkConflict,
    SinkError,
)
from sage200_async.extract.feed.explanation import explanation
from sage200_async.extract.feed.feed_sql import GONE
from sage200_async.extract.feed.options import Options
from sage200_async.extract.feed.poll import Source
from sage200_async.extract.feed.rows import record_of
from sage200_async.extract.feed.state import FeedState
from sage200_async.extract.own_thread import OwnThread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sage200_async.changes import ChangeKind
    from sage200_async.client import Sage200Client
    from sage200_async.extract.feed.state import Pending
    from sage200_async.query.collection import CollectionQuery

R = TypeVar("R")

_LOG: Final = logging.getLogger("sage200_async")
_RENEWALS: Final = 3
# How often a lease is renewed while it lasts.


class Feed(Generic[R]):
    """A feed of changes, as `sage200_async.changes.ChangeFeed` describes it.

    Args:
        client: The company.
        queries: What is fed, bound to the client; one for each resource.
        state: The URL of the database with the copies, what was acknowledged, and
            the lease.
        options: See `sage200_async.changes.FeedOptions`.

    Raises:
        QueryError: A resource has no unique key, or no stamps; one is named twice; or
            there is no such option.
        LimitError: A number is out of range.
        SettingsError: *state* is malformed, or no database that processes can share.
    """

    def __init__(
        self,
        client: Sage200Client,
        queries: Sequence[CollectionQuery[R]],
        state: str,
        **options: Any,
    ) -> None:
        self._options = Options.of(options)
        self._state = FeedState(state, self._options.lease)
        self._sources = [
            Source(client, client.run(query), state, self._options) for query in queries
        ]
        _require_different(self._sources)
        self._thread: OwnThread | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._lost: Sage200Error | None = None
        self._is_lost = asyncio.Event()
        self._ready: deque[Change[R]] = deque()
        self._unread: dict[Source, int | None] = dict.fromkeys(self._sources)
        # Those whose copy may differ from what was handed out, with the key up to
        # which it was.
        self._newest: dict[str, dict[int, tuple[str, ref[Change[Any]]]]] = {}
        # Of each resource and key what was handed out last and is not acknowledged;
        # its record is the consumer's to keep or to drop.
        self._order = asyncio.Lock()
        # What is handed out and what is acknowledged do not overtake each other.
        self._due_at = self._succeeded_at = 0.0
        self._error: Exception | None = None
        self._polled = self._is_closed = False

    async def __aenter__(self) -> Self:
        if self._thread is not None:
            raise QueryError("the feed is open; make a new one with changes()")
        self._thread = OwnThread("sage200-feed")
        return self

    async def __aexit__(self, *_: object) -> None:
        renewal, self._renewal = self._renewal, None
        if renewal is not None:
            renewal.cancel()
            with suppress(asyncio.CancelledError):
                await renewal
        if self._thread is None or self._is_closed:
            return
        self._is_closed = True
        try:
            await self._thread.call(self._state.release)
        finally:
            self._thread.end()
            self._lost = self._lost or LeaseLost("the feed is closed; open a new one")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change[R]:
        """Return the next change; wait for one, polling the company."""
        if self._renewal is None:
            await self._begin()
        while not self._ready:
            self._require_lease()
            if (source := await self._next_unread()) is not None:
                await self._hand_out(source)
            elif self._error is not None:
                error, self._error = self._error, None
                raise error
            elif self._polled and self._options.once:
                raise StopAsyncIteration
            else:
                await self._poll_when_due()
        self._require_lease()
        return self._ready.popleft()

    async def ack(self, changes: Iterable[Change[Any]]) -> None:
        """Acknowledge several changes in one transaction."""
        async with self._order:
            last = {
                change: version
                for change in changes
                if (version := self._version(change)) is not None
            }
            if not last and self._renewal is None and not self._is_closed:
                return  # before the first change there is no lease
            rows = [(one.resource, one.key, version) for one, version in last.items()]
            await self._call(self._state.acknowledge, rows)
            for change in last:
                del self._newest[change.resource][change.key]

    def explain(self) -> str:
        """Explain what is compared how often, and what a feed cannot see; no I/O."""
        return explanation(self._sources, self._options, self._state.where)

    def _version(self, change: Change[Any]) -> str | None:
        """Return its version, if nothing newer of its key was handed out."""
        handed_out = self._newest.get(change.resource, {})
        version, newest = handed_out.get(change.key, ("", lambda: None))
        return version if newest() is change else None

    async def _begin(self) -> None:
        """Wait for the lease, and keep it from then on."""
        waiting = False
        while not await self._acquired():
            if not waiting:
                _LOG.info(
                    "%s: another process has the lease; waiting", self._state.where
                )
            waiting = True
            await asyncio.sleep(self._options.lease / _RENEWALS)
        self._renewal = asyncio.create_task(self._keep_lease())
        self._succeeded_at = time.monotonic()

    async def _acquired(self) -> bool:
        try:
            acquired: bool = await self._call(self._state.acquire)
        except SinkError as error:
            if not error.retryable:
                raise
            return False
        return acquired

    async def _next_unread(self) -> Source | None:
        """Return a source with changes to hand out, those of an earlier process first."""
        for source in self._unread:
            await self._look(source)
        ready = (
            one for one in self._unread if one.is_complete and not one.may_lack_rows
        )
        return next(ready, None)

    async def _look(self, source: Source) -> None:
        """Look at the copy before the first poll, and start without a snapshot there.

        What a later poll brings has happened since.
        """
        if not source.is_complete and not source.was_looked_at:
            await source.look()
        if source.is_complete and not (self._options.snapshot or source.has_started):
            await self._call(self._state.start, source.table, source.resource)
            source.has_started = True
        if source.is_complete and source.may_lack_rows and not self._polled:
            with suppress(ExtractError):  # the poll may bring them
                await self._require_few_lost(source)

    async def _require_few_lost(self, source: Source) -> None:
        """Refuse many deletes at once where a copy was built anew.

        Raises:
            ExtractError: It lacks more of what was acknowledged than is believed.
        """
        most = self._options.max_deleted
        require = self._state.require_few_lost
        await self._call(require, source.table, source.resource, most)
        source.may_lack_rows = False

    async def _hand_out(self, source: Source) -> None:
        """Make the next page of changes ready."""
        async with self._order:
            after = self._unread[source]
            handed_out = self._newest.setdefault(source.resource, {})
            pending, last = await self._call(
                self._state.pending, source.table, source.resource, after, handed_out
            )
            for one in pending:
                change = self._change(source, one)
                handed_out[one.key] = one.version, ref(change)
                self._ready.append(change)
        if last is not None:
            self._unread[source] = last
        else:
            del self._unread[source]

    def _change(self, source: Source, one: Pending) -> Change[R]:
        gone = one.version == GONE
        record = None if one.record is None else record_of(one.record, source.model)
        kind: ChangeKind = "updated" if one.was_present else "created"
        kind = "deleted" if gone else kind
        return Change(
            source.resource, kind, one.key, record, one.stamp, acknowledge=self.ack
        )

    async def _poll_when_due(self) -> None:
        """Wait until a poll is due; then bring every copy in step."""
        wait = self._due_at - time.monotonic()
        if wait > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_lost.wait(), wait)
            return
        self._due_at = time.monotonic() + self._options.every
        errors = [
            error for source in self._sources if (error := await self._poll(source))
        ]
        self._polled = True
        if not errors:
            self._succeeded_at = time.monotonic()
            return
        seconds = 0 if self._options.once else self._options.give_up_after
        final = [error for error in errors if not _may_pass(error)]
        if final or time.monotonic() - self._succeeded_at >= seconds:
            self._error = (final or errors)[0]  # raised once the rest is handed out

    async def _poll(self, source: Source) -> Exception | None:
        """Bring one copy in step; return the error that ended it."""
        has_changed = True
        try:
            if not source.is_complete:
                source.was_looked_at = False
                await self._look(source)
            has_changed = await source.poll() or source.may_lack_rows
            if source.may_lack_rows:
                await self._require_few_lost(source)
        except (Sage200Error, OSError) as error:
            _LOG.warning("%s: the poll failed: %s", source.resource, error)
            return error
        finally:
            if has_changed:
                self._unread[source] = None
        await self._look(source)
        return None

    async def _keep_lease(self) -> None:
        """Renew the lease until it is lost."""
        while True:
            await asyncio.sleep(self._options.lease / _RENEWALS)
            try:
                await self._call(self._state.renew)
            except LeaseLost as error:
                self._lost = error
                self._is_lost.set()
                return
            except SinkError as error:
                _LOG.warning("the lease could not be renewed: %s", error)

    def _require_lease(self) -> None:
        if self._lost is not None:
            raise self._lost

    async def _call(self, method: Any, *args: Any) -> Any:
        self._require_lease()
        if self._thread is None:
            raise QueryError("the feed is not open: use it in 'async with'")
        try:
            return await self._thread.call(method, *args)
        except LeaseLost as error:
            self._lost = error
            raise


def _require_different(sources: Sequence[Source]) -> None:
    """Refuse a resource that is named twice: a state has one copy of each.

    Raises:
        QueryError: It is.
    """
    names = [source.resource for source in sources]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        message = f"{min(twice)} is named twice; use a feed and a state for each query"
        raise QueryError(message)
    if not names:
        raise QueryError("changes() needs at least one resource")


def _may_pass(error: Exception) -> bool:
    """Return whether the same poll may succeed later."""
    if isinstance(error, LeaseLost | SinkConflict):
        return False
    return isinstance(error, ExtractError | PagingError) or getattr(
        error, "retryable", False
    )
