"""The part of PySpark's data source API that is used, with types.

Type checkers see what is declared here: PySpark takes 400 MB, and its own types say
``Any`` where we need more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    class DataType:
        """The type of a column."""

        def simpleString(self) -> str: ...

    class StructField:
        """A column."""

        name: str
        dataType: DataType
        nullable: bool

    class StructType:
        """The columns of a data frame."""

        fields: list[StructField]

        def fieldNames(self) -> list[str]: ...

    class InputPartition:
        """What one task reads."""

        value: Any

        def __init__(self, value: Any) -> None: ...

    class DataSource:
        """A data source: it makes readers and writers."""

        options: Mapping[str, str]

    class DataSourceReader:
        """Reads a data frame."""

    class DataSourceStreamReader:
        """Reads micro-batches."""

    class SupportsTriggerAvailableNow:
        """A stream that can end with what is there."""

    class WriterCommitMessage:
        """What a task that wrote returns to the driver."""

    class DataSourceArrowWriter:
        """Writes a data frame."""

    def to_arrow_schema(schema: StructType, *, timezone: str) -> Any:
        """Return the columns as Spark has them in Arrow."""
        ...

    def from_arrow_schema(
        schema: Any,
        prefer_timestamp_ntz: bool = ...,  # noqa: FBT001
    ) -> StructType:
        """Return the columns of an Arrow schema."""
        ...

    class TaskContext:
        """The task that runs in this process."""

        @classmethod
        def get(cls) -> TaskContext | None: ...
        def stageId(self) -> int: ...
        def taskAttemptId(self) -> int: ...

else:
    from sage200_async._optional import require

    require(
        "the Spark data source", "spark", "pyarrow", "pyspark.sql.streaming.datasource"
    )
    from pyspark import TaskContext as TaskContext
    from pyspark.sql.datasource import DataSourceArrowWriter as DataSourceArrowWriter
    from pyspark.sql.datasource import DataSourceReader as DataSourceReader
    from pyspark.sql.datasource import DataSourceStreamReader as DataSourceStreamReader
    from pyspark.sql.datasource import InputPartition as InputPartition
    from pyspark.sql.datasource import WriterCommitMessage as WriterCommitMessage
    from pyspark.sql.pandas.types import from_arrow_schema as from_arrow_schema
    from pyspark.sql.pandas.types import to_arrow_schema as to_arrow_schema
    from pyspark.sql.streaming.datasource import (
        SupportsTriggerAvailableNow as SupportsTriggerAvailableNow,
    )
    from pyspark.sql.types import StructType as StructType
