"""One range of a plan, read by one task of Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.arrow.frames import column_form
from sage200_async.arrow.libraries import RecordBatch, pa
from sage200_async.arrow.stream import each_batch
from sage200_async.client import Sage200Client
from sage200_async.engines.spark.certificates import write_certificate
from sage200_async.engines.spark.columns import as_spark
from sage200_async.engines.spark.pyspark_api import InputPartition, TaskContext
from sage200_async.engines.spark.rejects import RangeRejects, advise_rejects
from sage200_async.errors import (
    DecodeError,
    ExtractError,
    TokenExpired,
    Unauthorized,
)
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.read_plan import ReadRange
from sage200_async.query.endpoint import load_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.arrow.columns import ColumnForm
    from sage200_async.arrow.libraries import Schema
    from sage200_async.arrow.stream import Take
    from sage200_async.paging.certificate import Certificate
    from sage200_async.settings import Settings

_ROWS: Final = 4096
# Rows of a batch that Spark gets, or a few more: each costs as much as some hundred rows.
_LOAD_AGAIN: Final = (
    "Spark: the access token was taken when the data frame was planned, by its first "
    "action. Load the data frame again, or set the option tokenStore for long sessions."
)


class RangePartition(InputPartition):
    """One range of a plan, with all that a task needs to read it.

    What a reader keeps on itself when it plans does not reach the task; so the settings,
    with a token in them, travel here.
    """

    def __init__(
        self,
        key_range: ReadRange[Any],
        settings: Settings,
        *,
        certificates: str,
        rejects: str,
    ) -> None:
        super().__init__(key_range.to_json())
        self.settings = settings
        self.certificates = certificates
        self.rejects = rejects

    def __repr__(self) -> str:
        return f"RangePartition({ReadRange.from_json(self.value)!r})"


def read_partition(
    partition: InputPartition, schema: Schema | None
) -> Iterator[RecordBatch]:
    """Yield the records of a partition; write its files after the last one.

    Args:
        partition: A `RangePartition`; Spark's own, where nothing is to be read.
        schema: The columns that Spark expects.
    """
    if isinstance(partition, RangePartition):
        reading = _Reading(partition)
        for batch in each_batch(reading.read):
            yield as_spark(batch, schema)
        reading.finish()


class _Reading:
    """The reading of one partition, in an event loop of its own."""

    def __init__(self, partition: RangePartition) -> None:
        self._partition = partition
        self._range = ReadRange.from_json(partition.value)
        folder = partition.rejects
        self._rejects = RangeRejects(folder, self._range) if folder else None
        self._certificate: Certificate | None = None

    async def read(self, take: Take) -> None:
        """Pass all batches to *take*."""
        try:
            await self._read(take)
        except (TokenExpired, Unauthorized) as error:
            if not isinstance(self._partition.settings.token_store, str):
                error.add_note(_LOAD_AGAIN)
            raise
        except DecodeError as error:
            advise_rejects(error)
            raise

    async def _read(self, take: Take) -> None:
        joined, rejects = _Joined(take), self._rejects
        quarantine = None if rejects is None else rejects.add
        async with (
            Sage200Client(self._partition.settings, quarantine=quarantine) as client,
            client.read_range(self._range, workers=1) as part,
        ):
            async for batch in part.batches_as(_form(self._range)):
                await joined.add(batch.records)
        await joined.flush()
        self._certificate = part.certificate

    def finish(self) -> None:
        """Write the records that did not fit, and then the certificate that counts them."""
        if self._certificate is None:
            raise ExtractError(f"{self._range!r} was not read to its end")
        if self._rejects is not None:
            self._rejects.write()
        task, folder = TaskContext.get(), self._partition.certificates
        if folder and task is not None:
            stage, attempt = task.stageId(), task.taskAttemptId()
            write_certificate(folder, self._certificate, stage, attempt)


class _Joined:
    """Joins small batches."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._batches: list[RecordBatch] = []

    async def add(self, batch: RecordBatch) -> None:
        """Add *batch*, and pass on what is enough."""
        self._batches.append(batch)
        if sum(one.num_rows for one in self._batches) >= _ROWS:
            await self.flush()

    async def flush(self) -> None:
        """Pass on what is there."""
        batches, self._batches = self._batches, []
        if batches:
            await self._take(pa.concat_batches(batches))


def _form(key_range: ReadRange[Any]) -> ColumnForm:
    source = key_range.source
    options = QueryOptions(select=source.select, expand=source.expand)
    record = load_record(source.record or None)
    return column_form(record, options, source.key, source.path)
