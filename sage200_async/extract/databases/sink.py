"""A database as a sink: rows and the checkpoint, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace as altered

from sage200_async.extract.databases import merging, sql
from sage200_async.extract.databases.migrations import Migrator
from sage200_async.extract.databases.rejections import refused_rows, set_aside
from sage200_async.extract.databases.staging import clear
from sage200_async.extract.databases.stored_copy import StoredCopy
from sage200_async.extract.key_order import require_key_order
from sage200_async.extract.nested import refuse_nested
from sage200_async.extract.proof import proved
from sage200_async.extract.rejects import key_position
from sage200_async.extract.sink import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.identity import Identity
    from sage200_async.extract.rejects import RejectedRow
    from sage200_async.extract.sink import OpenOptions
    from sage200_async.extract.tables import Row, Table
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange

ROWS: Final = 5000
"""Rows that are gathered for one transaction, of all tables."""


class DatabaseSink(StoredCopy):
    """Stores a resource in a database, and in step with its source.

    Besides the resource's own columns, each table has ``_deleted_at``: null
    unless the source no longer has the row. The table ``_sage200`` holds, for
    each resource, what it is the copy of, its certificate, checkpoint and
    metadata. It counts only while the table has the mark that it was created
    with: in its comment, or in its statement where the database is SQLite. A
    table's rows that are not visible yet are in ``_sage200_`` and its name,
    which is empty otherwise.

    Rows are gathered, and staged with the checkpoint in one transaction; the
    commit merges them into the tables in another. Readers see the old rows or the
    new. Rows that have not changed are not written. A resource without a unique
    key has no checkpoint, as half of it cannot be resumed.

    After a `SinkError` it is closed, and what it had gathered is gone; a new
    sink on the same database resumes from the checkpoint that is stored.

    Args:
        engine: The database.
        prefix: What the names of tables begin with.
        on_reject: Called with each record that the database cannot hold, which is
            left out then; perhaps again after a run that was killed. Without it
            such a record is a `SinkError`.
    """

    _gathered: dict[str, list[Row]]
    _checkpoint: Checkpoint | None
    _stored: Checkpoint | None
    _staged: int
    _is_fresh: bool

    def __init__(
        self,
        engine: Engine,
        prefix: str = "",
        *,
        on_reject: Callable[[RejectedRow], object] | None = None,
    ) -> None:
        super().__init__(engine, prefix)
        self._on_reject = on_reject
        self._identity: Identity | None = None
        self._written = 0
        self._forget()

    def __repr__(self) -> str:
        return f"DatabaseSink({self._engine.where!r}, {self._prefix!r})"

    def open(
        self,
        tables: Sequence[Table],
        options: OpenOptions = DEFAULTS,
    ) -> Checkpoint | None:
        """Create what is missing; return the checkpoint to resume from.

        Another run that has the same tables open cannot write any more.

        Raises:
            SinkConflict: A table is not ours, has other types or columns, or is
                a copy of something else; nothing was changed.
            SinkError: The database is not available.
        """
        self._release()
        refuse_nested(tables, "a database")
        with self._errors_reported("cannot be opened"):
            self._engine.connect()
            self._migrator = Migrator(
                self._engine, self._prefix, tables, options, self._writer
            )
            self._checkpoint = self._stored = self._migrator.open()
            staged = self._state.get("staged")
        self._identity, self._written = options.identity, 0
        self._keys_set_aside = set()
        self._staged = int(staged or "0")
        self._gathered = {table.name: [] for table in tables}
        self._layouts = self._migrator.layouts
        return self._checkpoint

    @property
    def rows_written(self) -> int:
        """Rows of all tables that were inserted, really altered or removed since `open`."""
        if self._layouts:
            self._flush()
        return self._written

    def begin(self, checkpoint: Checkpoint) -> None:
        """Begin a new read; what an unfinished one has staged is dropped.

        Raises:
            SinkError: What was gathered before cannot be written.
        """
        self._require_open()
        if self._checkpoint is None:
            self._flush()
        self._gathered = {name: [] for name in self._gathered}
        self._checkpoint, self._is_fresh = checkpoint, True

    def write(
        self,
        key_range: KeyRange | None,
        rows: Mapping[str, Sequence[Row]],
        *,
        requests: int = 0,
        rejected: int = 0,
    ) -> None:
        """Gather the rows of *key_range*; stage them once there are enough.

        Raises:
            SinkConflict: A row is outside of the range, or some of the range
                was written before; or another run was opened since.
            SinkError: They cannot be written, and none of them was.
        """
        self._require_open()
        if self._checkpoint is None:
            self._refuse("no read was started; call begin() first")
        require_key_order([layout.table for layout in self._layouts], key_range, rows)
        if key_range is not None:
            self._checkpoint = self._checkpoint.add(
                key_range, requests=requests, rejected=rejected
            )
        self._gather(rows)

    def merge(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Gather whole records; insert or update them once there are enough.

        Any other call writes what was gathered before it does its own.

        Raises:
            SinkError: A read is unfinished, or they cannot be written.
        """
        self._require_keyed()
        if self._checkpoint is not None:
            self._refuse(
                f"table {self._layouts[0].name}: a read is unfinished; resume it, or "
                "call discard() first"
            )
        keys = self._own_keys(rows)
        if not keys.isdisjoint(self._own_keys(self._gathered)):
            self._flush()
        self._keys_set_aside -= keys
        self._gather(rows)

    def commit(
        self, certificate: Certificate, *, keep_absent: bool = False
    ) -> Certificate:
        """Make what is staged visible in one transaction, with *certificate*.

        Args:
            certificate: Why it is complete.
            keep_absent: Whether rows that are not staged stay as they are, rather
                than being deleted. The first commit of a copy keeps none.

        Returns:
            The certificate that is stored: records that were set aside count as
            rejected.

        Raises:
            SinkError: Rows are missing, or it cannot be written; the tables are
                as they were.
        """
        self._require_open()
        self._flush()
        with self._errors_reported("rows cannot be published"), self._transaction():
            staged = self._engine.execute(sql.count_staged(self._layouts[0]))[0][0]
            name = f"{self._engine.where}: table {self._layouts[0].name}"
            certificate = proved(name, certificate, self._checkpoint, staged)
            written = self._publish(keep_absent=keep_absent)
            self._migrator.note_rows()
            self._state.committed()
            self._state.set(
                {"certificate": _json(certificate), "unfilled": None}
                | ({"identity": self._identity.encode()} if self._identity else {})
            )
        self._written += written
        self._checkpoint = self._stored = None
        self._staged, self._migrator.replacing = 0, False
        return certificate

    def discard(self) -> None:
        """Drop an unfinished read, if there is one.

        Raises:
            SinkError: The database failed.
        """
        self._require_open()
        if self._checkpoint is None:
            self._flush()
        with self._errors_reported("rows cannot be dropped"), self._transaction():
            clear(self._engine, self._layouts)
            self._state.drop_unfinished()
            if self._migrator.replacing:
                self._state.set({"replacing": "yes"})
        self._gathered = {name: [] for name in self._gathered}
        self._checkpoint = self._stored = None
        self._staged, self._is_fresh = 0, False

    def close(self) -> None:
        """Write what was gathered, and disconnect.

        Raises:
            SinkError: It cannot be written.
        """
        try:
            if self._layouts:
                self._flush()
        finally:
            self._release()

    @property
    def _keyed(self) -> bool:
        return bool(self._layouts[0].table.key)

    @property
    def _count(self) -> int:
        """Rows that are gathered, of all tables."""
        return sum(map(len, self._gathered.values()))

    def _gather(self, rows: Mapping[str, Sequence[Row]]) -> None:
        for name, gathered in self._gathered.items():
            gathered.extend(rows.get(name, ()))
        if self._count >= ROWS:
            self._flush()

    def _own_keys(self, rows: Mapping[str, Sequence[Row]]) -> set[object]:
        own = self._layouts[0].table
        at = key_position(own) if own.key else 0
        return {row[at] for row in rows.get(own.name, ())}

    def _flush(self, values: Mapping[str, str | None] | None = None) -> None:
        """Write what was gathered, the checkpoint and *values* in one transaction."""
        changed = self._count or self._checkpoint is not self._stored
        if not changed and not values:
            return
        with self._errors_reported("rows cannot be written"):
            try:
                self._store(values or {})
            except self._engine.value_errors as error:
                self._set_aside(error)
                self._store(values or {})
        self._gathered = {name: [] for name in self._gathered}
        self._stored, self._is_fresh = self._checkpoint, False

    def _store(self, values: Mapping[str, str | None]) -> None:
        """Write what was gathered, in a transaction."""
        count, written = self._count, 0
        staged = count + (0 if self._is_fresh else self._staged)
        with self._transaction():
            self._load()
            if self._checkpoint is None and count:
                written = merging.merge(self._engine, self._layouts)
                self._migrator.note_rows()
            if self._checkpoint is not None and self._keyed:
                progress = {
                    "checkpoint": _json(self._checkpoint),
                    "staged": str(staged),
                }
                self._state.set(progress)
            self._state.set(values)
        self._written += written
        self._staged = 0 if self._checkpoint is None else staged

    def _load(self) -> None:
        if self._is_fresh:
            clear(self._engine, self._layouts)
        for layout in self._layouts:
            rows = self._gathered[layout.table.name]
            self._engine.load(layout.staging, layout.table.columns, rows)

    def _set_aside(self, error: Exception) -> None:
        """Take the rows that do not fit out of what was gathered.

        Raises:
            SinkError: Nobody takes them; or all rows fit, so that the failure is
                another.
        """
        refused = refused_rows(self._engine, self._layouts, self._gathered)
        if not refused:
            raise error
        if self._on_reject is None:
            way_on = "correct it, or set such records aside with --rejects (on_reject=)"
            self._refuse(f"{refused[0].message}; {way_on}")
        tables = [layout.table for layout in self._layouts]
        before = self._own_keys(self._gathered)
        self._gathered, rejected = set_aside(tables, self._gathered, refused)
        for row in rejected:
            self._on_reject(row)
        if self._checkpoint is None:
            self._keys_set_aside |= before - self._own_keys(self._gathered)
        else:
            count = self._checkpoint.set_aside + len(rejected)
            self._checkpoint = altered(self._checkpoint, set_aside=count)

    def _publish(self, *, keep_absent: bool) -> int:
        """Merge what is staged into the tables; return how many rows were written."""
        is_new = self._migrator.copy().is_new
        if self._migrator.replacing:
            self._migrator.swap()
        if keep_absent and self._keyed and not is_new:
            return merging.merge(self._engine, self._layouts)
        return merging.publish(self._engine, self._layouts)

    def _forget(self) -> None:
        self._gathered = {}
        self._checkpoint = self._stored = None
        self._staged, self._is_fresh = 0, False


def _json(value: Checkpoint | Certificate) -> str:
    return msgspec.json.encode(value).decode()
