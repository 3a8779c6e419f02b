"""Arrow's own files, which are also called IPC or Feather, by pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.extract.files.arrow_rows import ArrowRows
from sage200_async.extract.files.atomic_files import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sage200_async.extract.tables import Table


class ArrowFile(ArrowRows):
    """Arrow's IPC file format with zstd inside, in batches of one size.

    Polars, pandas and DuckDB read it as Feather; see `ArrowRows`.

    Raises:
        MissingExtra: ``pyarrow`` is not installed.
    """

    name = "arrow"

    def __init__(self) -> None:
        super().__init__("an Arrow file")

    def write(self, table: Table, blocks: Iterable[bytes], path: Path) -> str:
        """Write the rows of all *blocks* in batches of one size."""
        ipc = self._arrow.ipc
        options = ipc.IpcWriteOptions(compression="zstd", use_threads=False)
        schema = self.schema(table)
        with (
            path.open("wb") as file,
            ipc.new_file(file, schema, options=options) as writer,
        ):
            for group in self.groups(table, blocks):
                writer.write_table(group)
        return sha256_of(path)
