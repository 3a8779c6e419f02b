"""What an export finds where its files are to go: finished files, or names that are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.errors import SinkConflict
from sage200_async.extract.files.journal import is_leftover, journal_folder, remove
from sage200_async.extract.files.manifest import find_manifest, manifest_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sage200_async.extract.files.formats import FileFormat
    from sage200_async.extract.files.manifest import Manifest
    from sage200_async.extract.tables import Table

_WAYS_ON = "name another folder, or pass --overwrite to replace it"


def require_room(
    folder: Path, resource: str, paths: Iterable[Path], *, overwrite: bool
) -> None:
    """Refuse names that are taken; remove what a finished export has left over.

    Raises:
        SinkConflict: There are finished files, or folders of these names.
    """
    manifest = manifest_path(folder, resource)
    for path in (manifest, *paths):
        if path.name.startswith(".") or path.parent != folder:
            raise SinkConflict(f"{path}: not a name of a file in the folder")
        if path.is_dir():
            raise SinkConflict(f"{path}: a folder has the name of a file")
    finished = find_manifest(folder, resource)
    if finished is None:
        return
    leftover = journal_folder(folder, resource)
    if is_leftover(leftover, finished.started_at):
        remove(leftover)
    if not overwrite:
        message = (
            f"{manifest}: {finished.files[0].rows:,} rows of {finished.query!r} "
            "are already exported; pass --overwrite to replace them"
        )
        raise SinkConflict(message)


def finished_export(
    folder: Path, file_format: FileFormat, tables: Sequence[Table], query: str
) -> Manifest | None:
    """Return the manifest of an export of *query* that is finished; None if none is.

    Args:
        folder: Where its files are.
        file_format: Their format.
        tables: Their tables, the resource's own first.
        query: The company and the query, as the checkpoint has it.

    Raises:
        SinkConflict: Finished files of the resource are of another query or
            format, or are not as their manifest says.
        SinkError: The manifest cannot be read.
    """
    resource = tables[0].name
    manifest = find_manifest(folder, resource)
    if manifest is None:
        return None
    path = manifest_path(folder, resource)
    difference = _difference(manifest, file_format, tables, query)
    if difference:
        message = f"{path}: another export is finished there, of {difference}"
        raise SinkConflict(f"{message}; {_WAYS_ON}")
    for file in manifest.files:
        written = folder / file.name
        if not written.is_file() or written.stat().st_size != file.size:
            message = f"{written}: it is not the file that was exported; {_WAYS_ON}"
            raise SinkConflict(message)
    return manifest


def _difference(
    manifest: Manifest, file_format: FileFormat, tables: Sequence[Table], query: str
) -> str:
    """Return what a finished export differs in from the one that is wanted."""
    if manifest.query != query:
        return f"another query, {manifest.query!r}"
    if (manifest.format, manifest.options) != (file_format.name, file_format.options):
        return f"another format, {' '.join((manifest.format, *manifest.options))}"
    columns = {file.table: file.columns for file in manifest.files}
    same = columns == {table.name: table.columns for table in tables}
    return "" if same else "other columns"
