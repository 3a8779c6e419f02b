"""Readers of a collection, shared out in ranges of keys."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sage200_async.client import Sage200Client
from sage200_async.engines.spark.certificates import write_plan
from sage200_async.engines.spark.columns import read_query, target_schema
from sage200_async.engines.spark.connection import driver_settings, executor_settings
from sage200_async.engines.spark.partitions import RangePartition, read_partition
from sage200_async.engines.spark.pyspark_api import DataSourceReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.arrow.libraries import RecordBatch
    from sage200_async.engines.spark.pyspark_api import InputPartition, StructType
    from sage200_async.engines.spark.source_options import ReadOptions
    from sage200_async.paging.read_plan import ReadPlan
    from sage200_async.query.collection import CollectionQuery
    from sage200_async.settings import Settings


class BatchReader(DataSourceReader):
    """Reads a collection: plans on the driver, reads on executors.

    It takes no filters from Spark (`pushFilters`): Spark 4.3 keeps one plan for a loaded
    data frame, so that the filters of one query would select the rows of the next.

    Args:
        options: What is read.
        schema: The columns that Spark expects.

    Raises:
        QueryError: *schema* does not fit.
    """

    def __init__(self, options: ReadOptions, schema: StructType) -> None:
        self.options = options
        self.query = read_query(options, schema)
        self.columns = target_schema(schema)

    def partitions(self) -> list[RangePartition]:
        """Plan the read; called on the driver, once for each data frame that is loaded."""
        return planned(self.query, self.options)

    def read(self, partition: InputPartition) -> Iterator[RecordBatch]:
        """Read one partition; called on an executor."""
        return read_partition(partition, self.columns)


def planned(query: CollectionQuery[Any], options: ReadOptions) -> list[RangePartition]:
    """Return the partitions of a read, each with what a task needs."""
    settings = driver_settings(options.profile, options.token_store)
    plan, theirs = asyncio.run(_plan(settings, query, options))
    certificates, rejects = _absolute(options.certificates), _absolute(options.rejects)
    if certificates:
        write_plan(certificates, plan)
    if rejects:
        Path(rejects).mkdir(mode=0o700, parents=True, exist_ok=True)
    return [
        RangePartition(one, theirs, certificates=certificates, rejects=rejects)
        for one in plan.ranges
    ]


def _absolute(folder: str) -> str:
    """Return *folder*, if there is one, as executors find it: they work in others."""
    return folder and str(Path(folder).absolute())


async def _plan(
    settings: Settings, query: CollectionQuery[Any], options: ReadOptions
) -> tuple[ReadPlan[Any], Settings]:
    async with Sage200Client(settings) as client:
        plan = await client.run(query).plan(parts=options.partitions)
        return plan, await executor_settings(client, options.token_store)
