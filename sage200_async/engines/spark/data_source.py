"""What Spark asks for a schema, a reader or a writer.

Spark imports this module whenever it looks for data sources, also for others: it needs
nothing but the core and PySpark, and imports the rest when the source is used.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from sage200_async.engines.spark.source_options import ReadOptions, WriteOptions
from sage200_async.errors import QueryError

if TYPE_CHECKING:
    from sage200_async.engines.spark.batch_reader import BatchReader
    from sage200_async.engines.spark.pyspark_api import DataSource, StructType
    from sage200_async.engines.spark.stream_reader import StreamReader
    from sage200_async.engines.spark.writer import UpsertWriter
else:
    from pyspark.sql.datasource import DataSource

_PLANS_WITH_FILTERS: Final = "pyspark.sql.worker.data_source_pushdown_filters"
"""The program that Spark runs to plan a read where pushing filters down is enabled."""


class Sage200DataSource(DataSource):
    """Resources of Sage 200 as data frames, streams and targets."""

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return "sage200"

    def schema(self) -> StructType:
        """Return the columns of the resource, from the catalog; no I/O.

        Raises:
            QueryError: An option is wrong.
        """
        from sage200_async.engines.spark.columns import spark_schema  # noqa: PLC0415

        return spark_schema(ReadOptions.of(self.options, is_stream=True).query)

    def reader(self, schema: StructType) -> BatchReader:
        """Return the reader of a data frame.

        Raises:
            QueryError: An option is wrong, or *schema* does not fit.
        """
        from sage200_async.engines.spark import batch_reader as readers  # noqa: PLC0415

        options = ReadOptions.of(self.options, is_stream=False)
        kind = readers.FilteringReader if _filters_are_pushed() else readers.BatchReader
        return kind(options, schema)

    def streamReader(self, schema: StructType) -> StreamReader:  # noqa: N802
        """Return the reader of a stream.

        Raises:
            QueryError: An option is wrong, or *schema* does not fit.
        """
        from sage200_async.engines.spark.stream_reader import (  # noqa: PLC0415
            StreamReader,
        )

        return StreamReader(ReadOptions.of(self.options, is_stream=True), schema)

    def writer(self, schema: StructType, overwrite: bool) -> UpsertWriter:  # noqa: FBT001
        """Return the writer of a data frame.

        Raises:
            QueryError: An option is wrong, or *schema* does not fit.
        """
        from sage200_async.engines.spark.writer import UpsertWriter  # noqa: PLC0415

        if overwrite:
            message = "sage200 cannot overwrite a resource: use .mode('append')"
            raise QueryError(f"{message}, which updates the records that are there")
        return UpsertWriter(WriteOptions.of(self.options), schema)


def _filters_are_pushed() -> bool:
    """Return whether this process may make a reader that pushes filters down.

    Spark says so to nobody but by the program that it runs. Where that is not known, no
    filter is pushed, and the rows are the same.
    """
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    is_main = getattr(main, "name", "") == _PLANS_WITH_FILTERS
    return is_main or _PLANS_WITH_FILTERS in sys.modules
