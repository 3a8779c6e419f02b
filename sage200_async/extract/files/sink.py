"""Files as a sink: a spool beside them, and a manifest renamed into place last."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.files.atomic_files import (
    digest,
    put,
    sync,
    sync_folder,
    told,
)
from sage200_async.extract.files.compression import Gzip, Zstd
from sage200_async.extract.files.formats import Csv, Ndjson
from sage200_async.extract.files.journal import Head, Run, Spool, is_left, remove
from sage200_async.extract.files.key_slices import by_key, fresh
from sage200_async.extract.files.manifest import (
    File,
    Manifest,
    manifest_path,
    read_manifest,
)
from sage200_async.extract.files.parquet import Parquet
from sage200_async.extract.text_values import UNFIT, blamed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.files.compression import Packing
    from sage200_async.extract.files.formats import Form
    from sage200_async.extract.files.key_slices import Span
    from sage200_async.extract.tables import Row, Table
    from sage200_async.paging.certificate import Certificate

FormName = Literal["ndjson", "csv", "parquet"]
PackingName = Literal["gzip", "zstd"]


class FileSink:
    """Keeps a resource in files: one for each table, and a manifest.

    The files of ``customers`` are ``customers.ndjson`` (or what the format
    says), those of its child tables beside it, and ``customers.manifest.json``,
    which comes last: without it nothing is finished. Until then all is in the
    folder ``.customers.partial``, which needs as much room again.

    The same records give the same bytes: in the order of their keys, whatever
    order they came in, and however often that was broken off. What `keep` has
    kept is on the disk when it returns. A resource without a key stays in the
    order in which it comes, and begins again whenever it is opened.

    Args:
        folder: Where the files go; made if it is missing.
        form: How they are written.
        overwrite: Whether finished files are replaced: once the new are there.
    """

    def __init__(self, folder: Path, form: Form, *, overwrite: bool = False) -> None:
        self._folder = folder
        self._form = form
        self._overwrite = overwrite
        self._tables: tuple[Table, ...] = ()
        self._spool: Spool | None = None

    def __repr__(self) -> str:
        return f"FileSink({str(self._folder)!r}, {self._form.name})"

    def open(self, tables: Sequence[Table]) -> Checkpoint | None:
        """Make the folder; give the checkpoint of what was broken off, or None.

        Raises:
            SinkConflict: There are finished files, or what was broken off has
                other columns or another format; or another process is at it.
            SinkError: The folder is not to be had.
        """
        self.close()
        self._tables = tuple(tables)
        with told(self._folder, "cannot be made"):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._require_room()
            head = Head(self._form.name, self._tables, time.time())
            self._spool = Spool(_spool_of(self._folder, self._resource), head)
            if not self._tables[0].key:
                self._spool.clear()
        return self._spool.checkpoint

    @property
    def _resource(self) -> str:
        return self._tables[0].name

    def _path(self, table: Table) -> Path:
        return self._folder / f"{table.name}.{self._form.name}"

    def _require_room(self) -> None:
        """Refuse what is in the way.

        Raises:
            SinkConflict: Finished files, or folders where files are to be.
        """
        manifest = manifest_path(self._folder, self._resource)
        for path in (manifest, *map(self._path, self._tables)):
            if path.name.startswith(".") or path.parent != self._folder:
                raise SinkConflict(f"{path}: expected a name for a file in the folder")
            if path.is_dir():
                raise SinkConflict(f"{path}: expected a file or nothing, got a folder")
        done = finished(self._folder, self._resource)
        if done is None:
            return
        left = _spool_of(self._folder, self._resource)
        if is_left(left, done.started_at):
            remove(left)
        if not self._overwrite:
            rows = f"{done.files[0].rows:,} rows of {done.query!r}"
            message = f"{manifest}: expected nothing, got a finished export of {rows}"
            raise SinkConflict(message)

    def write(self, rows: Mapping[str, Sequence[Row]], checkpoint: Checkpoint) -> None:
        """Keep *rows*, for each table by its name, and *checkpoint*: both or neither.

        Raises:
            SinkConflict: The checkpoint does not go on from the last one, or
                the rows are not of what it adds.
            SinkError: A value does not fit the format, or the disk refused.
        """
        spool = self._open()
        spans = fresh(spool.checkpoint, checkpoint)
        runs = [
            Run(place, low, len(part), self._encoded(table, part))
            for place, table in enumerate(self._tables)
            for low, part in self._parts(spool, place, rows.get(table.name, ()), spans)
            if part
        ]
        with told(spool.folder):
            spool.append(runs, checkpoint)

    def _parts(
        self, spool: Spool, place: int, rows: Sequence[Row], spans: Sequence[Span]
    ) -> Iterator[tuple[int, Sequence[Row]]]:
        """Cut *rows* where rows that come at another time may belong between."""
        if self._tables[0].key:
            return by_key(self._tables[place], rows, spans)
        return iter([(spool.count(place), rows)])

    def _encoded(self, table: Table, rows: Sequence[Row]) -> bytes:
        try:
            return self._form.encode(table, rows)
        except UNFIT as error:
            raise blamed(table, rows, self._form.encode) from error

    def _open(self) -> Spool:
        if self._spool is None:
            raise SinkError(f"{self._folder}: expected an open sink, got a closed one")
        return self._spool

    def commit(self, certificate: Certificate) -> None:
        """Write the files, then the manifest with *certificate*; drop the spool.

        Raises:
            SinkError: What is kept is not what the certificate says, or the
                disk refused: what is kept stays, to be finished again.
        """
        spool = self._open()
        self._require_proof(spool, certificate)
        with told(self._folder):
            made = [self._made(spool, place) for place in range(len(self._tables))]
            self._publish(spool, self._manifest(spool, made, certificate))
        self._spool = None
        with suppress(OSError):  # the files are there; the next `open` tidies up
            spool.remove()

    def _require_proof(self, spool: Spool, certificate: Certificate) -> None:
        checkpoint, kept = spool.checkpoint, spool.rows(0)
        if checkpoint is not None and checkpoint.missing:
            last = checkpoint.bounds.high if checkpoint.bounds else 0
            message = f"{spool.folder}: expected all keys up to {last}"
            gaps = ", ".join(
                f"{gap.low + 1} to {gap.high}" for gap in checkpoint.missing
            )
            raise SinkError(f"{message}, missing are {gaps}")
        if kept != certificate.records:
            message = f"{spool.folder}: expected {certificate.records:,} rows"
            raise SinkError(f"{message}, as the certificate says, got {kept:,}")

    def _made(self, spool: Spool, place: int) -> File:
        """Write one table's file, still in the spool's folder."""
        table = self._tables[place]
        path = spool.folder / self._path(table).name
        self._form.write(table, spool.runs(place), path)
        sync(path)
        return File(
            name=path.name,
            table=table.name,
            columns=table.columns,
            key=table.key if self._tables[0].key else (),
            member=table.member,
            rows=spool.rows(place),
            size=path.stat().st_size,
            sha256=digest(path),
        )

    def _manifest(
        self, spool: Spool, files: Sequence[File], certificate: Certificate
    ) -> Manifest:
        checkpoint = spool.checkpoint
        return Manifest(
            resource=self._resource,
            format=self._form.name,
            query=certificate.query if checkpoint is None else checkpoint.query,
            files=tuple(files),
            certificate=certificate,
            started_at=spool.head.started_at,
        )

    def _publish(self, spool: Spool, manifest: Manifest) -> None:
        """Rename the files into place; an older manifest goes first.

        It goes into the spool, so that whoever goes on knows its files too.
        """
        place = manifest_path(self._folder, self._resource)
        old = spool.folder / place.name
        if place.exists():
            place.replace(old)
            sync_folder(self._folder)
        names = {file.name for file in manifest.files}
        for name in names:
            (spool.folder / name).replace(self._folder / name)
        for name in _names(read_manifest(old)) - names:
            (self._folder / name).unlink(missing_ok=True)
        sync_folder(self._folder)
        put(place, manifest.encode(), spool.folder / "new")

    def close(self) -> None:
        """Let others have it; what is not finished can be resumed."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None


