"""Extractions: what to read, as a value; and how it is read into a sink."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from msgspec import Struct

from sage200_async.errors import QueryError, SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.rows import rows_of
from sage200_async.extract.tables import Table, tables_of
from sage200_async.extract.unkeyed import read_whole
from sage200_async.limits import PAGE_MAX
from sage200_async.paging.parallel import ResumePoint

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sage200_async.client import Sage200Client
    from sage200_async.extract.sink import Sink
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange
    from sage200_async.paging.parallel import Batch, ParallelRead, Progress
    from sage200_async.query.collection import CollectionQuery

R = TypeVar("R")

_ROWS: Final = 2000
# Records that are handed to a sink at once.


class Extraction(Struct, frozen=True, kw_only=True):
    """One resource to be read into a sink. It can be pickled, and run anywhere.

    Example:
        >>> extraction = Extraction(name="customers", query=client.customers)
        >>> [table.name for table in extraction.tables]
        ['customers']
    """

    name: str
    """What the resource is called: of its table, of its file."""
    query: Any
    """A query, with a client or without one."""
    related: Literal["json", "tables"] = "json"
    """Whether expanded lists become JSON columns or tables of their own."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that it fills, the resource's own first."""
        view: CollectionQuery[Any] = self.query
        return tables_of(self.name, view.endpoint, view.options, related=self.related)

    @property
    def question(self) -> str:
        """What is asked, and of which company: the same for any page size."""
        view: CollectionQuery[Any] = self.query
        context = view.context
        return f"{context.site}/{context.company} {view.page_size(PAGE_MAX).url}"


async def export(
    client: Sage200Client,
    extraction: Extraction,
    sink: Sink,
    *,
    workers: int = 8,
    on_progress: Callable[[Progress], object] | None = None,
) -> Certificate:
    """Read a resource into *sink*, going on where the sink says it has come to.

    What the sink has kept is not read again, whatever ended the run before;
    nothing is lost and nothing comes twice. The whole is visible only once it
    is proved to be complete.

    Args:
        client: The company.
        extraction: What is read.
        sink: Where it goes.
        workers: Requests at once.
        on_progress: Called with each step forward.

    Returns:
        Why it is complete.

    Raises:
        SinkError: The sink failed, or holds something else.
        ExtractError: It cannot be proved to be complete; nothing is visible.
    """
    async with kept(sink) as call:
        found = await call(sink.open, extraction.tables)
        return await read_into(
            client,
            extraction,
            sink,
            call,
            found,
            workers=workers,
            on_progress=on_progress,
        )


async def read_into(
    client: Sage200Client,
    extraction: Extraction,
    sink: Sink,
    call: Any,
    found: Checkpoint | None,
    *,
    workers: int,
    on_progress: Callable[[Progress], object] | None = None,
) -> Certificate:
    """Read a resource into a sink that is open, going on from *found*."""
    query: CollectionQuery[Any] = client.run(extraction.query)
    tables = extraction.tables
    if query.endpoint.key is None:
        return await read_whole(query, sink, tables, call, on_progress)
    begun = _begun(extraction, found)
    earlier = None if begun is None else found
    bulk = query.read(workers=workers, resume_from=begun, prefetch=0)
    if bulk.parts > 1:
        message = f"{extraction.name}: no in_ can be split in an extraction: take fewer"
        raise QueryError(message)
    async with bulk:
        keeper = _Keeper(extraction, sink, tables, call, earlier)
        async for batch in bulk.batches():
            if keeper.take(bulk, batch):
                await keeper.write()
                _tell(on_progress, bulk)
        await keeper.write()
    if bulk.certificate is None:
        raise SinkError(f"{extraction.name}: the reading was left before its end")
    await call(sink.commit, bulk.certificate)
    _tell(on_progress, bulk)
    return bulk.certificate


class _Keeper:
    """Gathers batches, and has the sink keep them with the checkpoint."""

    def __init__(
        self,
        extraction: Extraction,
        sink: Sink,
        tables: tuple[Table, ...],
        call: Any,
        found: Checkpoint | None,
    ) -> None:
        self._sink = sink
        self._tables = tables
        self._call = call
        self._question = extraction.question
        self._checkpoint = found
        self._records: list[Any] = []
        self._fresh = False

    def take(self, bulk: ParallelRead[Any], batch: Batch[Any]) -> bool:
        """Take a batch; tell whether there is enough to be kept."""
        checkpoint = self._checkpoint or _first(self._question, bulk.bounds)
        self._checkpoint = checkpoint.with_(batch.key_range)
        self._records += batch.records
        self._fresh = True
        return len(self._records) >= _ROWS

    async def write(self) -> None:
        """Have the sink keep what there is."""
        if self._fresh:
            records, self._records, self._fresh = self._records, [], False
            await self._call(self._keep, records, self._checkpoint)

    def _keep(self, records: list[Any], checkpoint: Checkpoint) -> None:
        self._sink.write(rows_of(self._tables, records), checkpoint)


@asynccontextmanager
async def kept(sink: Sink) -> AsyncGenerator[Any, None]:
    """Give a function that calls *sink* in a thread of its own, and close it at last."""
    executor = ThreadPoolExecutor(1, thread_name_prefix="sage200-sink")
    loop = asyncio.get_running_loop()

    async def call(work: Callable[..., R], *given: Any) -> R:
        # Shielded: a sink that is at work is let finish, whoever is cancelled.
        return await asyncio.shield(loop.run_in_executor(executor, work, *given))

    try:
        yield call
    finally:
        try:
            await call(sink.close)
        finally:
            executor.shutdown(wait=False)


def _begun(extraction: Extraction, found: Checkpoint | None) -> ResumePoint | None:
    """Say where to go on.

    Raises:
        SinkError: What the sink holds is of another question.
    """
    if found is None:
        return None
    if found.query != extraction.question:
        message = (
            f"{extraction.name}: expected a sink that holds {extraction.question!r}, "
            f"got one that holds {found.query!r}: finish or discard that first"
        )
        raise SinkError(message)
    return None if found.bounds is None else ResumePoint(found.bounds, found.done)


def _first(question: str, bounds: KeyRange | None) -> Checkpoint:
    """Return the checkpoint of a reading that begins."""
    return Checkpoint(query=question, bounds=bounds, started_at=time.time())


def _tell(
    on_progress: Callable[[Progress], object] | None, bulk: ParallelRead[Any]
) -> None:
    if on_progress is not None:
        on_progress(bulk.progress)
