"""Copies kept in step: changes since the last sync, and deletes.

Sage has no feed of either. Changes are found by the stamp that each write sets
anew, read again from some time before the last sync's newest stamp, since a row
can be committed with an older stamp than rows that are visible already. How
deletes are found is in `deletes`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.extract.deletes import DeletePolicy, deleted_keys, field_named
from sage200_async.extract.extraction import Extraction, read_into
from sage200_async.extract.sink_thread import SyncTargetThread
from sage200_async.paging.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.client import Sage200Client
    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.sink import SyncTarget
    from sage200_async.paging.parallel import Progress
    from sage200_async.query.collection import CollectionQuery

_WATERMARK: Final = "watermark"
_NEXT_WATERMARK: Final = "next watermark"


class SyncResult(Struct, frozen=True, kw_only=True):
    """What a sync has done."""

    name: str
    whole: bool
    """Whether everything was read, rather than the changes."""
    read: int
    """Records read: those changed, and some again because of the overlap."""
    deleted: int
    """Rows newly marked as deleted."""
    watermark: datetime | None
    """The stamp that the next sync begins from, less the overlap; None without one."""
    certificate: Certificate


async def sync(
    client: Sage200Client,
    extraction: Extraction,
    target: SyncTarget,
    *,
    workers: int = 8,
    overlap: float = 3600.0,
    deletes: DeletePolicy | None = None,
    on_progress: Callable[[Progress], object] | None = None,
) -> SyncResult:
    """Bring *target* in step with the company.

    The first sync reads everything, later ones what has changed, if the
    resource has a stamp of the last change. A sync that was stopped at any
    moment is resumed or starts anew, with the same result.

    Args:
        client: The company.
        extraction: What is copied.
        target: The copy.
        workers: Requests at once.
        overlap: Seconds before the last stamp seen from which changes are read
            again: longer than any transaction of the server takes.
        deletes: How many deletes are believed at once.
        on_progress: Called after each write to the copy.

    Raises:
        ExtractError: A read cannot be proved complete, or more rows seem to be
            deleted than is believed; none is marked then.
        SinkError: The copy failed.
    """
    query: CollectionQuery[Any] = client.run(extraction.query)
    async with SyncTargetThread(target) as thread:
        checkpoint = await thread.open(extraction.tables)
        watermark = _time_of(await thread.metadata(_WATERMARK))
        if watermark is None:
            work = extraction
            checkpoint, newest = await _first_sync(query, thread, checkpoint)
        else:
            newest = await _newest_stamp(query) or watermark
            work, checkpoint = _changes(extraction, query, watermark, overlap), None
        certificate = await read_into(
            client, work, thread, checkpoint, workers=workers, on_progress=on_progress
        )
        deleted = await deleted_keys(
            client, query, thread, workers=workers, policy=deletes or DeletePolicy()
        )
        if deleted:
            await thread.mark_deleted(deleted, time.time())
        await _store(thread, _WATERMARK, newest)
    return SyncResult(
        name=extraction.name,
        whole=watermark is None,
        read=certificate.records,
        deleted=len(deleted),
        watermark=newest,
        certificate=certificate,
    )


async def _first_sync(
    query: CollectionQuery[Any],
    thread: SyncTargetThread,
    checkpoint: Checkpoint | None,
) -> tuple[Checkpoint | None, datetime | None]:
    """Return where to resume, and the newest stamp when the read began."""
    if checkpoint is None or checkpoint.complete:
        checkpoint = None
        await _store(thread, _NEXT_WATERMARK, await _newest_stamp(query))
    return checkpoint, _time_of(await thread.metadata(_NEXT_WATERMARK))


def _changes(
    extraction: Extraction,
    query: CollectionQuery[Any],
    watermark: datetime,
    overlap: float,
) -> Extraction:
    """Return the extraction of what has changed."""
    since = _stamp(query) >= watermark - timedelta(seconds=overlap)
    return Extraction(
        name=extraction.name, query=query.filter(since), related=extraction.related
    )


def _stamp(query: CollectionQuery[Any]) -> Any:
    """Return the field that every change sets anew."""
    return field_named(query, query.endpoint.watermark or "")


async def _newest_stamp(query: CollectionQuery[Any]) -> datetime | None:
    """Ask for the newest stamp; None if there is no record, or no such field.

    It is the server's own time, and is never compared with a local clock.
    """
    name = query.endpoint.watermark
    if name is None or query.endpoint.key is None:
        return None
    newest = query.select(query.endpoint.key, name).order_by(f"{name} desc")
    row = await newest.first()
    return None if row is None else getattr(row, name)


async def _store(thread: SyncTargetThread, name: str, at: datetime | None) -> None:
    if at is not None:
        await thread.metadata(name, at.astimezone(UTC).isoformat())


def _time_of(text: str | None) -> datetime | None:
    return None if not text else datetime.fromisoformat(text)
