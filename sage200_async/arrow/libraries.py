"""pyarrow, which has no types: names for what it makes, for readers of annotations."""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeAlias

pa: Any = import_module("pyarrow")
compute: Any = import_module("pyarrow.compute")
json: Any = import_module("pyarrow.json")

Array: TypeAlias = Any
DataType: TypeAlias = Any
Field: TypeAlias = Any
RecordBatch: TypeAlias = Any
Schema: TypeAlias = Any
Table: TypeAlias = Any
