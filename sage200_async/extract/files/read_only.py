"""Finished files, read to be compared with their source."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec.structs import replace

from sage200_async._optional import require
from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.files.formats import neutral_text
from sage200_async.extract.files.manifest import find_manifest
from sage200_async.extract.files.row_readers import (
    arrow_columns,
    arrow_rows,
    csv_header,
    csv_rows,
    ndjson_rows,
    parquet_columns,
    parquet_rows,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from sage200_async.extract.files.manifest import File, Manifest
    from sage200_async.extract.tables import Row, Table

_TEXTS: Final = frozenset({"text", "json"})
_ARROW: Final = {"parquet": parquet_rows, "arrow": arrow_rows}


class FileReader:
    """Reads the finished files of one resource, in the format of their manifest.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._content: FileContent | None = None

    @contextmanager
    def reading(self, tables: Sequence[Table]) -> Generator[FileContent, None, None]:
        """Open the files; the content is for use inside of the ``with`` block.

        Raises:
            SinkConflict: They hold other tables.
            SinkError: The export is not finished, or cannot be read.
        """
        name = tables[0].name
        manifest = find_manifest(self._folder, name)
        if manifest is None:
            message = (
                f"{self._folder}: there is no finished export of {name}; run `sage200 "
                "export` first"
            )
            raise SinkError(message)
        self._content = FileContent(self._folder, manifest, tables)
        yield self._content

    def as_stored(self, table: Table, rows: Sequence[Row]) -> Sequence[Row]:
        """Return *rows* of the source as the files have to hold them."""
        content = self._content
        if not rows or content is None or not content.text_changes:
            return rows
        columns = [
            [content.stored_text(value) for value in values]
            if column.kind in _TEXTS
            else values
            for column, values in zip(
                table.columns, zip(*rows, strict=True), strict=True
            )
        ]
        return list(zip(*columns, strict=True))


class FileContent:
    """The finished files of one resource.

    Args:
        folder: Where they are.
        manifest: Their manifest.
        tables: The tables that they have to hold.

    Raises:
        SinkConflict: They hold other tables.
        SinkError: A file cannot be read, or lacks a column of its key.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, tables: Sequence[Table]
    ) -> None:
        self._folder = folder
        self._format, _, self._compression = manifest.format.partition(".")
        self._files = {file.table: file for file in manifest.files}
        self._require_tables([table.name for table in tables])
        self._neutral = "neutralize-formulas" in manifest.options
        self._one_column = len(manifest.files[0].columns) == 1
        self.query: str | None = manifest.query
        """Of what they are the copy."""
        pairs = [(table, self._column_names(table)) for table in tables]
        self.tables = tuple(_with_columns(table, names) for table, names in pairs)
        """The tables, with those columns that the files have."""
        self.problems = tuple(
            f"{self._path(table.name).name}: column {column.name} is missing"
            for table, names in pairs
            for column in table.columns
            if column.name not in names
        )
        """Columns that are missing."""

    @property
    def text_changes(self) -> bool:
        """Whether some texts of the source are other texts in the files."""
        return self._format == "csv" and (self._neutral or self._one_column)

    def stored_text(self, text: str | None) -> str | None:
        """Return a text of the source as the files have to hold it."""
        if self._neutral:
            text = neutral_text(text)
        # An empty line would be no row: there, null and empty text are the same.
        return text or "" if self._one_column else text

    def rows(self, table: Table) -> Iterator[Sequence[Row]]:
        """Yield the rows of one of `tables`, some hundred at a time.

        Raises:
            SinkError: The file cannot be read.
        """
        path = self._path(table.name)
        with _errors_reported(path):
            if self._format in _ARROW:
                yield from _ARROW[self._format](path, table)
                return
            read = csv_rows if self._format == "csv" else ndjson_rows
            with self._open(path) as file:
                yield from read(file, table)

    def marked_deleted(self) -> Iterator[int]:
        """Yield nothing: files have no rows that are marked as deleted."""
        yield from ()

    def _require_tables(self, names: list[str]) -> None:
        held = list(self._files)
        if sorted(held) != sorted(names):
            message = (
                f"{self._folder}: the export holds {', '.join(held)}, and not "
                f"{', '.join(names)}; verify it with the --expand and --related "
                "(related=) that it was made with"
            )
            raise SinkConflict(message)

    def _column_names(self, table: Table) -> set[str]:
        path, file = self._path(table.name), self._files[table.name]
        with _errors_reported(path):
            if self._format in _ARROW:
                columns = (
                    parquet_columns if self._format == "parquet" else arrow_columns
                )
                return set(columns(path))
            with self._open(path) as opened:
                return set(csv_header(opened)) if self._format == "csv" else _all(file)

    def _path(self, table: str) -> Path:
        return self._folder / Path(self._files[table].name).name

    def _open(self, path: Path) -> IO[bytes]:
        if self._compression == "gz":
            return cast("IO[bytes]", gzip.open(path, "rb"))
        if self._compression == "zst":
            require("compression by zstd", "zstd", "zstandard")
            zstandard: Any = import_module("zstandard")
            return io.BufferedReader(zstandard.open(path, "rb"))
        return path.open("rb")


def _all(file: File) -> set[str]:
    """Return the columns of a file that does not name them, as nulls are left out."""
    return {column.name for column in file.columns}


def _with_columns(table: Table, names: set[str]) -> Table:
    """Return *table* with those of its columns that are in *names*.

    Raises:
        SinkError: A column of its key is not.
    """
    lacking = [name for name in table.key if name not in names]
    if lacking:
        message = (
            f"{table.name}: the copy has no column {lacking[0]}, which is its key; "
            "export or sync it again"
        )
        raise SinkError(message)
    columns = tuple(column for column in table.columns if column.name in names)
    return replace(table, columns=columns)


@contextmanager
def _errors_reported(path: Path) -> Generator[None, None, None]:
    """Name the file in the error."""
    try:
        yield
    except (SinkError, GeneratorExit):
        raise
    except Exception as error:
        if not isinstance(error, _failures()):
            raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        message = f"{path}: cannot be read: {reason}; export it again"
        raise SinkError(message) from error


def _failures() -> tuple[type[BaseException], ...]:
    """Return what damaged files raise."""
    known = (OSError, EOFError, ValueError, ArithmeticError, RecursionError)
    extras = {"zstandard": "ZstdError", "pyarrow": "ArrowException"}
    loaded = [getattr(sys.modules[m], n) for m, n in extras.items() if m in sys.modules]
    return (*known, zlib.error, msgspec.MsgspecError, *loaded)
