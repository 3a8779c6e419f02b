"""The writer of a data frame: the rows of all tasks, in one job on the driver.

A task sends nothing to Sage: it hands its rows to the driver, and of tasks that run twice
Spark hands on the rows of one. Jobs of the tasks' own would know nothing of each other:
the same key in two of them would be created twice, and so would a row whose task was lost
with its machine and its journal.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from sage200_async.arrow.libraries import RecordBatch, Table, pa
from sage200_async.client import Sage200Client
from sage200_async.engines.spark.connection import driver_settings
from sage200_async.engines.spark.pyspark_api import (
    DataSourceArrowWriter,
    WriterCommitMessage,
)
from sage200_async.engines.spark.source_options import endpoint_of
from sage200_async.errors import JournalError, QueryError
from sage200_async.odata.namespaces import look_up
from sage200_async.write.journal_file import journal_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.engines.spark.pyspark_api import StructType
    from sage200_async.engines.spark.source_options import WriteOptions
    from sage200_async.write import Outcome, WriteJob

_SHOWN: Final = 3
# Rows that a message names.


class Rows(WriterCommitMessage):
    """The rows of one task, as an Arrow stream."""

    def __init__(self, batches: Iterator[RecordBatch]) -> None:
        first = next(batches, None)
        self.stream = b"" if first is None else _written(first, batches)

    @property
    def table(self) -> Table | None:
        """The rows, or None where there are none."""
        return pa.ipc.open_stream(self.stream).read_all() if self.stream else None


def _written(first: RecordBatch, rest: Iterator[RecordBatch]) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, first.schema, options=options) as stream:
        stream.write_batch(first)
        for batch in rest:
            stream.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


class UpsertWriter(DataSourceArrowWriter):
    """Creates the records that are missing, and updates of the rest what differs.

    Args:
        options: Where rows go.
        schema: Their columns.

    Raises:
        QueryError: The resource takes no upsert.
        UnknownFieldError: A column is no field.
        JournalError: The option names no file.
    """

    def __init__(self, options: WriteOptions, schema: StructType) -> None:
        self.options = options
        endpoint = endpoint_of(options.resource)
        if not hasattr(endpoint.query, "upsert") or endpoint.fields is None:
            raise QueryError(f"{options.resource} takes no upsert")
        for name in (*schema.fieldNames(), *options.by):
            look_up(endpoint.fields, name)
        journal_path(options.journal)

    def write(self, iterator: Iterator[RecordBatch]) -> Rows:
        """Collect the rows of one task; called on an executor."""
        return Rows(iter(iterator))

    def commit(self, messages: list[Rows | None]) -> None:
        """Write all rows; called on the driver when all tasks have ended.

        Raises:
            JournalError: Rows were refused, or are not known to be written. The rest
                is; run the same job again for these. Or the rows of a task did not
                arrive, and nothing was written.
        """
        handed = [one for one in messages if one is not None]
        if len(handed) < len(messages):
            message = "the rows of a task did not arrive, and nothing was written"
            raise JournalError(f"{message}: run the job again")
        tables = [one.table for one in handed]
        rows = [table for table in tables if table is not None]
        if rows:
            asyncio.run(self._write(pa.concat_tables(rows)))

    def abort(self, messages: list[Rows | None]) -> None:
        """Do nothing: nothing was sent."""

    async def _write(self, rows: Table) -> None:
        options = self.options
        settings = driver_settings(options.profile, options.token_store)
        async with Sage200Client(settings) as client:
            resource: Any = client.run(endpoint_of(options.resource).query)
            job: WriteJob = resource.upsert(
                rows,
                by=options.by or None,
                journal=options.journal,
                workers=options.workers,
                settle=options.settle,
            )
            async with job:
                undone = [one async for one in job if not one.done]
        if undone:
            raise _failure(job, undone)


def _failure(job: WriteJob, undone: list[Outcome]) -> JournalError:
    report = job.report
    reasons = "; ".join(
        f"{one.key}: {one.kind}, {one.reason}" for one in undone[:_SHOWN]
    )
    message = (
        f"{len(undone)} of {report.rows} rows were not written ({reasons}); the others "
        f"were. Run the same job again with the journal {report.journal} for the rest"
    )
    return JournalError(message)
