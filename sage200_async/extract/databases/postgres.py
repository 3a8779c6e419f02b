"""PostgreSQL: rows are copied into a temporary table, and taken over from there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sage200_async._optional import require
from sage200_async.errors import SettingsError, SinkError
from sage200_async.extract.databases.sql import Dialect, quoted
from sage200_async.extract.databases.value_limits import takes_integer, takes_text

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import psycopg

    from sage200_async.extract.tables import Column, Row

_LONGEST: Final = 63
# Bytes in a name; PostgreSQL cuts longer ones, and says so to nobody.
# Source: postgresql.org, "Identifiers and Key Words", NAMEDATALEN.
_MAKING: Final = 200_200_200
# The advisory lock of whoever makes tables, shared by those who write rows: two
# makers would collide, and a run that was killed may yet be committing.


class PostgreSQL:
    """A PostgreSQL database.

    Decimals are ``numeric``, without limits; members are ``jsonb``.

    Args:
        url: As libpq reads it, with ``postgresql://`` at its beginning.
        schema: Where the tables go; by default where the connection makes them.

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
        mark="%s",
    )
    """How it words SQL."""

    def __init__(self, url: str, schema: str = "") -> None:
        require("a PostgreSQL database", "postgres", "psycopg")
        self._url = url
        self._wanted = self.schema = schema
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self.where = _where(url)
        """What and where it is, without user and password."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What its library raises."""
        from psycopg import Error  # noqa: PLC0415 - an extra

        return Error, UnicodeEncodeError

    def connect(self) -> None:
        """Connect, and learn where tables are made."""
        from psycopg import connect  # noqa: PLC0415 - an extra

        self._connection = connect(
            self._url, autocommit=True, fallback_application_name="sage200_async"
        )
        if not self._wanted:
            found = self.ask("SELECT current_schema()")[0][0]
            self.schema = found or "public"

    def disconnect(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextmanager
    def transaction(self, *, making: bool = False) -> Generator[None, None, None]:
        """Do all that is done inside, or nothing."""
        with self._open().transaction():
            shared = "" if making else "_shared"
            self.ask(f"SELECT pg_advisory_xact_lock{shared}(%s)", (_MAKING,))
            yield

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; give the rows that it gives."""
        cursor = self._open().execute(sql.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def columns(self, name: str) -> dict[str, str]:
        """Give the type of each column of a table; none where there is no table.

        Raises:
            SinkError: The name is longer than PostgreSQL keeps.
        """
        if len(name.encode()) > _LONGEST:
            message = (
                f"{self.where}: table {name}: expected a name of {_LONGEST} bytes at "
                f"most, got {len(name.encode())}: use a shorter prefix"
            )
            raise SinkError(message)
        statement = (
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE "
            "attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
        )
        full = f"{quoted(self.schema)}.{quoted(name)}"
        return dict(self.ask(statement, (full,)))

    def make_schema(self) -> None:
        """Make the schema where one was asked for that is missing."""
        if self._wanted:
            self.ask(f"CREATE SCHEMA IF NOT EXISTS {quoted(self._wanted)}")

    def load(self, stage: str, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Add rows to a temporary table."""
        names = ", ".join(quoted(each.name) for each in columns)
        statement = f"COPY {quoted(stage)} ({names}) FROM STDIN".encode()
        with self._open().cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def takes(self, column: Column, value: Any) -> str:
        """Say what *column* can hold where *value* is not that; else nothing."""
        if column.kind == "integer":
            return takes_integer(value)
        return takes_text(value, without="\\u0000" if column.kind == "json" else "\0")

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        from psycopg import OperationalError  # noqa: PLC0415 - an extra

        if self._connection is None:
            raise OperationalError("it is not open")
        return self._connection


def _where(url: str) -> str:
    from psycopg import ProgrammingError  # noqa: PLC0415 - an extra
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - an extra

    try:
        parts = {name: str(told) for name, told in conninfo_to_dict(url).items()}
    except ProgrammingError:
        parts = {}
    host, port = parts.get("host", "localhost"), parts.get("port", "5432")
    shown = f"{host}:{port}/{parts.get('dbname', '')}"
    # A password with a bare "/" or "@" in it ends up in the host or the database.
    if not parts or "@" in shown or not port.replace(",", "").isdecimal():
        message = (
            "database: expected postgresql://user:password@host:port/database, with "
            "%40 for @ and %2F for / in a password, got a URL that is not understood"
        )
        raise SettingsError(message, name="database") from None
    return f"PostgreSQL at {shown}"
