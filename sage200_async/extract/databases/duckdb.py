"""DuckDB: one file, read in columns."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sage200_async._optional import require
from sage200_async.errors import SinkError
from sage200_async.extract.databases.sql import Dialect, quoted
from sage200_async.extract.databases.sqlite import (
    BLOCK,
    require_file,
    require_folder,
)
from sage200_async.extract.databases.value_limits import (
    DIGITS,
    PLACES,
    decimal_rejection,
    value_rejection,
)
from sage200_async.extract.text_values import utc

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    import duckdb

    from sage200_async.extract.tables import Column, Kind, Row

_OLDEST: Final = (1, 2)
# 1.1.0 forgets, when a file is opened again, which keys are in it.
_WRITING: Final = threading.RLock()
# Where SQLite waits, DuckDB fails: two threads that write the state table at once
# conflict. DuckDB itself keeps out other processes.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class DuckDB:
    """A DuckDB file. Only one process has it open at a time.

    Decimals are ``DECIMAL(38,10)``: one that does not fit is refused, never
    rounded.

    Args:
        path: The file; created if it is missing, but its folder is not.
        schema: The schema of the tables.

    Raises:
        MissingExtra: ``duckdb`` or ``pyarrow`` is not installed.
    """

    dialect = Dialect(
        types={
            "integer": "BIGINT",
            "number": f"DECIMAL({DIGITS},{PLACES})",
            "text": "VARCHAR",
            "boolean": "BOOLEAN",
            "datetime": "TIMESTAMP WITH TIME ZONE",
            "json": "JSON",
        },
        selected={"datetime": "epoch_us({})"},
        # epoch_us is null for infinity; this is past any time that Python has.
        compared={
            "datetime": "CASE WHEN {0} IS NULL OR isfinite({0}) THEN epoch_us({0}) "
            "ELSE 9223372036854775807 END"
        },
        # A key that is deleted cannot be inserted again in the same transaction.
        staging_is_unique=False,
    )
    """Its words in SQL."""

    def __init__(self, path: str | Path, schema: str = "") -> None:
        require("a DuckDB file", "duckdb", "duckdb", "pyarrow")
        arrow: Any = import_module("pyarrow")
        self._arrow = arrow
        self._types: dict[Kind, Any] = {
            "integer": arrow.int64(),
            "number": arrow.decimal128(DIGITS, PLACES),
            "text": arrow.string(),
            "boolean": arrow.bool_(),
            "datetime": arrow.timestamp("us", tz="UTC"),
            "json": arrow.string(),
        }
        self._path = Path(path)
        self._connection: duckdb.DuckDBPyConnection | None = None
        self.schema = schema or "main"
        """The schema of the tables."""

    @property
    def where(self) -> str:
        """Its kind and its path."""
        return f"DuckDB at {self._path}"

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """The errors of its library, and of pyarrow."""
        from duckdb import Error  # noqa: PLC0415 - an extra

        arrow: type[Exception] = self._arrow.ArrowException
        return Error, arrow, OverflowError, UnicodeEncodeError

    @property
    def value_errors(self) -> tuple[type[Exception], ...]:
        """Those that a value can cause."""
        from duckdb import DataError, IntegrityError, InvalidInputException  # noqa: PLC0415 - an extra

        arrow: type[Exception] = self._arrow.ArrowException
        own = DataError, IntegrityError, InvalidInputException
        return *own, arrow, OverflowError, UnicodeEncodeError

    def connect(self) -> None:
        """Open the file.

        Raises:
            SinkError: Its folder is missing, or DuckDB is older than 1.2.
        """
        from duckdb import __version__, connect  # noqa: PLC0415 - an extra

        if tuple(map(int, __version__.split(".")[:2])) < _OLDEST:
            message = f"{self.where}: DuckDB {__version__} can store a key twice"
            raise SinkError(f"{message}; install DuckDB 1.2 or later")
        require_folder(self.where, self._path)
        self._connection = connect(str(self._path))

    @contextmanager
    def reading(self) -> Generator[None, None, None]:
        """Open the file to read only, and see one state of it inside.

        Raises:
            SinkError: There is no such file.
        """
        from duckdb import connect  # noqa: PLC0415 - an extra

        require_file(self.where, self._path)
        self._connection = connect(str(self._path), read_only=True)
        try:
            self.execute("BEGIN TRANSACTION")
            yield
        finally:
            self.disconnect()

    def blocks(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """Run one query; yield its rows, some hundred at a time."""
        result = self._open().execute(sql)
        while rows := result.fetchmany(BLOCK):
            yield rows

    def disconnect(self) -> None:
        """Close it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextmanager
    def transaction(self, *, creating: bool = False) -> Generator[None, None, None]:
        """Do everything inside, or nothing; other writers wait."""
        del creating  # any writer is the only one
        with _WRITING:
            self.execute("BEGIN TRANSACTION")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows."""
        return self._open().execute(sql, list(values)).fetchall()

    def change(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement; return how many rows it has written or deleted."""
        count: int = self.execute(sql, values)[0][0]
        return count

    def columns(self, name: str) -> dict[str, str]:
        """Return the type of each column of a table; none if there is no table."""
        statement = (
            "SELECT column_name, data_type FROM duckdb_columns() WHERE "
            "database_name = current_database() AND schema_name = ? AND table_name = ?"
        )
        return dict(self.execute(statement, (self.schema, name)))

    def create_schema(self) -> None:
        """Create the schema if it is missing."""
        self.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(self.schema)}")

    def mark(self, table: str, mark: str) -> None:
        """Keep *mark* in the comment of a table."""
        self.execute(f"COMMENT ON TABLE {table} IS '{mark}'")

    def marker(self, name: str) -> str:
        """Return the comment of a table."""
        statement = (
            "SELECT comment FROM duckdb_tables() WHERE "
            "database_name = current_database() AND schema_name = ? AND table_name = ?"
        )
        rows = self.execute(statement, (self.schema, name))
        return (rows[0][0] or "") if rows else ""

    def load(
        self, staging: str, columns: Sequence[Column], rows: Sequence[Row]
    ) -> None:
        """Insert rows into a staging table, by column: one by one they take minutes."""
        if not rows:
            return
        values_by_column = zip(*rows, strict=True)
        arrays = [
            self._arrow.array(_stored(column, values), self._types[column.kind])
            for column, values in zip(columns, values_by_column, strict=True)
        ]
        names = [column.name for column in columns]
        connection, view = self._open(), "_sage200_rows"
        connection.register(view, self._arrow.Table.from_arrays(arrays, names=names))
        listed = ", ".join(map(quoted, names))
        statement = (
            f"INSERT INTO {staging} ({listed}) SELECT {listed} FROM {quoted(view)}"
        )
        self.execute(statement)
        connection.unregister(view)

    def value(self, kind: Kind, stored: Any) -> Any:
        """Return a value that was selected as `Row` has it."""
        if kind == "datetime" and stored is not None:
            return _EPOCH + timedelta(microseconds=stored)
        return stored

    def explain_rejection(self, column: Column, value: Any) -> str:
        """Return what *column* can hold if *value* does not fit; else nothing."""
        if column.kind == "number":
            return decimal_rejection(value)
        return value_rejection(column.kind, value)

    def _open(self) -> duckdb.DuckDBPyConnection:
        from duckdb import ConnectionException  # noqa: PLC0415 - an extra

        if self._connection is None:
            raise ConnectionException("it is not open")
        return self._connection

    def _roll_back(self) -> None:
        """Undo what was done, unless DuckDB did so itself."""
        try:
            self.execute("ROLLBACK")
        except self.failures:
            self.disconnect()


def _stored(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a column as pyarrow takes them."""
    if column.kind != "datetime":
        return values
    return [None if at is None else utc(at) for at in values]
