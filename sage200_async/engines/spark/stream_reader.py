"""The reader of a stream: what has changed since the last micro-batch, by the stamp."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sage200_async.client import Sage200Client
from sage200_async.engines.spark.batch_reader import planned
from sage200_async.engines.spark.columns import read_query, target_schema
from sage200_async.engines.spark.connection import driver_settings
from sage200_async.engines.spark.partitions import RangePartition, read_partition
from sage200_async.engines.spark.pyspark_api import (
    DataSourceStreamReader,
    SupportsTriggerAvailableNow,
)
from sage200_async.engines.spark.stream_offset import (
    first_offset,
    next_offset,
    oldest_stamp,
    require_source,
)
from sage200_async.errors import QueryError
from sage200_async.wire.headers import server_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.arrow.libraries import RecordBatch
    from sage200_async.engines.spark.pyspark_api import InputPartition, StructType
    from sage200_async.engines.spark.source_options import ReadOptions
    from sage200_async.engines.spark.stream_offset import Offset
    from sage200_async.query.collection import CollectionQuery

_Newest = tuple[datetime | None, datetime]

_PAUSE: Final = 10.0
# Seconds. Without a trigger of the user's own, Spark asks again after 10 ms.


class StreamReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Reads what was stamped since the newest stamp of the last micro-batch.

    It reads again from some time before that stamp, and that once more when this time has
    passed: see `stream_offset`. It has no upper bound, since stamps are rounded. So a
    record may come in several micro-batches, and at least in one. Deletes, and records of
    a restored backup, have no new stamp: it lacks them.

    Args:
        options: What is read.
        schema: The columns that Spark expects.

    Raises:
        QueryError: *schema* does not fit, or the resource has no stamps.
    """

    def __init__(self, options: ReadOptions, schema: StructType) -> None:
        self.options = options
        self.query = read_query(options, schema)
        self.columns = target_schema(schema)
        self.target: _Newest | None = None
        self.asked: tuple[float, _Newest] | None = None
        endpoint = self.query.endpoint
        if endpoint.watermark is None or endpoint.record is None:
            message = f"{endpoint.path} has no time of the last change to go by"
            raise QueryError(f"{message}: read it with spark.read")
        self.stamp: Any = getattr(endpoint.record.fields, endpoint.watermark)

    def initialOffset(self) -> Offset:  # noqa: N802
        """Return where a new stream begins: before all records."""
        return first_offset(self._source())

    def latestOffset(self, start: Offset, limit: object) -> Offset:  # noqa: ARG002, N802
        """Return where the next micro-batch ends; *start* where there is none to read."""
        require_source(start, self._source())
        newest, now = self.target or self._recent()
        return next_offset(start, newest, now, self.options.overlap)

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802
        """Remember what is there: the stream ends with it."""
        self.target = asyncio.run(self._newest())

    def partitions(self, start: Offset, end: Offset) -> list[RangePartition]:
        """Plan the read of a micro-batch."""
        require_source(start, self._source())
        if start == end:
            return []
        query = self.query
        since = oldest_stamp(start, self.options.overlap)
        if since is not None:
            unstamped = self.stamp == None  # noqa: E711 - a condition
            query = query.filter((self.stamp >= since) | unstamped)
        return planned(query, self.options)

    def read(self, partition: InputPartition) -> Iterator[RecordBatch]:
        """Read one partition; called on an executor."""
        return read_partition(partition, self.columns)

    def _source(self) -> str:
        """Name the company, the resource and the filter."""
        options = self.options
        settings = driver_settings(options.profile, options.token_store)
        condition = f" where {options.filter}" if options.filter else ""
        return f"{options.resource}{condition}, company {settings.company} of site {settings.site}"

    def _recent(self) -> _Newest:
        """Return what was the newest some seconds ago at most: Spark asks all the time."""
        now = time.monotonic()
        if self.asked is None or now - self.asked[0] >= _PAUSE:
            self.asked = now, asyncio.run(self._newest())
        return self.asked[1]

    async def _newest(self) -> _Newest:
        """Return the newest stamp that is not later than the server's clock, and this."""
        settings = driver_settings(self.options.profile, self.options.token_store)
        endpoint = self.query.endpoint
        async with Sage200Client(settings) as client:
            whole: CollectionQuery[Any] = client.run(type(self.query)(endpoint))
            response = await client.request("GET", "sites")
            seconds = server_time(response.headers) or time.time()
            now = datetime.fromtimestamp(seconds + 1, UTC)  # it says whole seconds
            query = whole.select(self.stamp).filter(self.stamp <= now)
            record = await query.order_by(self.stamp.desc()).first()
        return getattr(record, endpoint.watermark or "", None), now
