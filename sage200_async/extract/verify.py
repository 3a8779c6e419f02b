"""Copies verified: compared with their source, without writing to either."""

from __future__ import annotations

import asyncio
from heapq import nsmallest
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.errors import ExtractError, LimitError
from sage200_async.extract.comparison.comparison import Outcome, Scope
from sage200_async.extract.comparison.differences import Difference, TableCounts
from sage200_async.extract.comparison.sink import ComparisonSink, ComparisonThread
from sage200_async.extract.extraction import bound_to, read_into
from sage200_async.extract.key_pieces import field_named
from sage200_async.extract.sink import OpenOptions
from sage200_async.paging.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sage200_async.client import Sage200Client
    from sage200_async.extract.comparison.copy_reader import ReadableCopy
    from sage200_async.extract.extraction import Extraction
    from sage200_async.paging.parallel import ParallelRead, Progress
    from sage200_async.query.collection import CollectionQuery

_FEW: Final = 500
# Records that are read again by their keys; more are read again with all the others.
_FEW_REQUESTS: Final = 40
# Most requests for them; beside a long condition, few keys fit into one.
_ROUNDS: Final = 3
# Times that differences are read again, until they are the same as before.


class VerifyResult(Struct, frozen=True, kw_only=True):
    """What a comparison of a copy with its source has shown."""

    name: str
    tables: tuple[TableCounts, ...]
    """Counts of each table, the resource's own first."""
    differences: tuple[Difference, ...]
    """The first rows that differ, up to the limit; the counts are of all."""
    problems: tuple[str, ...]
    """What is wrong with the tables themselves, such as a column that is missing."""
    reread: int
    """Records that differed at first sight, and were read again from both sides."""
    unsettled: int
    """Differing records that still changed between the last two readings."""
    certificate: Certificate
    """What is proved of the reading of the source. Records that it counts as rejected
    were not compared; where the copy has them, they are among those that are extra."""

    @property
    def equal(self) -> bool:
        """Whether the copy has the same rows as the source, with the same values.

        It is not where the source had records that could not be read: no one
        knows what they are.
        """
        return not (self.differs or self.certificate.rejected)

    @property
    def differs(self) -> bool:
        """Whether a row that was read, or a column, is not the same on both sides."""
        return bool(self.problems or self._sum("differences"))

    @property
    def changed(self) -> int:
        """Rows with other values than at the source, in all tables."""
        return self._sum("changed")

    @property
    def missing(self) -> int:
        """Rows that only the source has, in all tables."""
        return self._sum("missing")

    @property
    def extra(self) -> int:
        """Rows that only the copy has, in all tables."""
        return self._sum("extra")

    @property
    def marked_deleted(self) -> int:
        """Rows of the source that the copy has marked as deleted."""
        return self._sum("marked_deleted")

    def _sum(self, name: str) -> int:
        return sum(getattr(table, name) for table in self.tables)


