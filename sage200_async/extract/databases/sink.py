"""A database as a sink: rows and how far they have come, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sql
from sage200_async.extract.databases.buffer import Buffer
from sage200_async.extract.databases.migrations import Maker

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.databases.sql import Layout
    from sage200_async.extract.tables import Column, Row, Table
    from sage200_async.paging.certificate import Certificate

Told = Mapping[str, str | None]

ROWS: Final = 5000
"""Rows that are gathered for one transaction, child rows among them."""
_KEYS: Final = 50_000
# Keys that are asked for at once.


class DatabaseSink:
    """Keeps a resource in a database, and in step with its source.

    Besides the resource's own columns, each table has ``_deleted_at``: null
    unless the source no longer has the row. The table ``_sage200`` holds, for
    each table, its checkpoint, certificate and notes.

    Rows are gathered, and written with the checkpoint in one transaction; what
    is not written is not claimed. Rows that are as they were are not written.
    A resource without a unique key is staged, and replaces the whole when it
    is finished: its readers see the old rows or the new, and it has no
    checkpoint, as half of it is nothing to go on from.

    After a `SinkError` it is closed: what it had gathered is gone, and a new
    one on the same place goes on from the checkpoint that is there.

    Args:
        engine: The database.
        prefix: What the names of tables begin with.
    """

    _books: Layout
    _layouts: tuple[Layout, ...]
    _buffer: Buffer | None
    _pending: Checkpoint | None
    _seen: str | None

    def __init__(self, engine: Engine, prefix: str = "") -> None:
        self._engine = engine
        self._prefix = prefix
        self._mine = uuid.uuid4().hex
        self._forget()

    def __repr__(self) -> str:
        return f"DatabaseSink({self._engine.where!r}, {self._prefix!r})"

    def open(self, tables: Sequence[Table]) -> Checkpoint | None:
        """Make what is missing; give the checkpoint of a reading to go on with.

        It is None where there was no reading, or the last one was finished.
        Opening again forgets what was gathered or staged and not written.

        Raises:
            SinkConflict: A table is not ours or has other types; nothing was
                changed.
            SinkError: The database is not to be had.
        """
        self._let_go()
        with self._reported("cannot be opened"):
            self._engine.connect()
            maker = Maker(self._engine, self._prefix, tables)
            maker.make()
            self._books, self._layouts = maker.books, maker.layouts
            self._buffer = Buffer(tables)
            self._seen = self._told("writer")
            found = self._told("checkpoint")
        return None if found is None else self._checkpoint_of(found)

    def write(self, rows: Mapping[str, Sequence[Row]], checkpoint: Checkpoint) -> None:
        """Gather *rows*; with enough of them, write them and *checkpoint*.

        Raises:
            SinkConflict: Another run has written since this was opened.
            SinkError: They cannot be written, and none of them was.
        """
        buffer = self._require_open()
        buffer.add(rows)
        self._pending = checkpoint
        if len(buffer) >= ROWS:
            self._write()

    def commit(self, certificate: Certificate) -> None:
        """Write what there is, with *certificate* beside it.

        Raises:
            SinkError: It cannot be written.
        """
        self._require_open()
        told = {"certificate": _text(certificate), "checkpoint": None}
        if self._keyed:
            self._write(told)
        else:
            self._replace(told)

    def close(self) -> None:
        """Write what there is, and let go of the database.

        Raises:
            SinkError: It cannot be written.
        """
        try:
            if self._layouts:
                self._write()
        finally:
            self._let_go()

    def keys(self) -> Iterator[int]:
        """Give the keys of the rows that are there and not marked as deleted.

        Yields:
            Keys in ascending order. No cursor is held while they are used.

        Raises:
            SinkError: The database failed, or the resource has no unique key.
        """
        self._require_keyed()
        self._write()
        last: tuple[int, ...] = ()
        while page := self._keys(last):
            yield from page
            last = (page[-1],)

    def mark_deleted(self, keys: Sequence[int], at: float) -> None:
        """Mark rows as deleted, their child rows too; all or none.

        Args:
            keys: Which; those that are marked keep their time.
            at: Seconds since 1970.

        Raises:
            SinkError: The database failed, or the resource has no unique key.
        """
        self._require_keyed()
        self._write()
        own = self._layouts[0]
        key = [each for each in own.table.columns if each.name in own.table.key]
        moment = datetime.fromtimestamp(at, UTC)
        with self._transaction("rows cannot be marked"):
            self._engine.load(own.stage, key, [(each,) for each in keys])
            for layout in self._layouts:
                self._engine.ask(sql.mark(layout, own), (moment,))
            self._engine.ask(sql.clear(own))

    def metadata(self, name: str, value: str | None = None) -> str | None:
        """Keep a small text beside the data under *name*; give what is there.

        What was gathered is written in the same transaction, so that no note
        speaks of rows that are not there.

        Raises:
            SinkError: The database failed.
        """
        self._require_open()
        if value is not None:
            self._write({f"note {name}": value})
        with self._reported("notes cannot be read"):
            return self._told(f"note {name}")

    @property
    def _keyed(self) -> bool:
        return bool(self._layouts[0].table.key)

    def _write(self, told: Told | None = None) -> None:
        """Write what was gathered, and what is told with it, in one transaction."""
        buffer = self._require_open()
        pending = self._pending if self._keyed else None
        claimed = {} if pending is None else {"checkpoint": _text(pending)}
        tells: Told = {**claimed, **(told or {})}
        if not buffer and not tells:
            return
        with self._transaction("rows cannot be kept"):
            self._load(buffer.take())
            if self._keyed:
                self._merge()
            self._tell(tells)
        self._pending = None

    def _replace(self, told: Told) -> None:
        """Put what is staged in the place of what is there, where they differ."""
        buffer, own = self._require_open(), self._layouts[0]
        with self._transaction("rows cannot be replaced"):
            self._load(buffer.take())
            if self._engine.ask(sql.differs(own))[0][0]:
                self._engine.ask(sql.empty(own))
                self._engine.ask(sql.take_over(own))
            self._engine.ask(sql.clear(own))
            self._tell(told)
        self._pending = None

    def _load(self, rows: Mapping[str, list[Row]]) -> None:
        """Stage rows, and where that fails say which value is to blame."""
        for layout in self._layouts:
            found, columns = rows[layout.table.name], layout.table.columns
            try:
                self._engine.load(layout.stage, columns, found)
            except self._engine.failures:
                self._blame(layout, found)
                raise

    def _blame(self, layout: Layout, rows: Sequence[Row]) -> None:
        for row in rows:
            values = dict(zip(layout.table.columns, row, strict=True))
            for column, value in values.items():
                expected = self._expected(layout, column, value)
                if expected:
                    of = [values[c] for c in values if c.name in layout.table.key]
                    self._refuse(
                        f"table {layout.name}, key {of}, column {column.name}: "
                        f"expected {expected}, got {_shown(value)}"
                    )

    def _expected(self, layout: Layout, column: Column, value: object) -> str:
        """Say what *column* can hold where *value* is not that; else nothing."""
        if value is None:
            return "a value" if column.name in layout.table.key else ""
        return self._engine.takes(column, value)

    def _merge(self) -> None:
        """Take over what is staged."""
        own, *children = self._layouts
        for child in children:
            self._engine.ask(sql.remove_rest(child, own))
        for layout in self._layouts:
            self._engine.ask(sql.upsert(layout))
        for layout in self._layouts:
            self._engine.ask(sql.clear(layout))

    def _keys(self, last: tuple[int, ...]) -> list[int]:
        """Give the next page of keys."""
        statement = sql.held_keys(self._layouts[0], _KEYS, after=bool(last))
        with self._reported("keys cannot be read"):
            return [key for (key,) in self._engine.ask(statement, last)]

    def _told(self, name: str) -> str | None:
        """Give what the books say of this resource."""
        of = (self._layouts[0].name, name)
        found = self._engine.ask(sql.ask_books(self._books), of)
        return found[0][0] if found else None

    def _tell(self, told: Told) -> None:
        """Tell the books; of what is None, they forget what they had."""
        for name, value in told.items():
            of = (self._layouts[0].name, name)
            if value is None:
                self._engine.ask(sql.forget(self._books), of)
            else:
                self._engine.ask(sql.tell_books(self._books), (*of, value))

    @contextmanager
    def _transaction(self, failing: str) -> Generator[None, None, None]:
        """Write, unless somebody else has written since this was opened."""
        with self._reported(failing), self._engine.transaction():
            writer = self._told("writer")
            if writer not in {self._seen, self._mine}:
                message = (
                    f"{self._engine.where}: table {self._layouts[0].name}: expected to "
                    "be the only one who writes, got another run that has written "
                    "meanwhile: let it end, then run again"
                )
                raise SinkConflict(message)
            self._tell({"writer": self._mine})
            yield

    @contextmanager
    def _reported(self, failing: str) -> Generator[None, None, None]:
        """Let go of the database on any failure, and say where it was."""
        try:
            yield
        except self._engine.failures as error:
            self._let_go()
            told = str(error).partition("\n")[0] or type(error).__name__
            message = f"{self._engine.where}: {failing}: {told}"
            raise SinkError(message) from error
        except BaseException:
            self._let_go()
            raise

    def _checkpoint_of(self, text: str) -> Checkpoint:
        try:
            return msgspec.json.decode(text, type=Checkpoint)
        except msgspec.MsgspecError as error:
            self._let_go()
            message = (
                f"{self._engine.where}: expected a checkpoint in {self._books.name}, "
                f"got something else: {error}"
            )
            raise SinkError(message) from error

    def _require_open(self) -> Buffer:
        if self._buffer is None:
            self._refuse("expected a sink that is open, got one that is not, or failed")
        return self._buffer

    def _require_keyed(self) -> None:
        self._require_open()
        if not self._keyed:
            name = self._layouts[0].name
            self._refuse(
                f"table {name}: expected a unique key, got a table without one"
            )

    def _refuse(self, what: str) -> NoReturn:
        raise SinkError(f"{self._engine.where}: {what}")

    def _let_go(self) -> None:
        self._forget()
        self._engine.disconnect()

    def _forget(self) -> None:
        self._layouts, self._buffer = (), None
        self._pending = self._seen = None


def _shown(value: object) -> str:
    """Show a number or nothing; of other values, which are the customers', the kind."""
    plain = value is None or isinstance(value, int | Decimal)
    return str(value) if plain else f"other {type(value).__name__}"


def _text(value: Checkpoint | Certificate) -> str:
    return msgspec.json.encode(value).decode()
