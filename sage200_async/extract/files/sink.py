"""Files as a sink: a journal beside them, and a manifest renamed last."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from msgspec import structs

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.files.atomic_files import disk_errors
from sage200_async.extract.files.encoder import Encoder
from sage200_async.extract.files.finished import finished_export, require_room
from sage200_async.extract.files.journal import (
    Block,
    Header,
    Journal,
    journal_folder,
)
from sage200_async.extract.files.manifest import File, Manifest, manifest_path
from sage200_async.extract.files.pending_rows import PendingRows
from sage200_async.extract.files.publish import publish
from sage200_async.extract.files.read_only import FileReader
from sage200_async.extract.files.table_files import TableFiles
from sage200_async.extract.nested import refuse_nested
from sage200_async.extract.proof import proved
from sage200_async.extract.sink import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.files.formats import FileFormat
    from sage200_async.extract.rejects import RejectedRow
    from sage200_async.extract.sink import OpenOptions, SinkForm, Written
    from sage200_async.extract.tables import Table
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
        on_reject: Called with each record that has a value which does not fit,
            before the others are stored: after a kill perhaps once more.
            Without it, such a value is an error.
    """

    def __init__(
        self,
        folder: Path,
        format: FileFormat,  # noqa: A002 - the word for it
        *,
        overwrite: bool = False,
        on_reject: Callable[[RejectedRow], None] | None = None,
    ) -> None:
        self._folder = folder
        self._on_reject = on_reject
        self._format = format
        self._overwrite = overwrite
        self._tables: tuple[Table, ...] = ()
        self._form: SinkForm = "rows"
        self._journal: Journal | None = None
        self._checkpoint: Checkpoint | None = None
        self._pending = PendingRows(())
        self._encoder = Encoder(format, ())
        self._files: TableFiles | None = None

    def __repr__(self) -> str:
        return f"FileSink({str(self._folder)!r}, {self._format.name})"

    def open(
        self,
        tables: Sequence[Table],
        options: OpenOptions = DEFAULTS,
    ) -> Checkpoint | None:
        """Create the folder; return the checkpoint of an unfinished export, or None.

        Args:
            tables: The tables, the resource's own first.
            options: Only ``restart`` is used: *overwrite* replaces finished files.

        Raises:
            SinkConflict: There are finished files, or an unfinished export has
                other columns or another format; or another process has it open.
            SinkError: The folder is not available.
        """
        self._release()
        self._tables = tuple(tables)
        self._form = self._format.form(self._tables)
        if not self._format.nests:
            refuse_nested(tables, self._format.name.upper())
        self._pending = PendingRows(self._tables)
        self._encoder = Encoder(self._format, self._tables, self._on_reject)
        with disk_errors(self._folder, "cannot be made"):
            self._folder.mkdir(parents=True, exist_ok=True)
            paths = map(self._path, self._tables)
            require_room(self._folder, self._resource, paths, overwrite=self._overwrite)
            header = Header(
                self._format.name, self._tables, time.time(), self._format.options
            )
            folder = journal_folder(self._folder, self._resource)
            self._journal = Journal(folder, header, restart=options.restart)
            if not self._tables[0].key:
                self._journal.clear()
        self._checkpoint = self._journal.checkpoint
        return self._checkpoint

    @property
    def form(self) -> SinkForm:
        """What it takes besides rows: columns or lines, where the format does."""
        return self._form

    @property
    def sets_aside(self) -> bool:
        """Whether it sets aside records with a value that does not fit."""
        return self._on_reject is not None

    @property
    def _resource(self) -> str:
        return self._tables[0].name

    def _path(self, table: Table) -> Path:
        return self._folder / f"{table.name}.{self._format.name}"

    def paths(self, tables: Sequence[Table]) -> list[Path]:
        """Return the paths of all files that an export of *tables* ends with."""
        manifest = manifest_path(self._folder, tables[0].name)
        return [manifest, *map(self._path, tables)]

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
        rows: Written,
        *,
        requests: int = 0,
        rejected: int = 0,
    ) -> None:
        """Gather what is in *key_range*; append it once there is enough.

        Raises:
            SinkConflict: A row is outside of the range, or some of the range
                was written before.
            SinkError: A value does not fit the format, or the disk refused;
                what was gathered is gone.
        """
        checkpoint = self._require_started()
        form = "rows" if isinstance(rows, Mapping) else self.form
        if form != self._pending.form:
            self._flush()
            self._pending.form = form
        gathered, count = self._pending.checked(key_range, rows)
        self._checkpoint = (
            checkpoint
            if key_range is None
            else checkpoint.add(key_range, requests=requests, rejected=rejected)
        )
        self._pending.add(key_range, gathered, count)
        if self._pending.count >= ROWS:
            self._flush()

    def _flush(self) -> None:
        """Append what was gathered to the journal, with the checkpoint."""
        if not self._pending:
            return
        journal, checkpoint = self._require_open(), self._require_started()
        try:
            blocks, rejected = self._encoded(journal)
            set_aside = checkpoint.set_aside + rejected
            checkpoint = self._checkpoint = structs.replace(
                checkpoint, set_aside=set_aside
            )
            with disk_errors(journal.folder):
                journal.append(blocks, checkpoint)
        except BaseException:
            self._checkpoint = journal.checkpoint
            raise
        if self._tables[0].key:
            self._files = self._files or TableFiles(journal, self._tables, self._format)
            self._files.advance(checkpoint)

    def _encoded(self, journal: Journal) -> tuple[list[Block], int]:
        """Return what was gathered as blocks, and how many records were set aside."""
        blocks: list[Block] = []
        all_set_aside = 0
        for pending in self._pending.take():
            encoded, set_aside = self._encoder.encode(pending.rows, self._pending.form)
            all_set_aside += set_aside
            for number, (rows, data) in enumerate(encoded):
                low = (
                    journal.block_count(number) if pending.low is None else pending.low
                )
                if rows:
                    blocks.append(Block(number, low, rows, data))
        return blocks, all_set_aside

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

        Returns:
            The certificate in the manifest: records that were set aside count
            as rejected in it.

        Raises:
            SinkError: The rows are not those of the certificate, or the disk
                refused: the journal stays, to be committed again.
        """
        journal = self._require_open()
        self._flush()
        name, rows = str(journal.folder), journal.row_count(0)
        certificate = proved(name, certificate, self._checkpoint, rows)
        with disk_errors(self._folder):
            manifest = self._manifest(journal, self._written(journal), certificate)
            publish(self._folder, journal, manifest)
        self._journal = None
        with suppress(OSError):  # the files are there; the next `open` tidies up
            journal.remove()
        return certificate

    def _written(self, journal: Journal) -> list[File]:
        """Write the rest of the files; return what is in them."""
        files = self._files or TableFiles(journal, self._tables, self._format)
        self._files = None
        try:
            return files.complete()
        finally:
            files.stop()

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

    def close(self) -> None:
        """Append what was gathered, and let other processes open it.

        Raises:
            SinkError: A value does not fit the format, or the disk refused.
        """
        try:
            self._flush()
        finally:
            self._release()

    def reader(self) -> FileReader:
        """Return a reader of the finished files, whatever their format is."""
        return FileReader(self._folder)

    def _release(self) -> None:
        self._pending = PendingRows(())
        self._checkpoint = None
        if self._files is not None:
            self._files.stop()
            self._files = None
        if self._journal is not None:
            self._journal.close()
            self._journal = None
