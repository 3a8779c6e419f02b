"""Records that a sweep found to differ, read by their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sage200_async.errors import ExtractError
from sage200_async.extract.deletes import proved_gone
from sage200_async.extract.key_pieces import all_of, by_keys, pieces

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sage200_async.extract.reconcile import Differences
    from sage200_async.extract.sink_thread import SyncTargetThread
    from sage200_async.query.collection import CollectionQuery


class Refetch:
    """Copies the records that a sweep found to differ.

    Args:
        query: The records of the copy, with all that it holds of them.
        narrow: The same with their key alone.
        thread: The copy.
        workers: Requests at once.
    """

    def __init__(
        self,
        query: CollectionQuery[Any],
        narrow: CollectionQuery[Any],
        thread: SyncTargetThread,
        *,
        workers: int,
    ) -> None:
        self._query = query
        self._narrow = narrow
        self._thread = thread
        self._workers = workers
        self._key = query.endpoint.key or ""
        self.records = 0
        """Records that were copied."""
        self.rejected_keys = set[int]()
        """Keys of the records that did not fit, and went to the quarantine."""

    async def run(self, differences: Differences) -> None:
        """Copy them; those that are gone by now are added to the absent ones.

        Raises:
            ExtractError: Records that are listed do not come when they are asked for.
        """
        wanted = sorted(differences.fetch)
        missing = await self._copy(wanted)
        gone = await proved_gone(self._narrow, missing, differences)
        held = await self._thread.stamps_of(None, gone)
        differences.absent += [key for key, _, deleted in held if not deleted]
        there = sorted(set(missing) - set(gone))
        lost = await self._copy_certified(there)
        if lost:
            message = (
                f"{self._query.endpoint.path}: records that are listed do not come "
                f"when they are asked for by key: {len(lost)}, such as {lost[0]}; the "
                "copy is not in step. Sync again later"
            )
            raise ExtractError(message)

    async def _copy(self, keys: Sequence[int]) -> list[int]:
        """Copy the records with these keys; return the keys that did not come."""
        missing = set(keys)
        cut = list(pieces(self._query, self._key, keys))

        async def read(piece: Sequence[int]) -> list[Any]:
            return [one async for one in by_keys(self._query, self._key, piece)]

        for start in range(0, len(cut), self._workers):
            group = cut[start : start + self._workers]
            for records in await all_of(map(read, group)):
                missing -= await self._merge(records, missing)
        return sorted(missing)

    async def _copy_certified(self, keys: Sequence[int]) -> list[int]:
        """Do the same with a count of those that do not fit, which never come."""
        lost: list[int] = []
        for piece in pieces(self._query, self._key, keys):
            query = by_keys(self._query, self._key, piece)
            missing = set(piece)
            async with query.read(workers=1, in_one_piece=True) as read:
                async for batch in read.batches():
                    missing -= await self._merge(batch.records, missing)
            # One that shows no key is one of those that are missing.
            unreadable = len(missing) <= read.progress.rejected
            self.rejected_keys |= missing if unreadable else read.rejected_keys
            lost += [] if unreadable else sorted(missing)
        return lost

    async def _merge(self, records: Sequence[Any], wanted: Collection[int]) -> set[int]:
        """Copy those of *records* that are *wanted*; return their keys."""
        mine = [one for one in records if getattr(one, self._key) in wanted]
        await self._thread.merge(mine)
        self.records += len(mine)
        return {getattr(one, self._key) for one in mine}
