"""Copies kept in step: changes since the last sync, a sweep, and deletes.

Sage has no feed of either. Changes are found by the stamp that each write sets
anew, read again from some time before the newest one, since a record can be
committed with an older stamp than those that are visible already. What no such
reading can find is found by the sweep, which compares the key and the stamp of
every record with the copy's, in both directions. How deletes are found is in
`deletes`, one run in `sync_run`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.extract.deletes import DeletePolicy
from sage200_async.extract.extraction import bound_to
from sage200_async.extract.sink import OpenOptions
from sage200_async.extract.sink_thread import SyncTargetThread
from sage200_async.extract.sync_run import SyncOptions, SyncRun, with_stamp
from sage200_async.extract.sync_run import SyncResult as SyncResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.client import Sage200Client
    from sage200_async.extract.extraction import Extraction
    from sage200_async.extract.sink import SyncTarget
    from sage200_async.paging.parallel import Progress


async def sync(
    client: Sage200Client,
    extraction: Extraction,
    target: SyncTarget,
    *,
    workers: int = 8,
    overlap: float = 3600.0,
    deletes: DeletePolicy | None = None,
    sweep_every: float = 0.0,
    whole_every: float | None = None,
    whole: bool = False,
    replace: bool = False,
    restart: bool = False,
    drop_columns: bool = False,
    on_progress: Callable[[Progress], object] | None = None,
) -> SyncResult:
    """Bring *target* in step with the company.

    The first sync reads everything, later ones what has changed, if the
    resource has a stamp of the last change. Then keys and stamps of all records
    are compared with the copy's: a record is read again where its stamp differs,
    earlier or later, where the copy lacks it, or has it marked as deleted.
    New columns are filled by reading everything. A sync that was stopped at any
    moment is resumed or starts anew, with the same result.

    Args:
        client: The company.
        extraction: What is copied.
        target: The copy.
        workers: Requests at once.
        overlap: Seconds before the newest stamp from which changes are read
            again: longer than any transaction of the server takes.
        deletes: How many deletes are believed at once.
        sweep_every: Seconds from one comparison of all keys and stamps to the
            next; 0 compares them in each sync. Until then late and restored
            records, and deletes, are not seen.
        whole_every: Seconds from one reading of everything to the next, for what
            no stamp shows (see `SyncResult.may_be_stale`); None for never.
        whole: Whether everything is read again, and compared.
        replace: Whether a copy of another query is replaced, once the new one
            is complete.
        restart: Whether the part of an earlier read is dropped.
        drop_columns: Whether columns that the query no longer has are dropped.
        on_progress: Called after each write to the copy.

    Raises:
        SinkConflict: The copy is of another query, or has columns that this
            one lacks.
        ExtractError: A read cannot be proved complete, or more rows seem to be
            deleted than is believed; none is marked then.
        SinkError: The copy failed.
    """
    extraction = with_stamp(bound_to(client, extraction))
    options = SyncOptions(
        workers=workers,
        overlap=overlap,
        deletes=deletes or DeletePolicy(),
        sweep_every=sweep_every,
        whole_every=whole_every,
        whole=whole,
        on_progress=on_progress,
    )
    async with SyncTargetThread(target) as thread:
        checkpoint = await thread.open(
            extraction.tables,
            OpenOptions(
                identity=extraction.identity,
                replace=replace,
                restart=restart,
                drop_columns=drop_columns,
            ),
        )
        return await SyncRun(client, extraction, thread, options).run(checkpoint)
