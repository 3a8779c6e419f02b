"""Extractions: what to read, as a value, and how it is read into a sink."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec
from msgspec import Struct

from sage200_async.errors import PagingError, QueryError, SinkConflict, SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.identity import Identity
from sage200_async.extract.sink import OpenOptions
from sage200_async.extract.sink_forms import form_for, reading_form
from sage200_async.extract.sink_thread import SinkThread
from sage200_async.extract.sink_writer import SinkWriter
from sage200_async.extract.tables import Related, Table, tables_of
from sage200_async.extract.unkeyed import read_unkeyed
from sage200_async.paging.parallel import ResumePoint
from sage200_async.query.collection import CollectionQuery

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sage200_async.client import Sage200Client
    from sage200_async.extract.sink import Sink
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.parallel import ParallelRead, Progress

_DIGITS: Final = 16
# Of a digest: enough to distinguish the layouts of one table.


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
    related: Related = "json"
    """Whether lists of related records become JSON columns, tables of their own, or are
    nested: lists in files of Parquet, Arrow and NDJSON."""

    def __post_init__(self) -> None:
        """Refuse what cannot be read."""
        if not isinstance(self.query, CollectionQuery):
            message = (
                f"{self.name}: query must be one that can be listed, such as "
                f"client.customers; got {self.query!r}"
            )
            raise QueryError(message)
        self._require_columns()
        if self.related not in get_args(Related):
            message = (
                f"{self.name}: related must be 'json', 'tables' or 'nested', got "
                f"{self.related!r}"
            )
            raise QueryError(message)

    def _require_columns(self) -> None:
        """Refuse records of a consumer's own type.

        Raises:
            QueryError: The query is one of `CollectionQuery.into`.
        """
        query: CollectionQuery[Any] = self.query
        if query.endpoint.into is not None:
            message = (
                f"{self.name}: an extraction has the columns of the catalog: leave "
                "into() out, and name its fields in select() and expand()"
            )
            raise QueryError(message)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that it fills, the resource's own first."""
        query: CollectionQuery[Any] = self.query
        return tables_of(self.name, query.endpoint, query.options, related=self.related)

    @property
    def identity(self) -> Identity:
        """What a copy of it is the copy of: the same for any page size and column."""
        query: CollectionQuery[Any] = self.query
        return Identity.of(query, self.related if query.options.expand else "")

    @property
    def layout(self) -> str:
        """A short text that differs where the tables or their columns do."""
        encoded = msgspec.json.encode(self.tables)
        return hashlib.sha256(encoded).hexdigest()[:_DIGITS]


