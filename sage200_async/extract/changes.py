"""Changes since the last sync, found by the stamp that each write sets anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sage200_async.errors import ExtractError
from sage200_async.extract.key_pieces import field_named
from sage200_async.extract.reconcile import HeldRow, Newest, newest_until
from sage200_async.paging.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from sage200_async.extract.sink_thread import SyncTargetThread
    from sage200_async.paging.parallel import Progress
    from sage200_async.query.collection import CollectionQuery


class Changes(Struct, frozen=True, kw_only=True):
    """What a reading of changes showed."""

    certificate: Certificate
    newest: Newest | None
    """The newest stamp that is not later than the server's clock."""
    has_anchor: bool
    """Whether the record came that defined where the reading begins."""
    went_back: bool
    """Whether a record has an older stamp than the copy's: a backup was restored."""
    rejected_keys: set[int]
    """Keys of the records that did not fit."""

    @property
    def lacks_anchor(self) -> bool:
        """Whether that record is missing, and cannot be one that did not fit."""
        return not (self.has_anchor or self.certificate.rejected)


async def read_changes(
    query: CollectionQuery[Any],
    thread: SyncTargetThread,
    anchor: Newest | None,
    since: datetime,
    now: datetime,
    *,
    unstamped: bool,
    workers: int,
    on_progress: Callable[[Progress], object] | None,
) -> Changes:
    """Copy the records that were stamped since *since*.

    Args:
        query: The records of the copy, with all that it holds of them.
        thread: The copy.
        anchor: A record that has to come, unless it was changed back or deleted;
            None where none is known.
        since: The stamp from which records are read.
        now: The server's time.
        unstamped: Whether those without a stamp are read, too.
        workers: Requests at once.
        on_progress: Called after each write to the copy.

    Raises:
        ExtractError: The reading cannot be proved complete.
    """
    key, stamp = query.endpoint.key or "", query.endpoint.watermark or ""
    stamped: Any = field_named(query, stamp)
    changed = stamped >= since
    if unstamped:
        changed |= stamped == None  # noqa: E711 - a condition
    newest: list[Newest] = []
    key_of_anchor = None if anchor is None else anchor.key
    has_anchor, went_back = anchor is None, False
    read = query.filter(changed).read(workers=workers, prefetch=0, in_one_piece=True)
    async with read:
        async for batch in read.batches():
            stamps = [(getattr(one, key), getattr(one, stamp)) for one in batch.records]
            held = await thread.stamps_of(stamp, [one for one, _ in stamps])
            went_back |= _is_older(stamps, [HeldRow(*row) for row in held])
            has_anchor |= any(one == key_of_anchor and at for one, at in stamps)
            newest += filter(None, [newest_until(stamps, now)])
            await thread.merge(batch.records)
            if on_progress is not None:
                on_progress(read.progress)
    if read.certificate is None:
        raise ExtractError(f"{query.endpoint.path}: changes were not read to the end")
    return Changes(
        certificate=read.certificate,
        newest=max(newest, default=None),
        has_anchor=has_anchor,
        went_back=went_back,
        rejected_keys=read.rejected_keys,
    )


def _is_older(
    listed: Sequence[tuple[int, datetime | None]], held: Iterable[HeldRow]
) -> bool:
    """Return whether a record has an older stamp than the copy's."""
    stamps = dict(listed)
    pairs = [(stamps[row.key], row.stamp) for row in held]
    return any(
        stamp is not None and copied is not None and stamp < copied
        for stamp, copied in pairs
    )
