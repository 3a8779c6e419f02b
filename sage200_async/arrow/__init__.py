"""Records as Arrow columns, without Python objects in between; needs the extra `arrow`.

schema     the columns of a query, from the catalog
models     records of a schema, for resources that the catalog does not know
columns    the form of a reading that hands on record batches
cutting    cuts a page into the bytes of its records
parsing    bytes of records to a record batch, and the checks that pyarrow lacks
rows       records to a record batch, where `parsing` refuses them
frames     whole tables, for polars and pandas, too
stream     a stream for synchronous consumers, on a loop of its own
"""

from sage200_async._optional import require

require("sage200_async.arrow", "arrow", "pyarrow")

from sage200_async.arrow.frames import arrow_schema as arrow_schema  # noqa: E402
from sage200_async.arrow.stream import ArrowStream as ArrowStream  # noqa: E402

__all__ = ["ArrowStream", "arrow_schema"]
