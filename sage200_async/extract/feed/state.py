"""What a consumer has acknowledged, and who may feed: beside the copies, in one database."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sage200_async.errors import ExtractError, LeaseLost, SettingsError, SinkError
from sage200_async.extract.databases.sql import Layout
from sage200_async.extract.databases.sqlite import SQLite
from sage200_async.extract.databases.urls import engine_at, is_database
from sage200_async.extract.feed.feed_sql import COLUMNS, GONE, Statements

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from datetime import datetime

    from sage200_async.extract.tables import Table

PREFIX: Final = "changes_"
"""What the names of the copies begin with."""
PAGE: Final = 500
"""Changes that are handed out at once."""
_SHARED: Final = ("sqlite:", "postgresql:", "postgres:")
_NAME: Final = "feed"
_BUSY: Final = {"SQLITE_BUSY", "SQLITE_LOCKED"}
_LOWEST: Final = -(2**63)
_NEVER: Final = ("", None)
_FEW: Final = 3
# Keys that a copy may lack, of however few.


class Pending(NamedTuple):
    """A key whose version is not the one that was acknowledged."""

    key: int
    stamp: datetime | None
    version: str
    """`GONE` where it is deleted."""
    record: str | None
    was_present: bool
    """Whether it was last acknowledged as present."""


def _not_shared(url: str) -> SettingsError:
    """Return the error for what is not the URL of a database that processes share."""
    message = "state: must be sqlite:///path or postgresql://..., for a feed"
    if not is_database(url):  # a path, without a password
        message += f"; for this file sqlite:///{url}"
    elif url.startswith("duckdb:"):
        message += ": DuckDB cannot be shared by processes"
    return SettingsError(message, name="state")


class FeedState:
    """What was acknowledged, and the lease. Its methods block, one at a time.

    Args:
        url: ``sqlite:///state.db`` for one machine, ``postgresql://…`` for several.
        lease: Seconds until another process takes over.

    Raises:
        SettingsError: It is another URL, or malformed.
    """

    def __init__(self, url: str, lease: float) -> None:
        if not url.startswith(_SHARED):
            raise _not_shared(url)
        self._engine = engine_at(url)
        self._is_local = isinstance(self._engine, SQLite)
        self._seconds = lease
        self._owner = uuid.uuid4().hex
        self._is_connected = False
        self._asked_at = 0.0

    @property
    def where(self) -> str:
        """The database and its place, without passwords."""
        return self._engine.where

    def acquire(self) -> bool:
        """Take the lease if it is free; return whether it is held.

        Raises:
            SinkError: The database failed.
        """
        with self._transaction(creating=True) as sql:
            now = self._now()
            held = self._engine.execute(sql.holder(), (_NAME,))
            if held and held[0][0] != self._owner and held[0][1] > now:
                return False
            values = (_NAME, self._owner, now + self._seconds)
            self._engine.execute(sql.take(), values)
            return True

    def renew(self) -> None:
        """Move the end of the lease.

        Raises:
            LeaseLost: It has ended, or is another's.
            SinkError: The database failed.
        """
        with self._transaction() as sql:
            # Another process that took it would be its owner.
            values = (self._now() + self._seconds, _NAME, self._owner, 0.0)
            if not self._engine.change(sql.renew(), values):
                raise self._lease_lost()

    def release(self) -> None:
        """Release the lease if it is held, and disconnect."""
        with suppress(SinkError), self._transaction() as sql:
            self._engine.execute(sql.release(), (self._owner,))
        self._disconnect()

    def start(self, table: Table, resource: str) -> None:
        """Acknowledge all of a copy, unless that was done or some was handed out."""
        with self._transaction() as sql:
            self._require_lease(sql)
            if not self._engine.execute(sql.any_acked(), (resource,)):
                statement = sql.acknowledge_all(self._layout(table))
                self._engine.execute(statement, (resource,))
                started = (resource, _LOWEST, GONE)  # no key of a record
                self._engine.execute(sql.acknowledge([started]))

    def pending(
        self,
        table: Table,
        resource: str,
        after: int | None,
        skip: Mapping[int, tuple[str, object]],
    ) -> tuple[list[Pending], int | None]:
        """Return changes to hand out, in the order of their keys, and note that they are.

        Args:
            table: The table of the copy.
            resource: The name of the resource.
            after: The keys are above it; None for all.
            skip: What was handed out by this process already, by key: the version
                comes first.

        Returns:
            The changes, and the last key that was looked at; None where there are no
            more.

        Raises:
            LeaseLost: The lease has ended, or is another's.
            SinkError: The database failed.
        """
        low = _LOWEST if after is None else after
        with self._transaction() as sql:
            self._require_lease(sql)
            copy = self._layout(table)
            statement = sql.pending(copy, resource, low, PAGE)
            rows = [self._pending(row) for row in self._engine.execute(statement)]
            new = [one for one in rows if skip.get(one.key, _NEVER)[0] != one.version]
            if new:
                self._engine.execute(sql.hand_out(resource, [one.key for one in new]))
        return new, rows[-1].key if len(rows) == PAGE else None

    def require_few_lost(
        self, table: Table, resource: str, max_fraction: float
    ) -> None:
        """Refuse many deletes at once where a copy was lost and built anew.

        Raises:
            ExtractError: More of what was acknowledged is gone than is believed.
            SinkError: The database failed.
        """
        with self._transaction() as sql:
            statement = sql.count_lost(self._layout(table), resource)
            known, lost = self._engine.execute(statement)[0]
        if max_fraction < 1 and lost > max(_FEW, max_fraction * known):
            message = (
                f"{resource}: {lost:,} of {known:,} records that were handed out before "
                "are not in the copy that was built anew; none is handed out as deleted. "
                "If they are deleted indeed, raise --max-deleted (max_deleted=)"
            )
            raise ExtractError(message)

    def acknowledge(self, rows: Sequence[tuple[str, int, str]]) -> None:
        """Store the versions of resources and keys, in one transaction.

        Raises:
            LeaseLost: The lease has ended, or is another's.
            SinkError: The database failed.
        """
        with self._transaction() as sql:
            self._require_lease(sql)
            for start in range(0, len(rows), PAGE):
                statement = sql.acknowledge(rows[start : start + PAGE])
                self._engine.execute(statement)

    def _pending(self, row: tuple[Any, ...]) -> Pending:
        key, stamp, version, record, was_present, gone = row
        at = None if stamp is None else self._engine.value("datetime", stamp)
        shown = GONE if gone or version is None else version
        return Pending(key, at, shown, record, bool(was_present))

    def _layout(self, table: Table) -> Layout:
        engine = self._engine
        return Layout(table, engine.schema, PREFIX + table.name, engine.dialect)

    def _require_lease(self, sql: Statements) -> None:
        values = (self._now() + self._seconds, _NAME, self._owner, self._asked_at)
        if not self._engine.change(sql.renew(), values):
            raise self._lease_lost()

    def _lease_lost(self) -> LeaseLost:
        return LeaseLost(
            f"{self.where}: the lease has ended, and another process may feed from "
            "this state by now; open the feed anew"
        )

    def _now(self) -> float:
        """Return seconds since 1970 by the clock that all processes share."""
        if self._is_local:
            return time.time()
        statement = "SELECT extract(epoch FROM clock_timestamp())::float8"
        now: float = self._engine.execute(statement)[0][0]
        return now

    @contextmanager
    def _transaction(
        self, *, creating: bool = False
    ) -> Generator[Statements, None, None]:
        """Connect if that is needed; do everything inside, or nothing.

        Raises:
            SinkError: The database failed; the next call connects anew.
        """
        try:
            self._connect()
            # Before it may have to wait for the copy to be committed: nobody else can
            # take the lease while that goes on.
            self._asked_at = self._now()
            with self._engine.transaction(creating=creating):
                yield self._statements
        except self._engine.failures as error:
            self._disconnect()
            reason = str(error).partition("\n")[0] or type(error).__name__
            message = f"{self.where}: the state of the feed failed: {reason}"
            failure = SinkError(message)
            failure.retryable = getattr(error, "sqlite_errorname", "") in _BUSY
            raise failure from error

    def _connect(self) -> None:
        if self._is_connected:
            return
        self._create_private()
        self._engine.connect()
        self._is_connected = True
        self._statements = Statements(self._engine.schema, self._engine.dialect)
        with self._engine.transaction(creating=True):
            for name, wanted in COLUMNS.items():
                columns = self._engine.columns(name)
                if not columns:
                    self._engine.execute(self._statements.create(name))
                elif columns.keys() != wanted.keys():
                    message = (
                        f"{self.where}: table {name} was made by another version of "
                        "sage200_async; use that version, or another database"
                    )
                    raise SinkError(message)

    def _disconnect(self) -> None:
        self._is_connected = False
        self._engine.disconnect()

    def _create_private(self) -> None:
        """Create the file, for nobody else to read: it holds whole records."""
        if isinstance(self._engine, SQLite) and self._engine.path.parent.is_dir():
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR
            with suppress(FileExistsError):
                os.close(os.open(self._engine.path, flags, 0o600))