def files_at(
    folder: str | Path,
    form: FormName,
    *,
    compress: PackingName | None = None,
    overwrite: bool = False,
) -> FileSink:
    """Make a sink of files, for one resource.

    Args:
        folder: Where the files go.
        form: Their format.
        compress: How they are compressed; Parquet is by itself.
        overwrite: Whether finished files are replaced.

    Raises:
        MissingExtra: The format or the compression needs a package.
        SinkError: There is no such format or compression.
    """
    if compress is not None and compress not in _PACKINGS:
        raise SinkError(f"expected gzip or zstd, got {compress!r}")
    packing = _PACKINGS[compress]() if compress else None
    return FileSink(Path(folder), _form(form, packing), overwrite=overwrite)


_PACKINGS: Final[dict[str, Callable[[], Packing]]] = {"gzip": Gzip, "zstd": Zstd}


def _form(name: str, packing: Packing | None) -> Form:
    if name == "parquet":
        if packing is not None:
            raise SinkError("expected Parquet by itself: it is compressed inside")
        return Parquet()
    if name not in {"ndjson", "csv"}:
        raise SinkError(f"expected ndjson, csv or parquet, got {name!r}")
    return Ndjson(packing) if name == "ndjson" else Csv(packing)


def finished(folder: str | Path, resource: str) -> Manifest | None:
    """Give the manifest of a resource's files; None where they are not finished.

    Raises:
        SinkError: It cannot be read, or is something else.
    """
    with told(Path(folder), "cannot be read"):
        return read_manifest(manifest_path(Path(folder), resource))


def discard(folder: str | Path, resource: str) -> None:
    """Drop what was kept of an export that was broken off; finished files stay.

    Raises:
        SinkError: It cannot be removed.
    """
    path = _spool_of(Path(folder), resource)
    with told(path, "cannot be removed"):
        remove(path)


def _names(manifest: Manifest | None) -> set[str]:
    return {Path(file.name).name for file in manifest.files} if manifest else set()


def _spool_of(folder: Path, resource: str) -> Path:
    return folder / f".{resource}.partial"
