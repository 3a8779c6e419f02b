"""A database as a sink: rows and the checkpoint, in one transaction."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sql
from sage200_async.extract.databases.migrations import Migrator
from sage200_async.extract.databases.rejections import rejected_value
from sage200_async.extract.key_order import require_key_order

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.databases.sql import Layout
    from sage200_async.extract.databases.state import State
    from sage200_async.extract.tables import Row, Table
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange

ROWS: Final = 5000
"""Rows that are gathered for one transaction, of all tables."""
_KEYS: Final = 50_000
# Keys that are asked for at once.


class DatabaseSink:
    """Stores a resource in a database, and in step with its source.

    Besides the resource's own columns, each table has ``_deleted_at``: null
    unless the source no longer has the row. The table ``_sage200`` holds, for
    each table, its checkpoint, certificate and metadata.

    Rows are gathered, and written with the checkpoint in one transaction. Rows
    that have not changed are not written. A resource without a unique key is
    staged, and replaces all rows when it is committed: its readers see the old
    rows or the new, and it has no checkpoint, as half of it cannot be resumed.

    After a `SinkError` it is closed, and what it had gathered is gone; a new
    sink on the same database resumes from the checkpoint that is stored.

    Args:
        engine: The database.
        prefix: What the names of tables begin with.
    """

    _state: State
    _layouts: tuple[Layout, ...]
    _gathered: dict[str, list[Row]]
    _checkpoint: Checkpoint | None
    _stored: Checkpoint | None
    _seen_writer: str | None

    def __init__(self, engine: Engine, prefix: str = "") -> None:
        self._engine = engine
        self._prefix = prefix
        self._writer = uuid.uuid4().hex
        self._forget()

    def __repr__(self) -> str:
        return f"DatabaseSink({self._engine.where!r}, {self._prefix!r})"

    def open(self, tables: Sequence[Table]) -> Checkpoint | None:
        """Create what is missing; return the checkpoint to resume from.

        It is None if there was no read, or the last one was committed. A sink
        that is open drops what was gathered or staged and not written.

        Raises:
            SinkConflict: A table is not ours or has other types; nothing was
                changed.
            SinkError: The database is not available.
        """
        self._release()
        with self._errors_reported("cannot be opened"):
            self._engine.connect()
            migrator = Migrator(self._engine, self._prefix, tables)
            migrator.migrate()
            self._state, self._layouts = migrator.state, migrator.layouts
            self._gathered = {table.name: [] for table in tables}
            self._seen_writer = self._state.get("writer")
            self._checkpoint = self._stored = self._stored_checkpoint()
        return self._checkpoint

    def begin(self, checkpoint: Checkpoint) -> None:
        """Begin a new read; its checkpoint is stored with its first rows.

        Raises:
            SinkError: What was gathered before cannot be written.
        """
        self._require_open()
        self._flush()
        self._checkpoint = checkpoint

    def write(
        self, key_range: KeyRange | None, rows: Mapping[str, Sequence[Row]]
    ) -> None:
        """Gather the rows of *key_range*; write them once there are enough.

        Raises:
            SinkConflict: A row is outside of the range, or some of the range
                was written before; or another run has written since `open`.
            SinkError: They cannot be written, and none of them was.
        """
        self._require_open()
        if self._checkpoint is None:
            self._refuse("no read was started; call begin() first")
        require_key_order([layout.table for layout in self._layouts], key_range, rows)
        if key_range is not None:
            self._checkpoint = self._checkpoint.add(key_range)
        for name, gathered in self._gathered.items():
            gathered.extend(rows.get(name, ()))
        if sum(map(len, self._gathered.values())) >= ROWS:
            self._flush()

    def commit(self, certificate: Certificate) -> None:
        """Write what was gathered, with *certificate* beside it.

        Raises:
            SinkError: It cannot be written.
        """
        self._require_open()
        state = {"certificate": _json(certificate), "checkpoint": None}
        self._checkpoint = self._stored = None
        if self._keyed:
            self._flush(state)
        else:
            self._replace(state)

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

    def keys(self) -> Iterator[int]:
        """Yield the keys of the rows that are not marked as deleted.

        Yields:
            Keys in ascending order. No cursor is open while they are used.

        Raises:
            SinkError: The database failed, or the resource has no unique key.
        """
        self._require_keyed()
        self._flush()
        last: tuple[int, ...] = ()
        while page := self._keys_after(last):
            yield from page
            last = (page[-1],)

    def mark_deleted(self, keys: Sequence[int], at: float) -> None:
        """Mark rows as deleted, their related rows too; all or none.

        Args:
            keys: The keys; rows that are marked already keep their time.
            at: Seconds since 1970.

        Raises:
            SinkError: The database failed, or the resource has no unique key.
        """
        self._require_keyed()
        self._flush()
        own = self._layouts[0]
        key = [column for column in own.table.columns if column.name in own.table.key]
        time = datetime.fromtimestamp(at, UTC)
        with self._transaction("rows cannot be marked"):
            self._engine.load(own.staging, key, [(value,) for value in keys])
            for layout in self._layouts:
                self._engine.execute(sql.mark_deleted(layout, own), (time,))
            self._engine.execute(sql.clear_staging(own))

    def metadata(self, name: str, value: str | None = None) -> str | None:
        """Store *value* beside the data under *name*; return what is stored.

        What was gathered is written in the same transaction, so that no value
        is about rows that are not stored.

        Raises:
            SinkError: The database failed.
        """
        self._require_open()
        if value is not None:
            self._flush({f"metadata {name}": value})
        with self._errors_reported("metadata cannot be read"):
            return self._state.get(f"metadata {name}")

    @property
    def _keyed(self) -> bool:
        return bool(self._layouts[0].table.key)

    def _flush(self, state: Mapping[str, str | None] | None = None) -> None:
        """Write what was gathered, the checkpoint and *state* in one transaction."""
        values = dict(state or {})
        if self._keyed and self._checkpoint is not self._stored:
            values["checkpoint"] = _json(self._checkpoint)
        if not values and not any(self._gathered.values()):
            return
        with self._transaction("rows cannot be written"):
            self._stage()
            if self._keyed:
                self._merge()
            self._state.set(values)
        self._stored = self._checkpoint

    def _replace(self, state: Mapping[str, str | None]) -> None:
        """Replace the stored rows by the staged ones, if they differ."""
        own = self._layouts[0]
        with self._transaction("rows cannot be replaced"):
            self._stage()
            if self._engine.execute(sql.staged_differ(own))[0][0]:
                self._engine.execute(sql.delete_all(own))
                self._engine.execute(sql.insert_staged(own))
            self._engine.execute(sql.clear_staging(own))
            self._state.set(state)

    def _stage(self) -> None:
        """Load what was gathered into the staging tables."""
        for layout in self._layouts:
            rows, columns = self._gathered[layout.table.name], layout.table.columns
            try:
                self._engine.load(layout.staging, columns, rows)
            except self._engine.failures:
                if reason := rejected_value(self._engine, layout, rows):
                    self._refuse(reason)
                raise
        self._gathered = {name: [] for name in self._gathered}

    def _merge(self) -> None:
        """Insert or update the staged rows."""
        own, *related = self._layouts
        for layout in related:
            self._engine.execute(sql.delete_unlisted(layout, own))
        for layout in self._layouts:
            self._engine.execute(sql.upsert(layout))
        for layout in self._layouts:
            self._engine.execute(sql.clear_staging(layout))

    def _keys_after(self, last: tuple[int, ...]) -> list[int]:
        """Return the next keys."""
        statement = sql.select_keys(self._layouts[0], _KEYS, after=bool(last))
        with self._errors_reported("keys cannot be read"):
            return [key for (key,) in self._engine.execute(statement, last)]

    @contextmanager
    def _transaction(self, failure: str) -> Generator[None, None, None]:
        """Write, unless another run has written since `open`."""
        with self._errors_reported(failure), self._engine.transaction():
            if self._state.get("writer") not in {self._seen_writer, self._writer}:
                message = (
                    f"{self._engine.where}: table {self._layouts[0].name}: another run "
                    "has written meanwhile; let it end, then run again"
                )
                raise SinkConflict(message)
            self._state.set({"writer": self._writer})
            yield

    @contextmanager
    def _errors_reported(self, failure: str) -> Generator[None, None, None]:
        """Disconnect on any failure, and name the database in the error."""
        try:
            yield
        except self._engine.failures as error:
            self._release()
            reason = str(error).partition("\n")[0] or type(error).__name__
            message = f"{self._engine.where}: {failure}: {reason}"
            raise SinkError(message) from error
        except BaseException:
            self._release()
            raise

    def _stored_checkpoint(self) -> Checkpoint | None:
        text = self._state.get("checkpoint")
        if text is None:
            return None
        try:
            return msgspec.json.decode(text, type=Checkpoint)
        except msgspec.MsgspecError as error:
            message = (
                f"{self._engine.where}: the checkpoint in {sql.STATE_TABLE.name} "
                f"cannot be read: {error}; delete it to begin anew"
            )
            raise SinkError(message) from error

    def _require_open(self) -> None:
        if not self._layouts:
            self._refuse("the sink is not open, or has failed; open a new one")

    def _require_keyed(self) -> None:
        self._require_open()
        if not self._keyed:
            self._refuse(f"table {self._layouts[0].name}: it has no unique key")

    def _refuse(self, problem: str) -> NoReturn:
        raise SinkError(f"{self._engine.where}: {problem}")

    def _release(self) -> None:
        self._forget()
        self._engine.disconnect()

    def _forget(self) -> None:
        self._layouts, self._gathered = (), {}
        self._checkpoint = self._stored = self._seen_writer = None


def _json(value: Checkpoint | Certificate | None) -> str:
    return msgspec.json.encode(value).decode()
