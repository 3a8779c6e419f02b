"""PostgreSQL: rows are copied into a staging table, and merged from there."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sage200_async._optional import require
from sage200_async.errors import SettingsError, SinkError
from sage200_async.errors.base import bare
from sage200_async.extract.databases.sql import Dialect, quoted
from sage200_async.extract.databases.value_limits import value_rejection
from sage200_async.extract.text_values import utc

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    import psycopg

    from sage200_async.extract.tables import Column, Kind, Row

_MAX_NAME: Final = 63
# Bytes in a name; PostgreSQL cuts longer ones without an error.
# Source: postgresql.org, "Identifiers and Key Words", NAMEDATALEN.
_BLOCK: Final = 500
# Rows that are read at once.
_CURSOR: Final = "sage200"
# A cursor with a name is the server's: the rows are not sent before they are wanted.
_LOCK: Final = 200_200_200
# The number of the advisory lock: exclusive to create tables, shared to write rows.
# Two that create would collide, and a run that was killed may still be committing.


class PostgreSQL:
    """A PostgreSQL database.

    Decimals are ``numeric``, without limits; related records are ``jsonb``.

    Args:
        url: A URL of libpq, which begins with ``postgresql://``.
        schema: The schema of the tables; by default the connection's.

    Raises:
        SettingsError: libpq does not understand the URL, which is not shown.
        MissingExtra: ``psycopg`` is not installed.
    """

    dialect = Dialect(
        types={
            "integer": "bigint",
            "number": "numeric",
            "text": "text",
            "boolean": "boolean",
            "datetime": "timestamp with time zone",
            "json": "jsonb",
        },
        placeholder="%s",
        # As text, since a session's time zone may put the year 9999 into 10000.
        selected={
            "datetime": "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
            "json": "{}::text",
        },
        # to_char is null for infinity, and takes no notice of years before 1.
        compared={
            "datetime": "CASE WHEN isfinite({0}) AND {0} >= '0001-01-01 00:00Z' "
            "THEN to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') "
            "ELSE {0}::text END"
        },
    )
    """Its words in SQL."""

    def __init__(self, url: str, schema: str = "") -> None:
        require("a PostgreSQL database", "postgres", "psycopg")
        self._url = url
        self._requested_schema = self.schema = schema
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self.where = _where(url)
        """Its host and name, without user and password."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """The errors of its library."""
        from psycopg import Error  # noqa: PLC0415 - an extra

        return Error, UnicodeEncodeError, OverflowError

    @property
    def value_errors(self) -> tuple[type[Exception], ...]:
        """Those that a value can cause; the last two by nested JSON."""
        from psycopg import DataError, IntegrityError, errors  # noqa: PLC0415 - an extra

        return (
            DataError,
            IntegrityError,
            UnicodeEncodeError,
            OverflowError,
            errors.StatementTooComplex,
            errors.ProgramLimitExceeded,
        )

    def connect(self) -> None:
        """Connect, and ask for the schema in which tables are created."""
        self._connection = _connected(self._url)
        if not self._requested_schema:
            current = self.execute("SELECT current_schema()")[0][0]
            self.schema = current or "public"

    @contextmanager
    def reading(self) -> Generator[None, None, None]:
        """Connect to read only, and see one state of the database inside."""
        self.connect()
        try:
            with self._open().transaction():
                self.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
                )
                yield
        finally:
            self.disconnect()

    def blocks(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """Run one query; yield its rows, some hundred at a time."""
        with self._open().cursor(_CURSOR) as cursor:
            cursor.execute(sql.encode())
            while rows := cursor.fetchmany(_BLOCK):
                yield rows

    def disconnect(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextmanager
    def transaction(self, *, creating: bool = False) -> Generator[None, None, None]:
        """Do everything inside, or nothing."""
        with self._open().transaction():
            shared = "" if creating else "_shared"
            self.execute(f"SELECT pg_advisory_xact_lock{shared}(%s)", (_LOCK,))
            yield

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows."""
        cursor = self._open().execute(sql.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def change(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement; return how many rows it has written or deleted."""
        return self._open().execute(sql.encode(), values or None).rowcount

    def columns(self, name: str) -> dict[str, str]:
        """Return the type of each column of a table; none if there is no table.

        Raises:
            SinkError: The name is too long for PostgreSQL.
        """
        if len(name.encode()) > _MAX_NAME:
            message = (
                f"{self.where}: table {name}: names have at most {_MAX_NAME} bytes, "
                f"this one has {len(name.encode())}; use a shorter prefix"
            )
            raise SinkError(message)
        statement = (
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE "
            "attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
        )
        full = f"{quoted(self.schema)}.{quoted(name)}"
        return dict(self.execute(statement, (full,)))

    def create_schema(self) -> None:
        """Create the schema if one was requested and is missing."""
        name = quoted(self._requested_schema)
        # IF NOT EXISTS needs the right to create schemas even if there is one.
        if (
            self._requested_schema
            and not self.execute("SELECT to_regnamespace(%s)::text", (name,))[0][0]
        ):
            self.execute(f"CREATE SCHEMA {name}")

    def mark(self, table: str, mark: str) -> None:
        """Keep *mark* in the comment of a table."""
        self.execute(f"COMMENT ON TABLE {table} IS '{mark}'")

    def marker(self, name: str) -> str:
        """Return the comment of a table."""
        statement = "SELECT obj_description(to_regclass(%s), 'pg_class')"
        full = f"{quoted(self.schema)}.{quoted(name)}"
        return self.execute(statement, (full,))[0][0] or ""

    def load(
        self, staging: str, columns: Sequence[Column], rows: Sequence[Row]
    ) -> None:
        """Insert rows into a staging table."""
        names = ", ".join(quoted(column.name) for column in columns)
        statement = f"COPY {staging} ({names}) FROM STDIN".encode()
        times = [n for n, column in enumerate(columns) if column.kind == "datetime"]
        with self._open().cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(_stored(row, times))

    def value(self, kind: Kind, stored: Any) -> Any:
        """Return a value that was selected as `Row` has it."""
        if kind == "datetime" and stored is not None:
            return datetime.fromisoformat(stored).replace(tzinfo=UTC)
        return stored

    def explain_rejection(self, column: Column, value: Any) -> str:
        """Return what *column* can hold if *value* does not fit; else nothing."""
        without = "\\u0000" if column.kind == "json" else "\0"
        return value_rejection(column.kind, value, without=without)

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        from psycopg import OperationalError  # noqa: PLC0415 - an extra

        if self._connection is None:
            raise OperationalError("it is not open")
        return self._connection


def _stored(row: Row, times: Sequence[int]) -> Sequence[Any]:
    """Return a row with its times in UTC, whatever the session's time zone is."""
    if not times:
        return row
    values = list(row)
    for n in times:
        if values[n] is not None:
            values[n] = utc(values[n])
    return values


def _connected(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Return a connection; an error keeps no frame that holds the password."""
    from psycopg import Error, connect  # noqa: PLC0415 - an extra

    try:
        # No prepared statements, since behind PgBouncer the next transaction may be
        # another server connection's.
        return connect(
            url,
            autocommit=True,
            prepare_threshold=None,
            fallback_application_name="sage200_async",
        )
    except Error as error:
        failure = bare(error)
    del url
    raise failure


def _where(url: str) -> str:
    from psycopg import ProgrammingError  # noqa: PLC0415 - an extra
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - an extra

    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        parts = {}
    host, port = parts.get("host", "localhost"), parts.get("port", "5432")
    shown = f"{host}:{port}/{parts.get('dbname', '')}"
    # A password with a bare "/" or "@" in it ends up in the host or the database.
    if not parts or "@" in shown or not port.replace(",", "").isdecimal():
        message = (
            "database: the URL must be postgresql://user:password@host:port/database, "
            "with %40 for @ and %2F for / in a password"
        )
        raise SettingsError(message, name="database") from None
    return f"PostgreSQL at {shown}"
