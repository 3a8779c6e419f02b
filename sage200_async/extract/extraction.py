"""Extractions: what to read, as a value, and how it is read into a sink."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from sage200_async.errors import QueryError, SinkConflict, SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.sink_thread import SinkThread
from sage200_async.extract.tables import Table, tables_of
from sage200_async.extract.unkeyed import read_unkeyed
from sage200_async.limits import PAGE_MAX
from sage200_async.paging.parallel import ResumePoint
from sage200_async.query.collection import CollectionQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.client import Sage200Client
    from sage200_async.extract.sink import Sink
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.parallel import ParallelRead, Progress


class Extraction(Struct, frozen=True, kw_only=True):
    """One resource to be read into a sink. It can be pickled, and run anywhere.

    Raises:
        QueryError: *query* is no query of a resource that can be listed, or
            there is no such way to store related records.

    Example:
        >>> extraction = Extraction(name="customers", query=client.customers)
        >>> [table.name for table in extraction.tables]
        ['customers']
        >>> Extraction(name="customers", query="customers")
        Traceback (most recent call last):
            ...
        sage200_async.errors.QueryError: customers: query must be one that can be listed, such as client.customers; got 'customers'
    """

    name: str
    """The name of the resource's table or file."""
    query: Any
    """A query, with a client or without one."""
    related: Literal["json", "tables"] = "json"
    """Whether lists of related records become JSON columns or tables of their own."""

    def __post_init__(self) -> None:
        """Refuse what cannot be read."""
        if not isinstance(self.query, CollectionQuery):
            message = (
                f"{self.name}: query must be one that can be listed, such as "
                f"client.customers; got {self.query!r}"
            )
            raise QueryError(message)
        if self.related not in {"json", "tables"}:
            message = (
                f"{self.name}: related must be 'json' or 'tables', got {self.related!r}"
            )
            raise QueryError(message)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that it fills, the resource's own first."""
        query: CollectionQuery[Any] = self.query
        return tables_of(self.name, query.endpoint, query.options, related=self.related)

    @property
    def identity(self) -> str:
        """The company and the query, as text: the same for any page size."""
        query: CollectionQuery[Any] = self.query
        context = query.context
        return f"{context.site}/{context.company} {query.page_size(PAGE_MAX).url}"


async def export(
    client: Sage200Client,
    extraction: Extraction,
    sink: Sink,
    *,
    workers: int = 8,
    on_progress: Callable[[Progress], object] | None = None,
) -> Certificate:
    """Read a resource into *sink*, resuming where an earlier run stopped.

    Whatever ended the earlier run, the records that the sink has are not read
    again; none is lost and none comes twice. The result is visible only once it
    is proved to be complete.

    Args:
        client: The company.
        extraction: What is read.
        sink: Where it goes.
        workers: Requests at once.
        on_progress: Called after each write to the sink.

    Returns:
        Why it is complete.

    Raises:
        SinkError: The sink failed, or holds something else.
        ExtractError: It cannot be proved to be complete; nothing is visible.
    """
    async with SinkThread(sink) as thread:
        checkpoint = await thread.open(extraction.tables)
        return await read_into(
            client,
            extraction,
            thread,
            checkpoint,
            workers=workers,
            on_progress=on_progress,
        )


async def read_into(
    client: Sage200Client,
    extraction: Extraction,
    thread: SinkThread,
    checkpoint: Checkpoint | None,
    *,
    workers: int,
    on_progress: Callable[[Progress], object] | None = None,
) -> Certificate:
    """Read a resource into a sink that is open, resuming from *checkpoint*."""
    query: CollectionQuery[Any] = client.run(extraction.query)
    if query.endpoint.key is None:
        return await read_unkeyed(client, query, thread, on_progress)
    point = _resume_point(extraction, checkpoint)
    read = query.read(workers=workers, resume_from=point, prefetch=0, in_one_piece=True)
    if read.subqueries > 1:
        message = (
            f"{extraction.name}: an in_ of so many values is split, which an "
            "extraction cannot do; use fewer values"
        )
        raise QueryError(message)
    started_at = time.time()
    started = point is not None
    async with read:
        async for batch in read.batches():
            if not started:
                await thread.begin(_first_checkpoint(extraction, read, started_at))
                started = True
            await thread.write(batch.key_range, batch.records)
            _report(on_progress, read)
    if read.certificate is None:
        raise SinkError(f"{extraction.name}: the read was left before its end")
    if not started:  # nothing matched
        await thread.begin(_first_checkpoint(extraction, read, started_at))
    await thread.commit(read.certificate)
    _report(on_progress, read)
    return read.certificate


def _resume_point(
    extraction: Extraction, checkpoint: Checkpoint | None
) -> ResumePoint | None:
    """Return where to resume; None to start anew.

    Raises:
        SinkConflict: The sink holds part of another query.
    """
    if checkpoint is None:
        return None
    if checkpoint.query != extraction.identity:
        message = (
            f"{extraction.name}: the sink holds part of another query, "
            f"{checkpoint.query!r}; this one is {extraction.identity!r}. Finish or "
            "discard that first"
        )
        raise SinkConflict(message)
    if checkpoint.bounds is None:
        return None
    return ResumePoint(checkpoint.bounds, checkpoint.done)


def _first_checkpoint(
    extraction: Extraction, read: ParallelRead[Any], started_at: float
) -> Checkpoint:
    return Checkpoint(
        query=extraction.identity, bounds=read.bounds, started_at=started_at
    )


def _report(
    on_progress: Callable[[Progress], object] | None, read: ParallelRead[Any]
) -> None:
    if on_progress is not None:
        on_progress(read.progress)