async def verify(
    client: Sage200Client,
    extraction: Extraction,
    target: ReadableCopy,
    *,
    workers: int = 8,
    limit: int = 100,
    on_progress: Callable[[Progress], object] | None = None,
) -> VerifyResult:
    """Compare a copy with its source; write to neither.

    Values are compared, not how they are written: ``1.50`` is ``1.5``, and the
    names of a JSON object have no order. Everything else counts: blanks, null
    and empty text, the order of related records.

    All rows are read from both sides and compared by digests, which take 36
    bytes a row. What differs is read again from both sides, since others may
    write meanwhile; what then is the same is no difference.

    Related rows are compared where both sides have their record: those of a
    record that is missing or extra are not counted besides.

    Args:
        client: The company.
        extraction: What the copy is of; its tables are those of the copy.
        target: The copy: what `files_at` or `database_at` returns.
        workers: Requests at once.
        limit: Most differences that are returned, 0 or more.
        on_progress: Called as records are read.

    Raises:
        ExtractError: The source cannot be proved to be read completely.
        SinkError: There is no copy, or it cannot be read.
        SinkConflict: The copy is that of another query.
        LimitError: *limit* is negative.
    """
    if limit < 0:
        raise LimitError(f"limit must be 0 or more differences, got {limit}")
    extraction = bound_to(client, extraction)
    stamp: str | None = extraction.query.endpoint.watermark
    sink = ComparisonSink(target.reader(), stamp or "")
    async with ComparisonThread(sink) as thread:
        options = OpenOptions(identity=extraction.identity)
        await thread.open(extraction.tables, options)
        certificate = await read_into(
            extraction, thread, None, workers=workers, on_progress=on_progress
        )
        first = await thread.outcome()
        again = _Rereading(extraction, thread, workers=workers, limit=limit)
        last, unsettled = await again.until_settled(first)
    return VerifyResult(
        name=extraction.name,
        tables=_totals(first, last),
        differences=last.differences[:limit],
        problems=first.problems,
        reread=len(first.differing),
        unsettled=unsettled,
        certificate=certificate,
    )


class _Rereading:
    """Reads what differs again, from both sides."""

    def __init__(
        self,
        extraction: Extraction,
        thread: ComparisonThread,
        *,
        workers: int,
        limit: int,
    ) -> None:
        self._extraction, self._thread = extraction, thread
        self._query: CollectionQuery[Any] = extraction.query
        self._workers, self._limit = workers, limit

    async def until_settled(self, outcome: Outcome) -> tuple[Outcome, int]:
        """Read again until what differs is the same as before, but not for ever.

        Returns:
            The last outcome, and how many of its differences are not settled.
        """
        unsettled = 0
        for _ in range(_ROUNDS):
            before = outcome.differing
            if not before:
                break
            outcome = await self._compare(before)
            unsettled = await asyncio.to_thread(_unsettled, before, outcome.differing)
            if not unsettled:
                break
        return outcome, unsettled

    async def _compare(self, keys: Collection[int]) -> Outcome:
        shown = await asyncio.to_thread(nsmallest, self._limit, keys)
        await self._thread.restrict(Scope(only=keys, shown=frozenset(shown)))
        some = self._some(keys)
        if some is None:
            await read_into(self._extraction, self._thread, None, workers=self._workers)
        else:
            await self._read(some)
        return await self._thread.outcome()

    def _some(self, keys: Collection[int]) -> ParallelRead[Any] | None:
        """Return the read of those records; None if it is better to read all."""
        key = self._query.endpoint.key
        if key is None or len(keys) > _FEW:
            return None
        some = self._query.filter(field_named(self._query, key).in_(sorted(keys)))
        try:
            read = some.read(workers=self._workers, prefetch=0)
        except LimitError:  # with its own condition the query is too long
            return None
        return read if read.subqueries <= _FEW_REQUESTS else None

    async def _read(self, some: ParallelRead[Any]) -> None:
        """Read some records of the source again.

        Raises:
            ExtractError: They were not read to the end.
        """
        async with some:
            async for batch in some.batches():
                await self._thread.write(batch.key_range, batch.records)
        if some.certificate is None:
            message = f"{self._extraction.name}: what differs was not read again"
            raise ExtractError(message)


def _unsettled(before: dict[int, int], after: dict[int, int]) -> int:
    """Return how many records that differ have other values than before."""
    return sum(before.get(key) != digest for key, digest in after.items())


def _totals(first: Outcome, last: Outcome) -> tuple[TableCounts, ...]:
    """Return the sizes of the tables, and the differences that were left at the end."""
    pairs = zip(first.counts, last.counts, strict=True)
    return tuple(
        TableCounts(
            name=whole.name,
            source=whole.source,
            copy=whole.copy,
            changed=rest.changed,
            missing=rest.missing,
            extra=rest.extra,
            marked_deleted=rest.marked_deleted,
        )
        for whole, rest in pairs
    )
