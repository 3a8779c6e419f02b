"""pyarrow, which has no types: names for what it makes, for readers of annotations."""

from __future__ import annotations

from array import array
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

pa: Any = import_module("pyarrow")
compute: Any = import_module("pyarrow.compute")
json: Any = import_module("pyarrow.json")

Array: TypeAlias = Any
DataType: TypeAlias = Any
Field: TypeAlias = Any
RecordBatch: TypeAlias = Any
Schema: TypeAlias = Any
Table: TypeAlias = Any


def whole_numbers(values: Iterable[int]) -> Array:
    """Return *values* as an array of 64 bits each.

    ``pyarrow.array`` and ``from_pylist`` import pandas where it is installed: that
    takes a quarter of a second, in which the event loop stalls.
    """
    numbers = array("q", values)
    return pa.Array.from_buffers(
        pa.int64(), len(numbers), [None, pa.py_buffer(numbers)]
    )


def empty_batch(schema: Schema) -> RecordBatch:
    """Return no rows; pandas is not imported, as above."""
    columns = [pa.nulls(0, field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
