"""Schemas and record batches as Spark has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from sage200_async.arrow import arrow_schema
from sage200_async.arrow.libraries import RecordBatch, Schema, pa
from sage200_async.engines.spark.pyspark_api import from_arrow_schema, to_arrow_schema
from sage200_async.errors import QueryError
from sage200_async.odata.suggest import did_you_mean

if TYPE_CHECKING:
    from sage200_async.engines.spark.pyspark_api import StructField, StructType
    from sage200_async.engines.spark.source_options import ReadOptions
    from sage200_async.query.collection import CollectionQuery


def spark_schema(query: CollectionQuery[Any]) -> StructType:
    """Return the columns of *query* as Spark has them; no I/O."""
    return from_arrow_schema(arrow_schema(query), prefer_timestamp_ntz=False)


def read_query(options: ReadOptions, schema: StructType) -> CollectionQuery[Any]:
    """Return the query that reads the columns of *schema*, and no others; no I/O.

    Args:
        options: Those of the read.
        schema: That of `spark_schema`, or the user's own, which may have fewer columns:
            Spark's API has no other way to ask for them.

    Raises:
        UnknownFieldError: A column is no field.
        QueryError: A column has another type than in the catalog, cannot be null
            although there it can, or is not one of the option ``columns``.
    """
    query, names = options.query, schema.fieldNames()
    if names != arrow_schema(query).names:
        for name in names if options.columns else ():
            _require_selected(name, arrow_schema(query).names)
        expand = [one for one in options.expand if one.partition(".")[0] in names]
        query = replace(options, columns=tuple(names), expand=tuple(expand)).query
    known = {field.name: field for field in spark_schema(query).fields}
    for field in schema.fields:
        _require_type(field, known[field.name])
    return query


def _require_selected(name: str, selected: list[str]) -> None:
    if name not in selected:
        hint = did_you_mean(name, selected)
        message = f"the schema has {name!r}, which the option columns lacks{hint}"
        raise QueryError(message)


def _require_type(field: StructField, known: StructField) -> None:
    ours, theirs = known.dataType.simpleString(), field.dataType.simpleString()
    if ours != theirs:
        message = f"{field.name}: expected {ours}, as in the catalog, got {theirs}"
        raise QueryError(f"{message}; cast the column of the data frame instead")
    if known.nullable and not field.nullable:
        raise QueryError(f"{field.name}: it may be null, and the schema says NOT NULL")


def target_schema(schema: StructType) -> Schema:
    """Return the columns of record batches that Spark takes for *schema*."""
    return to_arrow_schema(schema, timezone="UTC")


def as_spark(batch: RecordBatch, schema: Schema) -> RecordBatch:
    """Return *batch* with the columns of *schema*, which has names and types for it.

    Spark refuses batches that differ in what may be null, or in the name of a list's
    items. Nothing is copied but the lists of related records.
    """
    columns = [
        column if column.type.equals(field.type) else column.cast(field.type)
        for field in schema
        for column in (batch.column(field.name),)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
