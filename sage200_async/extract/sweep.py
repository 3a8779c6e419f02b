"""The sweep: key and stamp of every record, compared with the copy's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.errors import ExtractError, QueryError
from sage200_async.extract.reconcile import Differences, HeldRow
from sage200_async.limits import INT64_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.extract.sink_thread import SyncTargetThread
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange
    from sage200_async.query.collection import CollectionQuery

_LOWEST: Final = -INT64_MAX - 2
# Below any key.


async def sweep(
    query: CollectionQuery[Any],
    thread: SyncTargetThread,
    differences: Differences,
    *,
    workers: int,
) -> Certificate:
    """Read key and stamp of every record; add what differs to *differences*.

    However large the company, only the keys that differ are held in memory.

    Args:
        query: The records, with their key and their stamp alone.
        thread: The copy.
        differences: What is filled.
        workers: Requests at once.

    Raises:
        QueryError: The condition is too long for one request.
        ExtractError: The listing cannot be proved complete.
    """
    key, stamp = query.endpoint.key or "", query.endpoint.watermark
    read = query.read(workers=workers, in_one_piece=True)
    if read.subqueries > 1:
        message = (
            f"{query.endpoint.path}: an in_ of so many values is split, which a sync "
            "cannot do; use fewer values"
        )
        raise QueryError(message)
    async with read:
        async for batch in read.batches():
            listed = [
                (getattr(one, key), getattr(one, stamp) if stamp else None)
                for one in batch.records
            ]
            part = batch.key_range
            held = await thread.stamps(stamp, part.low, part.high)
            differences.add(listed, [HeldRow(*row) for row in held])
    for low, high in _beyond(read.bounds):
        held = await thread.stamps(stamp, low, high)
        differences.add([], [HeldRow(*row) for row in held])
    if read.certificate is None:
        raise ExtractError(f"{query.endpoint.path}: the keys were not read to the end")
    differences.rejected = read.certificate.rejected
    differences.rejected_keys = read.rejected_keys
    return read.certificate


def _beyond(bounds: KeyRange | None) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the keys that no record of the source has."""
    if bounds is None:
        yield _LOWEST, INT64_MAX
    else:
        yield _LOWEST, bounds.low
        yield bounds.high, INT64_MAX
