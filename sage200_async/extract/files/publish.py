"""From a journal to finished files: written beside it, then renamed, the manifest last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sage200_async.extract.files.atomic_files import (
    fsync_file,
    fsync_folder,
    sha256_of,
    write_atomically,
)
from sage200_async.extract.files.manifest import File, manifest_path, read_manifest

if TYPE_CHECKING:
    from sage200_async.extract.files.formats import FileFormat
    from sage200_async.extract.files.journal import Journal
    from sage200_async.extract.files.manifest import Manifest
    from sage200_async.extract.tables import Table


def write_file(
    journal: Journal, number: int, table: Table, file_format: FileFormat
) -> File:
    """Write one table's file, still in the folder of the journal.

    Args:
        journal: The rows.
        number: The table's position among the tables.
        table: The table.
        file_format: The format of the file.
    """
    path = journal.folder / f"{table.name}.{file_format.name}"
    file_format.write(table, journal.blocks(number), path)
    fsync_file(path)
    return File(
        name=path.name,
        table=table.name,
        columns=table.columns,
        key=table.key,
        expandable=table.expandable,
        rows=journal.row_count(number),
        size=path.stat().st_size,
        sha256=sha256_of(path),
    )


def publish(folder: Path, journal: Journal, manifest: Manifest) -> None:
    """Rename the files into *folder*; an older manifest goes first.

    It goes into the folder of the journal, so that a later run knows its files too.
    """
    path = manifest_path(folder, manifest.resource)
    old = journal.folder / path.name
    if path.exists():
        path.replace(old)
        fsync_folder(folder)
    names = {file.name for file in manifest.files}
    for name in names:
        (journal.folder / name).replace(folder / name)
    for name in _names(read_manifest(old)) - names:
        (folder / name).unlink(missing_ok=True)
    fsync_folder(folder)
    write_atomically(path, manifest.encode(), journal.folder / "new")


def _names(manifest: Manifest | None) -> set[str]:
    return {Path(file.name).name for file in manifest.files} if manifest else set()
