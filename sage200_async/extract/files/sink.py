"""Files as a sink: a journal beside them, and a manifest renamed into place last."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.files.atomic_files import (
    disk_errors,
    fsync_file,
    fsync_folder,
    sha256_of,
    write_atomically,
)
from sage200_async.extract.files.encoding_errors import ENCODING_ERRORS, explained
from sage200_async.extract.files.finished import finished_export, require_room
from sage200_async.extract.files.journal import (
    Block,
    Header,
    Journal,
    journal_folder,
    remove,
)
from sage200_async.extract.files.manifest import (
    File,
    Manifest,
    manifest_path,
    read_manifest,
)
from sage200_async.extract.files.pending_rows import PendingRows
from sage200_async.extract.key_order import require_key_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.files.formats import FileFormat
    from sage200_async.extract.identity import Identity
    from sage200_async.extract.tables import Row, Table
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange

ROWS: Final = 2000
"""Rows that are gathered for one append to the journal, of all tables."""


class FileSink:
    """Stores a resource in files: one for each table, and a manifest.

    The files of ``customers`` are ``customers.ndjson`` (or another format's
    suffix), those of its related records beside it, and
    ``customers.manifest.json``, which comes last: without it the export is not
    finished. Until then everything is in the folder ``.customers.partial``,
    which needs as much room again.

    The same records make the same bytes: in the order of their keys, whatever
    order they came in, and however often the export was stopped. Rows are
    gathered, and appended to a journal with the checkpoint; the checkpoint of
    the next `open` names what was appended. After a `SinkError` what was
    gathered is gone. A resource without a key stays in the order in which it
    comes, and begins anew whenever the sink is opened.

    Args:
        folder: Where the files go; created if it is missing.
        format: The format of the files.
        overwrite: Whether finished files are replaced, once the new are there.
    """

    def __init__(
        self,
        folder: Path,
        format: FileFormat,  # noqa: A002 - the word for it
        *,
        overwrite: bool = False,
    ) -> None:
        self._folder = folder
        self._format = format
        self._overwrite = overwrite
        self._tables: tuple[Table, ...] = ()
        self._journal: Journal | None = None
        self._checkpoint: Checkpoint | None = None
        self._pending = PendingRows(())

    def __repr__(self) -> str:
        return f"FileSink({str(self._folder)!r}, {self._format.name})"

    def open(
        self,
        tables: Sequence[Table],
        *,
        identity: Identity | None = None,
        replace: bool = False,
        restart: bool = False,
        drop_columns: bool = False,
    ) -> Checkpoint | None:
        """Create the folder; return the checkpoint of an unfinished export, or None.

        Raises:
            SinkConflict: There are finished files, or an unfinished export has
                other columns or another format; or another process has it open.
            SinkError: The folder is not available.
        """
        del identity, replace, drop_columns
        self._release()
        self._tables = tuple(tables)
        self._pending = PendingRows(self._tables)
        with disk_errors(self._folder, "cannot be made"):
            self._folder.mkdir(parents=True, exist_ok=True)
            paths = map(self._path, self._tables)
            require_room(self._folder, self._resource, paths, overwrite=self._overwrite)
            header = Header(
                self._format.name, self._tables, time.time(), self._format.options
            )
            folder = journal_folder(self._folder, self._resource)
            if restart:
                remove(folder)
            self._journal = Journal(folder, header)
            if not self._tables[0].key:
                self._journal.clear()
        self._checkpoint = self._journal.checkpoint
        return self._checkpoint

    @property
    def _resource(self) -> str:
        return self._tables[0].name

    def _path(self, table: Table) -> Path:
        return self._folder / f"{table.name}.{self._format.name}"

    def finished(self, tables: Sequence[Table], query: str) -> Certificate | None:
        """Return the certificate of *query* if it is exported already; else None.

        Nothing is opened. Where finished files are to be replaced, it is None.

        Args:
            tables: The tables, the resource's own first.
            query: The company and the query, as the checkpoint has it.

        Raises:
            SinkConflict: Something else is exported there.
        """
        if self._overwrite:
            return None
        manifest = finished_export(self._folder, self._format, tables, query)
        return None if manifest is None else manifest.certificate

    def begin(self, checkpoint: Checkpoint) -> None:
        """Begin a new export.

        Raises:
            SinkConflict: There is an unfinished one that has rows.
            SinkError: The disk refused.
        """
        journal = self._require_open()
        if self._checkpoint is not None and self._checkpoint.done.ranges:
            message = (
                f"{journal.folder}: there is an unfinished export of "
                f"{self._checkpoint.query!r}; finish or discard it first"
            )
            raise SinkConflict(message)
        with disk_errors(journal.folder):
            journal.append([], checkpoint)
        self._checkpoint = checkpoint

    def write(
        self,
        key_range: KeyRange | None,
        rows: Mapping[str, Sequence[Row]],
        *,
        requests: int = 0,
        rejected: int = 0,
    ) -> None:
        """Gather the rows of *key_range*; append them once there are enough.

        Raises:
            SinkConflict: A row is outside of the range, or some of the range
                was written before.
            SinkError: A value does not fit the format, or the disk refused;
                what was gathered is gone.
        """
        checkpoint = self._require_started()
        require_key_order(self._tables, key_range, rows)
        self._checkpoint = (
            checkpoint
            if key_range is None
            else checkpoint.add(key_range, requests=requests, rejected=rejected)
        )
        self._pending.add(key_range, rows)
        if self._pending.count >= ROWS:
            self._flush()

    def _flush(self) -> None:
        """Append what was gathered to the journal, with the checkpoint."""
        if not self._pending:
            return
        journal, checkpoint = self._require_open(), self._require_started()
        try:
            blocks = list(self._encoded(journal))
            with disk_errors(journal.folder):
                journal.append(blocks, checkpoint)
        except BaseException:
            self._checkpoint = journal.checkpoint
            raise

    def _encoded(self, journal: Journal) -> Iterator[Block]:
        for pending in self._pending.take():
            for number, table in enumerate(self._tables):
                rows = pending.rows[table.name]
                low = (
                    journal.block_count(number) if pending.low is None else pending.low
                )
                if rows:
                    yield Block(number, low, len(rows), self._encode(table, rows))

    def _encode(self, table: Table, rows: Sequence[Row]) -> bytes:
        try:
            return self._format.encode(table, rows)
        except ENCODING_ERRORS as error:
            raise explained(table, rows, self._format.encode) from error

    def _require_open(self) -> Journal:
        if self._journal is None:
            raise SinkError(f"{self._folder}: the sink is not open; call open() first")
        return self._journal

    def _require_started(self) -> Checkpoint:
        self._require_open()
        if self._checkpoint is None:
            raise SinkError(f"{self._folder}: no read was started; call begin() first")
        return self._checkpoint

    def commit(self, certificate: Certificate) -> Certificate:
        """Write the files, then the manifest with *certificate*; drop the journal.

        Raises:
            SinkError: The rows are not those of the certificate, or the disk
                refused: the journal stays, to be committed again.
        """
        journal = self._require_open()
        self._flush()
        self._require_proof(journal, certificate)
        with disk_errors(self._folder):
            files = [
                self._write_file(journal, number) for number in range(len(self._tables))
            ]
            self._publish(journal, self._manifest(journal, files, certificate))
        self._journal = None
        with suppress(OSError):  # the files are there; the next `open` tidies up
            journal.remove()
        return certificate

    def _require_proof(self, journal: Journal, certificate: Certificate) -> None:
        checkpoint, rows = self._require_started(), journal.row_count(0)
        if not checkpoint.complete:
            gaps = ", ".join(
                f"{gap.low + 1} to {gap.high}" for gap in checkpoint.missing
            )
            message = (
                f"{journal.folder}: keys are missing: {gaps}; run again to read them"
            )
            raise SinkError(message)
        if rows != certificate.records:
            message = (
                f"{journal.folder}: the certificate names {certificate.records:,} "
                f"records, but {rows:,} rows were written; discard the export, and "
                "run again"
            )
            raise SinkError(message)

    def _write_file(self, journal: Journal, number: int) -> File:
        """Write one table's file, still in the folder of the journal."""
        table = self._tables[number]
        path = journal.folder / self._path(table).name
        self._format.write(table, journal.blocks(number), path)
        fsync_file(path)
        return File(
            name=path.name,
            table=table.name,
            columns=table.columns,
            key=table.key if self._tables[0].key else (),
            expandable=table.expandable,
            rows=journal.row_count(number),
            size=path.stat().st_size,
            sha256=sha256_of(path),
        )

    def _manifest(
        self, journal: Journal, files: Sequence[File], certificate: Certificate
    ) -> Manifest:
        return Manifest(
            resource=self._resource,
            format=self._format.name,
            options=self._format.options,
            query=self._require_started().query,
            files=tuple(files),
            certificate=certificate,
            started_at=journal.header.started_at,
        )

    def _publish(self, journal: Journal, manifest: Manifest) -> None:
        """Rename the files into place; an older manifest goes first.

        It goes into the folder of the journal, so that a later run knows its
        files too.
        """
        path = manifest_path(self._folder, self._resource)
        old = journal.folder / path.name
        if path.exists():
            path.replace(old)
            fsync_folder(self._folder)
        names = {file.name for file in manifest.files}
        for name in names:
            (journal.folder / name).replace(self._folder / name)
        for name in _names(read_manifest(old)) - names:
            (self._folder / name).unlink(missing_ok=True)
        fsync_folder(self._folder)
        write_atomically(path, manifest.encode(), journal.folder / "new")

    def close(self) -> None:
        """Append what was gathered, and let other processes open it.

        Raises:
            SinkError: A value does not fit the format, or the disk refused.
        """
        try:
            self._flush()
        finally:
            self._release()

    def _release(self) -> None:
        self._pending = PendingRows(())
        self._checkpoint = None
        if self._journal is not None:
            self._journal.close()
            self._journal = None


def _names(manifest: Manifest | None) -> set[str]:
    return {Path(file.name).name for file in manifest.files} if manifest else set()
