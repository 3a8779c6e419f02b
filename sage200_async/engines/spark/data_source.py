"""What Spark asks for a schema, a reader or a writer.

Spark imports this module whenever it looks for data sources, also for others: it needs
nothing but the core and PySpark, and imports the rest when the source is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.engines.spark.source_options import ReadOptions, WriteOptions
from sage200_async.errors import QueryError

if TYPE_CHECKING:
    from sage200_async.engines.spark.batch_reader import BatchReader
    from sage200_async.engines.spark.pyspark_api import DataSource, StructType
    from sage200_async.engines.spark.stream_reader import StreamReader
    from sage200_async.engines.spark.writer import UpsertWriter
else:
    from pyspark.sql.datasource import DataSource


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
        from sage200_async.engines.spark.batch_reader import (  # noqa: PLC0415
            BatchReader,
        )

        return BatchReader(ReadOptions.of(self.options, is_stream=False), schema)

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
