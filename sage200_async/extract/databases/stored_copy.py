"""What a database holds of a resource: read page by page, and marked as deleted."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.databases import sql
from sage200_async.extract.databases.read_only import DatabaseReader
from sage200_async.extract.databases.state import METADATA, PENDING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.databases.migrations import Migrator
    from sage200_async.extract.databases.sql import Layout
    from sage200_async.extract.databases.state import State
    from sage200_async.extract.sink import Copy
    from sage200_async.extract.tables import Kind, Row

_PAGE: Final = 5000
# Rows that are selected at once, with all their values.
_KEYS: Final = 500
# Keys in one condition.
_ALL: Final = (-(2**63) - 1, 2**63 - 1)


class StoredCopy(ABC):
    """The rows of one resource. No cursor is open while they are used."""

    _migrator: Migrator
    _layouts: tuple[Layout, ...]

    def __init__(self, engine: Engine, prefix: str) -> None:
        self._engine = engine
        self._prefix = prefix
        self._layouts = ()
        self._writer = uuid.uuid4().hex
        self._keys_set_aside: set[object] = set()

    def reader(self) -> DatabaseReader:
        """Return a reader, which connects by itself and cannot write."""
        return DatabaseReader(self._engine, self._prefix)

    @property
    def keys_set_aside(self) -> frozenset[object]:
        """Keys of the records that did not fit when they were last merged since `open`."""
        return frozenset(self._keys_set_aside)

    def copy(self) -> Copy:
        """Return what is there.

        Raises:
            SinkError: The database failed.
        """
        self._require_open()
        self._flush()
        with self._errors_reported("the copy cannot be read"):
            return self._migrator.copy()

    def keys(self) -> Iterator[int]:
        """Yield the keys of the rows that are not marked as deleted.

        Yields:
            Keys in ascending order.

        Raises:
            SinkError: The database failed, or the resource has no unique key.
        """
        for key, _, deleted in self.stamps(None, *_ALL):
            if not deleted:
                yield key

    def stamps(
        self, column: str | None, low: int, high: int
    ) -> list[tuple[int, datetime | None, bool]]:
        """Return key, stamp in UTC, and whether it is marked as deleted, of each row.

        Args:
            column: The column of the stamp; None if there is none.
            low: The keys are above it.
            high: The keys are at most this. They come in ascending order.

        Raises:
            SinkError: The database failed, or the resource has no unique key.
        """
        self._require_keyed()
        own = self._layouts[0]
        limits = max(low, _ALL[0]) + 1, min(high, _ALL[1])
        if limits[0] > limits[1]:
            return []
        return self._selected_stamps(column, sql.between(own), limits)

    def stamps_of(
        self, column: str | None, keys: Sequence[int]
    ) -> list[tuple[int, datetime | None, bool]]:
        """Return the same for those of *keys* that the copy has.

        Raises:
            SinkError: The database failed, or the resource has no unique key.
        """
        self._require_keyed()
        wanted = sorted(set(keys))
        stamps: list[tuple[int, datetime | None, bool]] = []
        for start in range(0, len(wanted), _KEYS):
            among = sql.among(self._layouts[0], wanted[start : start + _KEYS])
            stamps += self._selected_stamps(column, among, ())
        return stamps

    def rows(self, table: str) -> Iterator[Row]:
        """Yield the rows of one table that are not marked as deleted.

        Args:
            table: The name of the table, without a prefix.

        Yields:
            Rows in the order of their keys, with values as they were written,
            but for the order of names in JSON and zeros at the end of decimals.
            Those of a table without a unique key come in any order.

        Raises:
            SinkError: The database failed, or there is no such table.
        """
        self._require_open()
        self._flush()
        named = {layout.table.name: layout for layout in self._layouts}
        if table not in named:
            self._refuse(f"there is no table {table} of this resource")
        layout = named[table]
        key = [c.name in layout.table.key for c in layout.table.columns]
        last: tuple[Any, ...] = ()
        while page := self._rows_after(layout, last):
            yield from page
            if not layout.table.key:
                return
            last = tuple(
                value for value, in_key in zip(page[-1], key, strict=True) if in_key
            )

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
        time = (datetime.fromtimestamp(at, UTC),)
        with self._errors_reported("rows cannot be marked"), self._transaction():
            for start in range(0, len(keys), _KEYS):
                for layout in self._layouts:
                    some = keys[start : start + _KEYS]
                    self._engine.execute(sql.mark_deleted(layout, some), time)

    def metadata(self, name: str, value: str | None = None) -> str | None:
        """Store *value* beside the data under *name*; return what is stored.

        What was gathered is written in the same transaction, so that no value
        is about rows that are not stored. While a copy is being replaced, it is
        about the new one.

        Raises:
            SinkError: The database failed.
        """
        self._require_open()
        full = f"{PENDING if self._migrator.replacing else METADATA}{name}"
        if value is not None:
            self._flush({full: value})
        with self._errors_reported("metadata cannot be read"):
            return self._state.get(full)

    @abstractmethod
    def _flush(self, values: Mapping[str, str | None] | None = None) -> None:
        """Write what was gathered."""

    @abstractmethod
    def _forget(self) -> None:
        """Forget what was gathered."""

    def _rows_after(self, layout: Layout, last: tuple[Any, ...]) -> list[Row]:
        statement = sql.select_rows(layout, _PAGE, after=bool(last))
        kinds: list[Kind] = [column.kind for column in layout.table.columns]
        value = self._engine.value
        with self._errors_reported("rows cannot be read"):
            return [
                tuple(map(value, kinds, row))
                for row in self._engine.execute(statement, last)
            ]

    def _selected_stamps(
        self, column: str | None, condition: str, limits: tuple[int, ...]
    ) -> list[tuple[int, datetime | None, bool]]:
        self._flush()
        statement = sql.select_stamps(self._layouts[0], column, condition)
        value = self._engine.value
        with self._errors_reported("keys cannot be read"):
            return [
                (key, value("datetime", stamp), bool(deleted))
                for key, stamp, deleted in self._engine.execute(statement, limits)
            ]

    @contextmanager
    def _transaction(self) -> Generator[None, None, None]:
        """Write, unless another run was opened since."""
        with self._engine.transaction():
            if self._state.get("writer") != self._writer:
                message = (
                    f"{self._engine.where}: table {self._layouts[0].name}: another run "
                    "was started meanwhile; let it end, then run again"
                )
                conflict = SinkConflict(message)
                conflict.retryable = True
                raise conflict
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

    @property
    def _state(self) -> State:
        return self._migrator.state

    def _require_open(self) -> None:
        if not self._layouts:
            self._refuse("the sink is not open, or has failed; open a new one")

    def _require_keyed(self) -> None:
        self._require_open()
        if not self._layouts[0].table.key:
            self._refuse(f"table {self._layouts[0].name}: it has no unique key")

    def _refuse(self, problem: str) -> NoReturn:
        raise SinkError(f"{self._engine.where}: {problem}")

    def _release(self) -> None:
        self._layouts = ()
        self._forget()
        self._engine.disconnect()
