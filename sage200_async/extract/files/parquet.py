"""Parquet, by pyarrow."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sage200_async.extract.files.arrow_rows import ArrowRows
from sage200_async.extract.files.atomic_files import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sage200_async.extract.tables import Table


class Parquet(ArrowRows):
    """Parquet with zstd inside, in row groups of one size; see `ArrowRows`.

    Raises:
        MissingExtra: ``pyarrow`` is not installed.
    """

    name = "parquet"

    def __init__(self) -> None:
        super().__init__("a Parquet file")
        self._parquet: Any = import_module("pyarrow.parquet")

    def write(self, table: Table, blocks: Iterable[bytes], path: Path) -> str:
        """Write the rows of all *blocks* in row groups of one size."""
        options = {"compression": "zstd", "coerce_timestamps": "us"}
        schema = self.schema(table)
        with (
            path.open("wb") as file,  # pyarrow would keep one of its own open
            self._parquet.ParquetWriter(file, schema, **options) as writer,
        ):
            for group in self.groups(table, blocks):
                writer.write_table(group)
        return sha256_of(path)
