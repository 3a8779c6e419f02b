"""Sage 200 as a data source of Apache Spark: ``spark.read.format("sage200")``.

Spark finds it by the module ``pyspark_sage200``, which is installed beside the package
and lies in `top_level/` here. `docs/guides/spark.md` says how it is used.

data_source     what Spark asks for a schema, a reader or a writer
source_options  the options, checked before any I/O
connection      settings for the driver, and for executors
columns         schemas and record batches as Spark has them
partitions      one range of a plan, read by one task
batch_reader    a collection, shared out in ranges
stream_reader   what has changed since the last micro-batch
stream_offset   how far a stream has come
certificates    the files of certificates, and one certificate from them
rejects         files of records that do not fit
writer          rows of all tasks, written by one job
pyspark_api     the part of PySpark that is used, with types
"""

from sage200_async.engines.spark.certificates import certify_folder as certify_folder

__all__ = ["certify_folder"]
