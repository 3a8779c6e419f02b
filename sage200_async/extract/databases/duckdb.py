"""DuckDB: one file, read in columns."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sage200_async._optional import require
from sage200_async.errors import SinkError
from sage200_async.extract.databases.sql import Dialect, quoted
from sage200_async.extract.databases.sqlite import require_folder
from sage200_async.extract.databases.value_limits import (
    DIGITS,
    PLACES,
    takes_decimal,
    takes_integer,
    takes_text,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import duckdb

    from sage200_async.extract.tables import Column, Kind, Row

_SOUND: Final = (1, 2)
# 1.1.0 forgets, when a file is opened again, which keys are in it.
_WRITING: Final = threading.RLock()
# DuckDB gives up where SQLite waits: two that write the same table of books at
# once conflict. Other processes are kept out by DuckDB itself.


class DuckDB:
    """A DuckDB file. Only one process has it open at a time.

    Decimals are ``DECIMAL(38,10)``: one that does not fit is refused, never
    rounded.

    Args:
        path: The file; it is made where it is missing, its folder is not.
        schema: Where the tables go.

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
        }
    )
    """How it words SQL."""

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
        """Where the tables go."""

    @property
    def where(self) -> str:
        """What and where it is."""
        return f"DuckDB at {self._path}"

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What its library, and that which makes columns, raise."""
        from duckdb import Error  # noqa: PLC0415 - an extra

        arrow: type[Exception] = self._arrow.ArrowException
        return Error, arrow, OverflowError, UnicodeEncodeError

    def connect(self) -> None:
        """Open the file.

        Raises:
            SinkError: Its folder is missing, or DuckDB is older than 1.2.
        """
        from duckdb import __version__, connect  # noqa: PLC0415 - an extra

        if tuple(map(int, __version__.split(".")[:2])) < _SOUND:
            message = f"{self.where}: expected DuckDB 1.2 or later, got {__version__}"
            raise SinkError(f"{message}, in some of which a key can come twice")
        require_folder(self.where, self._path)
        self._connection = connect(str(self._path))

    def disconnect(self) -> None:
        """Close it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextmanager
    def transaction(self, *, making: bool = False) -> Generator[None, None, None]:
        """Do all that is done inside, or nothing; other writers wait."""
        del making  # any writer is the only one
        with _WRITING:
            self.ask("BEGIN TRANSACTION")
            try:
                yield
                self.ask("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; give the rows that it gives."""
        return self._open().execute(sql, list(values)).fetchall()

    def columns(self, name: str) -> dict[str, str]:
        """Give the type of each column of a table; none where there is no table."""
        statement = (
            "SELECT column_name, data_type FROM duckdb_columns() WHERE "
            "database_name = current_database() AND schema_name = ? AND table_name = ?"
        )
        return dict(self.ask(statement, (self.schema, name)))

    def make_schema(self) -> None:
        """Make the schema where it is missing."""
        self.ask(f"CREATE SCHEMA IF NOT EXISTS {quoted(self.schema)}")

    def load(self, stage: str, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Add rows to a temporary table, in columns: one by one they take minutes."""
        if not rows:
            return
        cells = zip(*rows, strict=True)
        arrays = [
            self._arrow.array(values, self._types[column.kind])
            for column, values in zip(columns, cells, strict=True)
        ]
        names = [each.name for each in columns]
        connection, view = self._open(), f"{stage}_rows"
        connection.register(view, self._arrow.Table.from_arrays(arrays, names=names))
        listed = ", ".join(map(quoted, names))
        statement = f"INSERT INTO {quoted(stage)} ({listed}) SELECT {listed} FROM {quoted(view)}"
        self.ask(statement)
        connection.unregister(view)

    def takes(self, column: Column, value: Any) -> str:
        """Say what *column* can hold where *value* is not that; else nothing."""
        if column.kind == "integer":
            return takes_integer(value)
        if column.kind == "number":
            return takes_decimal(value)
        return takes_text(value, without="")

    def _open(self) -> duckdb.DuckDBPyConnection:
        from duckdb import ConnectionException  # noqa: PLC0415 - an extra

        if self._connection is None:
            raise ConnectionException("it is not open")
        return self._connection

    def _roll_back(self) -> None:
        """Undo what was done, unless DuckDB has done so itself."""
        try:
            self.ask("ROLLBACK")
        except self.failures:
            self.disconnect()
