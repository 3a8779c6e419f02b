"""One run of a sync, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.errors import ExtractError
from sage200_async.extract.changes import Changes, read_changes
from sage200_async.extract.deletes import DeletePolicy, deleted_keys
from sage200_async.extract.extraction import Extraction, read_into
from sage200_async.extract.key_pieces import PIECE, only
from sage200_async.extract.reconcile import Differences, Newest, latest
from sage200_async.extract.refetch import Refetch
from sage200_async.extract.sweep import sweep
from sage200_async.extract.sync_state import (
    SyncState,
    is_due,
    load_state,
    store_state,
)
from sage200_async.paging.certificate import Certificate
from sage200_async.paging.parallel import Progress
from sage200_async.wire.headers import server_time
from sage200_async.wire.messages import Request

if TYPE_CHECKING:
    from sage200_async.client import Sage200Client
    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.sink_thread import SyncTargetThread
    from sage200_async.query.collection import CollectionQuery

_WHOLE: Final = 5
# If more than a fifth of the records differ, and not only a few, reading everything
# takes less time than reading them by twenties.


class SyncResult(Struct, frozen=True, kw_only=True):
    """What a sync has done."""

    name: str
    whole: bool
    """Whether everything was read, rather than the changes."""
    swept: bool
    """Whether keys and stamps of all records were compared with the copy's."""
    read: int
    """Records read: those changed, and some again because of the overlap."""
    changed: int
    """Rows inserted or altered, in all tables of the copy."""
    deleted: int
    """Rows newly marked as deleted."""
    rejected: int = 0
    """Records that did not fit; the copy has them as they were before, or not at all."""
    source_went_back: bool = False
    """Whether records have older stamps than the copy had: a backup was restored."""
    watermark: datetime | None
    """The stamp that the next sync begins from, less the overlap; None without one."""
    may_be_stale: tuple[str, ...] = ()
    """Related records that may have changed without a new stamp of their parent, which
    this sync did not read again; ``whole=True`` or ``whole_every=`` does."""
    certificate: Certificate
    """Why the reading of everything is complete; else that of keys and stamps; without
    one, that of the changes."""


class SyncOptions(Struct, frozen=True, kw_only=True):
    """How a sync is run: see `sync`."""

    workers: int
    overlap: float
    deletes: DeletePolicy
    sweep_every: float
    whole_every: float | None
    whole: bool
    on_progress: Callable[[Progress], object] | None


def with_stamp(extraction: Extraction) -> Extraction:
    """Return *extraction* with the stamp among what is selected: a sync compares it."""
    query: CollectionQuery[Any] = extraction.query
    stamp = query.endpoint.watermark
    if stamp is None or query.endpoint.key is None or not query.options.select:
        return extraction
    return replace(extraction, query=query.select(stamp))


