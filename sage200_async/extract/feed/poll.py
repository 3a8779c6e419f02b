"""One resource of a feed: its copy kept in step, in few requests where nothing changed."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from sage200_async.errors import QueryError
from sage200_async.extract.databases.urls import database_at
from sage200_async.extract.deletes import DeletePolicy
from sage200_async.extract.extraction import Extraction
from sage200_async.extract.feed.rows import feed_rows, feed_table
from sage200_async.extract.feed.state import PREFIX
from sage200_async.extract.key_pieces import field_named, only
from sage200_async.extract.sink import OpenOptions
from sage200_async.extract.sink_thread import SyncTargetThread
from sage200_async.extract.sync_run import SyncOptions, SyncRun, with_stamp
from sage200_async.extract.sync_state import is_due, load_state
from sage200_async.limits import INT64_MAX

if TYPE_CHECKING:
    from sage200_async.client import Sage200Client
    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.feed.options import Options
    from sage200_async.extract.sync_run import SyncResult
    from sage200_async.extract.sync_state import SyncState
    from sage200_async.query.collection import CollectionQuery

_LAYOUT: Final = "feed layout"
_ALL: Final = (-INT64_MAX - 2, INT64_MAX)
# Keys: above the first, at most the last.


class Source:
    """One resource, and its copy.

    Args:
        client: The company.
        query: What is fed, bound to the client.
        state: The URL of the database.
        options: How.

    Raises:
        QueryError: No copy of it can be kept in step, or only by reading all of it.
    """

    def __init__(
        self,
        client: Sage200Client,
        query: CollectionQuery[Any],
        state: str,
        options: Options,
    ) -> None:
        _require_comparable(query, options)
        self._client, self._url = client, state
        name = feed_table(query.endpoint).name
        self._extraction = with_stamp(Extraction(name=name, query=query))
        self._query: CollectionQuery[Any] = self._extraction.query
        self.table = feed_table(query.endpoint)
        """The table of the copy."""
        self.resource = query.endpoint.path
        self.model: Any = query.endpoint.record
        """The type of its records."""
        self.is_complete = False
        """Whether the copy was complete at least once."""
        self.was_looked_at = self.has_started = False
        """Whether it was looked at before a poll; and whether what was there then is
        acknowledged, where no snapshot is wanted."""
        self.may_lack_rows = True
        """Whether the copy may have been built anew, and lack what was acknowledged."""
        self._has_unstamped = False
        self.result: SyncResult | None = None
        """Of the last run that found something to do."""
        self._overlap = timedelta(seconds=options.overlap)
        self._sync = SyncOptions(
            workers=options.workers,
            overlap=options.overlap,
            deletes=DeletePolicy(max_fraction=options.max_deleted),
            sweep_every=options.sweep_every,
            whole_every=options.whole_every,
            whole=False,
            on_progress=None,
        )

    @property
    def expanded(self) -> tuple[str, ...]:
        """The related records that its records bring with them."""
        return self._query.options.expand

    def describe(self) -> str:
        """Return how its changes are found, in a few words."""
        stamp = self._query.endpoint.watermark
        if stamp is None:
            return f"{self.resource}: all records are read and compared"
        return f"{self.resource}: key and {stamp} of what was stamped lately"

    async def look(self) -> None:
        """Look whether there is a complete copy already; no request."""
        async with self._thread() as thread:
            await self._open(thread)
        self.was_looked_at = True

    async def poll(self) -> bool:
        """Bring the copy in step; return whether it may have changed.

        Raises:
            ExtractError: A read cannot be proved complete.
            SinkError: The copy failed.
        """
        async with self._thread() as thread:
            checkpoint = await self._open(thread)
            layout = self._layout()
            is_same = await thread.metadata(_LAYOUT) in {None, layout}
            if is_same and await self._nothing_changed(thread, checkpoint):
                return False
            options = replace(self._sync, whole=not is_same)
            run = SyncRun(self._client, self._extraction, thread, options)
            self.result = await run.run(checkpoint)
            await thread.metadata(_LAYOUT, layout)
            self.is_complete = True
        return bool(self.result.changed or self.result.deleted)

    def _thread(self) -> SyncTargetThread:
        return SyncTargetThread(database_at(self._url, PREFIX), feed_rows)

    async def _open(self, thread: SyncTargetThread) -> Checkpoint | None:
        options = OpenOptions(identity=self._extraction.identity)
        checkpoint = await thread.open((self.table,), options)
        self.is_complete = not (await thread.copy()).is_new
        self.may_lack_rows |= not self.is_complete
        return checkpoint

    def _layout(self) -> str:
        """Return a text that differs where other fields are asked for."""
        asked = self._query.options.select, self._query.options.expand
        names = self.model.__struct_fields__
        return hashlib.sha256(repr((asked, names)).encode()).hexdigest()

    async def _nothing_changed(
        self, thread: SyncTargetThread, checkpoint: Checkpoint | None
    ) -> bool:
        """Return whether all that was stamped lately is as the copy has it.

        Two requests where that is no more than a page. The record with the newest
        stamp must be among them, or the response does not count; where there was
        no record, there must be none still. Records without a stamp are copied.
        """
        state = await load_state(thread)
        stamp, newest = self._query.endpoint.watermark, state.newest
        if stamp is None or checkpoint or not self.is_complete or self._is_due(state):
            return False
        key = self._query.endpoint.key or ""
        narrow = only(self._client, self._query, [key, stamp])
        if newest is None:
            held = await thread.stamps(stamp, *_ALL)
            return not any(not deleted for _, _, deleted in held) and not [
                one async for one in narrow.top(1)
            ]
        recent: Any = field_named(self._query, stamp)
        condition = (recent >= newest.stamp - self._overlap) | (recent == None)  # noqa: E711 - a condition
        query = self._query if self._has_unstamped else narrow
        listed = [one async for one in query.filter(condition)]
        stamps = {getattr(one, key): getattr(one, stamp) for one in listed}
        held = await thread.stamps_of(stamp, list(stamps))
        copied = {one: at for one, at, deleted in held if not deleted}
        if newest.key not in stamps or copied != stamps:
            return False
        unstamped = [one for one in listed if getattr(one, stamp) is None]
        if unstamped and not self._has_unstamped:
            self._has_unstamped = True  # from now on they are read as a whole
            return False
        await thread.merge(unstamped)
        return not await thread.rows_written()

    def _is_due(self, state: SyncState) -> bool:
        """Return whether all keys and stamps, or all records, are to be read."""
        sync = self._sync
        sweeps = sync.sweep_every <= 0 or is_due(state.swept_at, sync.sweep_every)
        whole = sync.whole_every
        return sweeps or (whole is not None and is_due(state.whole_at, whole))


def _require_comparable(query: CollectionQuery[Any], options: Options) -> None:
    """Refuse what no copy can be kept of.

    Raises:
        QueryError: It has no unique key, or an order or a top; or no stamps, and it is
            not to be compared as a whole.
    """
    endpoint, path = query.endpoint, query.endpoint.path
    if endpoint.key is None:
        message = f"{path}: it has no unique key, so that no change of it can be found"
        raise QueryError(f"{message}; export it as a whole instead")
    read = query.read(workers=1, in_one_piece=True)  # refuses an order, a skip, a top
    if read.subqueries > 1:
        message = f"{path}: an in_ of so many values is split, which a feed cannot do"
        raise QueryError(f"{message}; use fewer values")
    if endpoint.watermark is None and not options.compare_whole:
        message = (
            f"{path}: its records have no time of last change, so that all of them have "
            "to be read at each poll; pass compare_whole=True, and a longer every="
        )
        raise QueryError(message)