async def export(
    client: Sage200Client,
    extraction: Extraction,
    sink: Sink,
    *,
    workers: int = 8,
    restart: bool = False,
    replace: bool = False,
    drop_columns: bool = False,
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
        restart: Whether the part of an earlier run is dropped.
        replace: Whether the copy of another query in a database is replaced, once
            the new one is complete; files have ``overwrite``.
        drop_columns: Whether columns that the query no longer has are dropped
            from a database.
        on_progress: Called after each write to the sink.

    Returns:
        Why it is complete.

    Raises:
        SinkError: The sink failed, or holds something else.
        ExtractError: It cannot be proved to be complete; nothing is visible.
    """
    extraction = bound_to(client, extraction)
    async with SinkThread(sink) as thread:
        checkpoint = await thread.open(
            extraction.tables,
            OpenOptions(
                identity=extraction.identity,
                restart=restart,
                replace=replace,
                drop_columns=drop_columns,
            ),
        )
        return await read_into(
            extraction, thread, checkpoint, workers=workers, on_progress=on_progress
        )


def bound_to(client: Sage200Client, extraction: Extraction) -> Extraction:
    """Return *extraction* with its query bound to *client*."""
    return Extraction(
        name=extraction.name,
        query=client.run(extraction.query),
        related=extraction.related,
    )


async def read_into(
    extraction: Extraction,
    thread: SinkThread,
    checkpoint: Checkpoint | None,
    *,
    workers: int,
    server_time: float = 0.0,
    on_progress: Callable[[Progress], object] | None = None,
    commit: Callable[[Certificate], Awaitable[Certificate]] | None = None,
) -> Certificate:
    """Read a resource into a sink that is open, resuming from *checkpoint*.

    Args:
        extraction: What is read, bound to a client.
        thread: The sink.
        checkpoint: Where an earlier run stopped, or None.
        workers: Requests at once.
        server_time: Seconds since 1970 by the server's clock, for the checkpoint.
        on_progress: Called after each write to the sink.
        commit: Makes it visible; by default the sink's own `commit`.

    Raises:
        PagingError: The responses contradict each other; the next run starts anew.
    """
    query: CollectionQuery[Any] = extraction.query
    if query.endpoint.key is None:
        name = str(extraction.identity)
        return await read_unkeyed(query, thread, name, on_progress)
    point = _resume_point(extraction, checkpoint)
    read = query.read(workers=workers, resume_from=point, prefetch=0, in_one_piece=True)
    if read.subqueries > 1:
        message = (
            f"{extraction.name}: an in_ of so many values is split, which an "
            "extraction cannot do; use fewer values"
        )
        raise QueryError(message)
    first = Checkpoint(
        query=str(extraction.identity),
        layout=extraction.layout,
        started_at=time.time(),
        server_time=server_time,
    )
    try:
        await _write_all(query, read, thread, None if point else first, on_progress)
    except PagingError:
        # Responses contradict each other: what was stored before may be wrong, too.
        await thread.restart()
        raise
    if read.certificate is None:
        raise SinkError(f"{extraction.name}: the read was left before its end")
    certificate = await (commit or thread.commit)(read.certificate)
    _report(on_progress, read)
    return certificate


async def _write_all(
    query: CollectionQuery[Any],
    read: ParallelRead[Any],
    thread: SinkThread,
    first: Checkpoint | None,
    on_progress: Callable[[Progress], object] | None,
) -> None:
    """Write every batch; begin with the checkpoint *first*, unless it is resumed."""
    form = form_for(query, thread)
    reading = await reading_form(query, form)
    async with SinkWriter(thread, form, on_progress) as writer, read:
        batches = read.batches() if reading is None else read.batches_as(reading)
        async for batch in batches:
            if first is not None:
                await thread.begin(_with_bounds(first, read))
                first = None
            await writer.add(batch, read.progress)
    if first is not None:  # nothing matched
        await thread.begin(_with_bounds(first, read))


def _with_bounds(first: Checkpoint, read: ParallelRead[Any]) -> Checkpoint:
    """Return the checkpoint with what was known of the records when the read began."""
    count = read.progress.expected
    return msgspec.structs.replace(first, bounds=read.bounds, count=count)


def _resume_point(
    extraction: Extraction, checkpoint: Checkpoint | None
) -> ResumePoint | None:
    """Return where to resume; None to start anew.

    Raises:
        SinkConflict: The sink holds part of another query.
    """
    if checkpoint is None:
        return None
    if checkpoint.query != str(extraction.identity):
        message = (
            f"{extraction.name}: the sink holds part of another query, "
            f"{checkpoint.query!r}; this one is {str(extraction.identity)!r}. Finish "
            "that one, or pass --restart (restart=True) to drop it"
        )
        raise SinkConflict(message)
    if checkpoint.bounds is None:
        return None
    return ResumePoint(
        checkpoint.bounds,
        checkpoint.done,
        started_at=checkpoint.started_at,
        requests=checkpoint.requests,
        rejected=checkpoint.rejected,
        count=checkpoint.count,
    )


def _report(
    on_progress: Callable[[Progress], object] | None, read: ParallelRead[Any]
) -> None:
    if on_progress is not None:
        on_progress(read.progress)
