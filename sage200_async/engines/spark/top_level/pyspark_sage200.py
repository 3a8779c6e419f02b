"""Where Spark finds the data source ``sage200``: it imports each module ``pyspark_*``.

It imports no more than PySpark itself and the core of the package, so that a missing
extra does not keep Spark from other data sources.
"""

from sage200_async.engines.spark.data_source import Sage200DataSource as DefaultSource

__all__ = ["DefaultSource"]
