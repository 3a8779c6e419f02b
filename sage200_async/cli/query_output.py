"""Where the records of ``sage200 query`` go, and in which format."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click
from msgspec import Struct

from sage200_async._optional import require
from sage200_async.cli.messages import note
from sage200_async.cli.output_file import FORMAT_OF, output_to
from sage200_async.cli.writers import WRITERS, Output
from sage200_async.cli.xlsx import MAX_RECORDS, require_xlsx, too_many
from sage200_async.errors import DecodeError, QueryError
from sage200_async.odata.namespaces import Fields, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.cli.writers import Writer
    from sage200_async.query.collection import CollectionQuery

_PREVIEW: Final = 20
# Records in a table without --top.
_BINARY: Final = {"xlsx", "arrow"}
_WITH_COLUMNS: Final = {"csv", "xlsx"}
# Formats that cannot take a column later.
_FOR_CSV: Final = ("bom", "neutralize_formulas")


class OutputOptions(Struct, frozen=True, kw_only=True):
    """The options of ``sage200 query`` that say where its records go."""

    format: str | None = None
    """By default that of the file's name; a table on a terminal, otherwise NDJSON."""
    output: Path | None = None
    """A file instead of standard output."""
    bom: bool = False
    neutralize_formulas: bool = False


def checked_format(options: OutputOptions) -> str:
    """Return the format, before anything is read.

    Raises:
        click.UsageError: It does not go with where the records go, or with another
            option.
        MissingExtra: It needs a package that is not installed.
    """
    chosen = options.format or _default_format(options.output)
    if chosen in _BINARY and options.output is None and _is_terminal():
        raise click.UsageError(
            f"--format {chosen} is not for a terminal; name a file with --output"
        )
    for name in _FOR_CSV:
        if getattr(options, name) and chosen != "csv":
            option = name.replace("_", "-")
            raise click.UsageError(f"--{option} must be left out: it is for CSV")
    if chosen == "xlsx":
        require_xlsx()
    if chosen == "arrow":
        require("--format arrow", "arrow", "pyarrow")
    return chosen


def _default_format(output: Path | None) -> str:
    if output is None:
        return "table" if _is_terminal() else "ndjson"
    chosen = FORMAT_OF.get(output.suffix.lower())
    if chosen is None:
        known = ", ".join(FORMAT_OF)
        message = f"--output {output}: choose its --format, or end its name in {known}"
        raise click.UsageError(message)
    return chosen


async def write_records(
    collection: CollectionQuery[Any], options: OutputOptions
) -> None:
    """Read all records of a query, and write them."""
    chosen = checked_format(options)
    with output_to(options.output) as file, ExitStack() as cleanup:
        if chosen == "xlsx":
            await _require_room(collection)
        if chosen == "arrow":
            written = await _write_arrow(collection, file)
        else:
            printing = _Printing(options, chosen, file, cleanup)
            written = await printing.write(collection)
    if options.output is not None:
        note(f"{written:,} records in {options.output}")


async def _require_room(collection: CollectionQuery[Any]) -> None:
    """Refuse more records than a sheet holds, as the server counts them, at once.

    Raises:
        QueryError: There are more.
    """
    top = collection.options.top
    if top is not None and top <= MAX_RECORDS:
        return
    with suppress(DecodeError):  # a server that does not count
        count = await collection.server_count()
        most = (count or 0) - collection.options.skip
        if min(most, top or most) > MAX_RECORDS:
            raise too_many(most)


async def _write_arrow(collection: CollectionQuery[Any], file: IO[bytes]) -> int:
    ipc: Any = import_module("pyarrow.ipc")
    table = await collection.to_arrow()
    options = ipc.IpcWriteOptions(compression="zstd")
    with ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table)
    file.flush()
    return int(table.num_rows)


class _Printing:
    """One way to write records one at a time."""

    def __init__(
        self,
        options: OutputOptions,
        chosen: str,
        file: IO[bytes],
        cleanup: ExitStack,
    ) -> None:
        self._options, self._format = options, chosen
        self._file, self._cleanup = file, cleanup

    async def write(self, collection: CollectionQuery[Any]) -> int:
        """Write the records as they arrive; return how many."""
        preview = self._format == "table" and collection.options.top is None
        limited = collection.top(_PREVIEW + 1) if preview else collection
        columns = _columns(collection)
        writer = self._writer(columns, collection) if columns else None
        fixed = writer is None and self._format in _WITH_COLUMNS
        written = 0
        async for record in limited:
            if preview and written == _PREVIEW:
                note(f"the first {_PREVIEW} records; --top N shows more")
                break
            if writer is None:
                columns = list(record)
                writer = self._writer(columns, collection)
            if fixed:
                _require_columns(record, columns)
            writer.write(record)
            written += 1
        (writer or self._writer(columns, collection)).close()
        if not written and self._format == "table":
            note("no records")
        return written

    def _writer(self, columns: list[str], collection: CollectionQuery[Any]) -> Writer:
        output = Output(
            file=self._file,
            names=columns,
            cleanup=self._cleanup,
            bom=self._options.bom,
            neutralize_formulas=self._options.neutralize_formulas,
            width=_width() if self._options.output is None else None,
            keep_empty=bool(collection.options.select),
        )
        return WRITERS[self._format](output)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _width() -> int | None:
    """Return the cells of the terminal, or of COLUMNS; None without either."""
    return shutil.get_terminal_size((0, 0)).columns or None


def _columns(collection: CollectionQuery[Any]) -> list[str]:
    """Return the columns, selected or of the record; none if they are not known."""
    if collection.options.select:
        chosen = (*collection.options.select, *collection.options.expand)
        return list(dict.fromkeys(chosen))
    model = collection.endpoint.record
    if model is None:
        return []
    fields: Fields = model.fields
    types = names_of(type(fields))
    own = [name for name, kind in types.items() if not issubclass(kind, Fields)]
    return [*own, *collection.options.expand]


def _require_columns(record: Mapping[str, Any], columns: list[str]) -> None:
    """Refuse a record with a field that has no column, rather than drop it.

    Raises:
        QueryError: It has such a field.
    """
    for name in record:
        if name not in columns:
            message = f"a record has the field {name!r}, which the first has not; "
            raise QueryError(f"{message}choose the columns with --select")