class SyncRun:
    """One run.

    Args:
        client: The company.
        extraction: What is copied, bound to the client.
        thread: The copy, open.
        options: How.
    """

    def __init__(
        self,
        client: Sage200Client,
        extraction: Extraction,
        thread: SyncTargetThread,
        options: SyncOptions,
    ) -> None:
        self._client = client
        self._extraction = extraction
        self._thread = thread
        self._options = options
        self._query: CollectionQuery[Any] = extraction.query
        self._stamp = self._query.endpoint.watermark
        self._certificates: list[Certificate] = []
        # The first is the result's.
        self._now = datetime.now(UTC)
        self._whole = self._resumed = self._swept = self._went_back = False
        self._read = self._rejected = self._unkeyed = self._deleted = 0
        # Records of the whole reading that did not fit; and those without a key of
        # any other, which reads the same ones again.
        self._unreadable: set[object] = set()
        # Keys of those that did not fit in the other readings.

    async def run(self, checkpoint: Checkpoint | None) -> SyncResult:
        """Run it; *checkpoint* is that of an unfinished reading of everything."""
        if self._query.endpoint.key is None:
            await self._read_all(None)
            return await self._result(SyncState())
        self._now = await self._server_time()
        state = await load_state(self._thread)
        state = await self._reconcile(state, checkpoint)
        await store_state(self._thread, replace(state, complete_at=self._now))
        return await self._result(state)

    async def _reconcile(
        self, state: SyncState, checkpoint: Checkpoint | None
    ) -> SyncState:
        """Read what may have changed, compare the rest; return the new state."""
        anchor, sweeps = await self._anchor(state), self._must_sweep(state)
        if await self._must_read_all(state, checkpoint):
            state = await self._read_whole(state, checkpoint)
            anchor = None
        sweeps |= self._whole or anchor is None
        since = self._since(state)
        changes = await self._changes(since, anchor, unstamped=not sweeps)
        if changes is not None:
            sweeps |= changes.went_back or not changes.has_anchor
            state = replace(state, newest=latest(state.newest, changes.newest))
        if not sweeps:
            return state
        differences = Differences(
            self._now,
            reads_unstamped=not self._whole or self._resumed,
            watched=None if anchor is None else anchor.key,
        )
        swept = await self._sweep(differences, state)
        if anchor is not None and changes is not None and changes.lacks_anchor:
            await self._require_anchor(since, anchor, differences)
        return swept

    async def _must_read_all(
        self, state: SyncState, checkpoint: Checkpoint | None
    ) -> bool:
        """Return whether everything has to be read: also where that was started."""
        copy = await self._thread.copy()
        every = self._options.whole_every
        due = every is not None and is_due(state.whole_at, every)
        asked = self._options.whole or self._stamp is None or checkpoint is not None
        return bool(asked or due or copy.is_new or copy.unfilled)

    def _must_sweep(self, state: SyncState) -> bool:
        every, newest = self._options.sweep_every, state.newest
        if every <= 0 or newest is None or newest.stamp > self._now:
            return True  # beyond a watermark from the future no change would be seen
        return is_due(state.swept_at, every)

    async def _anchor(self, state: SyncState) -> Newest | None:
        """Return the record with the newest stamp, if the copy has it."""
        if state.newest is None:
            return None
        held = await self._thread.stamps_of(self._stamp, [state.newest.key])
        return state.newest if any(not deleted for _, _, deleted in held) else None

    async def _read_whole(
        self, state: SyncState, checkpoint: Checkpoint | None
    ) -> SyncState:
        """Read everything; what is not there any more stays, for the sweep to find.

        Where an earlier run read a part of it, changes since then are still to
        be read; without stamps that part is of no use, as none would be found.
        """
        layout, part = self._extraction.layout, checkpoint
        if part is not None and (part.layout != layout or self._stamp is None):
            await self._thread.discard()
            checkpoint = None
        started = self._now
        if checkpoint is not None:
            started = datetime.fromtimestamp(checkpoint.server_time, UTC)
            self._resumed = True
        await store_state(self._thread, replace(state, complete_at=started))
        certificate = await self._read_all(checkpoint)
        complete_at = started if self._resumed else None
        return SyncState(complete_at=complete_at, whole_at=certificate.started_at)

    async def _read_all(self, checkpoint: Checkpoint | None) -> Certificate:
        certificate = await read_into(
            self._extraction,
            self._thread,
            checkpoint,
            workers=self._options.workers,
            server_time=self._now.timestamp(),
            on_progress=self._options.on_progress,
            commit=partial(self._thread.commit, keep_absent=True),
        )
        self._whole = True
        self._read += certificate.records
        self._rejected = certificate.rejected
        self._certificates.insert(0, certificate)
        return certificate

    async def _changes(
        self, since: datetime | None, anchor: Newest | None, *, unstamped: bool = False
    ) -> Changes | None:
        """Read what was stamped since *since*, if that is known and there are stamps."""
        if since is None or self._stamp is None:
            return None
        changes = await read_changes(
            self._query,
            self._thread,
            anchor,
            since,
            self._now,
            unstamped=unstamped,
            workers=self._options.workers,
            on_progress=self._options.on_progress,
        )
        self._read += changes.certificate.records
        keys = changes.rejected_keys
        self._unreadable |= keys
        self._unkeyed = max(self._unkeyed, changes.certificate.rejected - len(keys))
        self._went_back |= changes.went_back
        self._certificates.append(changes.certificate)
        return changes

    def _since(self, state: SyncState) -> datetime | None:
        """Return the stamp from which changes are read."""
        base = state.complete_at if state.newest is None else state.newest.stamp
        try:
            return base and base - timedelta(seconds=self._options.overlap)
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)

    async def _sweep(self, differences: Differences, state: SyncState) -> SyncState:
        """Compare all keys and stamps, read what differs, and mark what is deleted."""
        endpoint, workers = self._query.endpoint, self._options.workers
        names = [name for name in (endpoint.key, self._stamp) if name]
        narrow = only(self._client, self._query, names)
        certificate = await sweep(narrow, self._thread, differences, workers=workers)
        self._swept, self._went_back = True, self._went_back or differences.went_back
        self._certificates.insert(0 if not self._whole else 1, certificate)
        by_key = only(self._client, self._query, names[:1])
        many = max(PIECE, differences.listed / _WHOLE)
        if len(differences.fetch) > many and not self._whole:
            state = await self._read_whole(state, None)
        else:
            await self._refetch(by_key, differences)
        await self._mark_deleted(by_key, differences)
        return replace(
            state, newest=differences.newest, swept_at=certificate.started_at
        )

    async def _refetch(
        self, by_key: CollectionQuery[Any], differences: Differences
    ) -> None:
        workers = self._options.workers
        work = Refetch(self._query, by_key, self._thread, workers=workers)
        await work.run(differences)
        self._read += work.records
        self._unreadable |= work.rejected_keys | differences.rejected_keys

    async def _mark_deleted(
        self, by_key: CollectionQuery[Any], differences: Differences
    ) -> None:
        policy = self._options.deletes
        deleted = await deleted_keys(self._client, by_key, differences, policy)
        if deleted:
            await self._thread.mark_deleted(deleted, time.time())
        self._deleted = len(deleted)

    async def _require_anchor(
        self, since: datetime | None, anchor: Newest, differences: Differences
    ) -> None:
        """Read changes again if a record was missing that is there.

        Raises:
            ExtractError: It is missing once more.
        """
        stamp = differences.watched_stamp
        if stamp is None or since is None or stamp < since:
            return
        changes = await self._changes(since, anchor)
        if changes is None or changes.lacks_anchor:
            message = (
                f"{self._query.endpoint.path}: the reading of changes lacks record "
                f"{anchor.key}, which is listed with a stamp within it: the response "
                "was not complete, and the copy is not in step. Sync again later"
            )
            raise ExtractError(message)

    async def _server_time(self) -> datetime:
        """Return the server's time, or ours where it does not say."""
        base_url = self._client.settings.base_url
        request = Request(method="GET", base_url=base_url, path="sites")
        response = await self._client.transport.send(request)
        at = server_time(response.headers)
        return datetime.fromtimestamp(time.time() if at is None else at, UTC)

    async def _result(self, state: SyncState) -> SyncResult:
        fresh = self._whole and not self._resumed
        rejected_keys = self._unreadable | await self._thread.keys_set_aside()
        return SyncResult(
            name=self._extraction.name,
            whole=self._whole,
            swept=self._swept,
            read=self._read,
            changed=await self._thread.rows_written(),
            deleted=self._deleted,
            rejected=max(self._rejected, self._unkeyed + len(rejected_keys)),
            source_went_back=self._went_back,
            watermark=None if state.newest is None else state.newest.stamp,
            may_be_stale=() if fresh else self._query.options.expand,
            certificate=self._certificates[0],
        )
