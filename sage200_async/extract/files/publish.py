"""Files that are written become visible: they are renamed, the manifest last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sage200_async.extract.files.atomic_files import fsync_folder, write_atomically
from sage200_async.extract.files.manifest import manifest_path, read_manifest

if TYPE_CHECKING:
    from sage200_async.extract.files.journal import Journal
    from sage200_async.extract.files.manifest import Manifest


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
