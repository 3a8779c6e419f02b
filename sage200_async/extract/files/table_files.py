"""The files of all tables, each written by a thread while rows still come in."""

from __future__ import annotations

from contextlib import closing, suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from sage200_async.extract.files.atomic_files import fsync_file
from sage200_async.extract.files.manifest import File

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.files.formats import FileFormat
    from sage200_async.extract.files.journal import Journal, Position
    from sage200_async.extract.tables import Table


class _Stopped(Exception):
    """The file is not wanted any more."""


class TableFiles:
    """The files of all tables, in the folder of the journal.

    What lies below every key that is still missing is final, as rows are in the
    order of their keys: it is written at once, so that little is left to do at the
    end. A file that was not finished is written anew.

    Args:
        journal: The rows.
        tables: The tables, the resource's own first.
        file_format: The format of the files.
    """

    def __init__(
        self, journal: Journal, tables: Sequence[Table], file_format: FileFormat
    ) -> None:
        self._journal = journal
        self._files = [
            _TableFile(journal, number, table, file_format)
            for number, table in enumerate(tables)
        ]

    def advance(self, checkpoint: Checkpoint) -> None:
        """Write on, up to the first key that *checkpoint* still lacks."""
        if checkpoint.bounds is None:  # nobody knows what is still to come
            return
        missing = checkpoint.missing
        high = missing[0].low if missing else None
        for number, file in enumerate(self._files):
            file.enqueue(self._journal.positions(number, high))

    def complete(self) -> list[File]:
        """Write all rows that there are; return what is in the files.

        Raises:
            SinkError: The disk does not return what was written.
            OSError: The disk refused.
        """
        for number, file in enumerate(self._files):
            file.enqueue(self._journal.positions(number))
            file.close()
        return [file.result() for file in self._files]

    def stop(self) -> None:
        """Stop writing, and wait until no file is open."""
        for file in self._files:
            file.stop()


class _TableFile:
    """The file of one table, and the thread that writes it."""

    def __init__(
        self, journal: Journal, number: int, table: Table, file_format: FileFormat
    ) -> None:
        self._journal, self._number = journal, number
        self._table, self._format = table, file_format
        self._enqueued = 0
        self._queue = SimpleQueue["Position | _Stopped | None"]()
        self._file: File | None = None
        self._error: BaseException | None = None
        # A daemon: a sink that nobody closes does not keep the program alive.
        self._thread = Thread(target=self._run, name="sage200-file", daemon=True)
        self._thread.start()

    def enqueue(self, positions: Sequence[Position]) -> None:
        """Let it write the blocks at *positions*, but for those it has already."""
        for position in positions[self._enqueued :]:
            self._queue.put(position)
        self._enqueued = max(self._enqueued, len(positions))

    def close(self) -> None:
        """Let it end the file after the last block."""
        self._queue.put(None)

    def result(self) -> File:
        """Wait for the end of the file; return what is in it."""
        self._thread.join()
        if self._file is None:
            raise self._error or _Stopped
        return self._file

    def stop(self) -> None:
        """Stop writing, and wait until the file is closed."""
        self._queue.put(_Stopped())
        self._thread.join()

    def _run(self) -> None:
        try:
            with suppress(_Stopped):
                self._file = self._write()
        except BaseException as error:  # noqa: BLE001 - raised by `result`
            self._error = error

    def _write(self) -> File:
        table = self._table
        path: Path = self._journal.folder / f"{table.name}.{self._format.name}"
        with closing(self._journal.blocks(self._positions())) as blocks:
            sha256 = self._format.write(table, blocks, path)
        fsync_file(path)
        return File(
            name=path.name,
            table=table.name,
            columns=table.columns,
            key=table.key,
            expandable=table.expandable,
            rows=self._journal.row_count(self._number),
            size=path.stat().st_size,
            sha256=sha256,
        )

    def _positions(self) -> Iterator[Position]:
        while (position := self._queue.get()) is not None:
            if isinstance(position, _Stopped):
                raise position
            yield position
