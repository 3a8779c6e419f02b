"""From the URL of a database to the sink."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

from sage200_async.errors import SettingsError
from sage200_async.errors.base import bare
from sage200_async.extract.databases.sink import DatabaseSink

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.rejects import RejectedRow

_PREFIX: Final = re.compile(r"(?:[a-z][a-z0-9_]{0,39}\.?)?")

_LIKE_A_URL: Final = re.compile(
    r"[a-z][a-z0-9+.]+:|[^/\\.][^/\\]*//|(//)?[^/\\.][^/\\]*@", re.IGNORECASE
)
# A scheme of two letters or more (one is a drive of Windows), two slashes, or an @.
_PASSWORD: Final = re.compile(r"(password|passwd|pwd)\s*=", re.IGNORECASE)
# As in the connection strings of libpq, ODBC and .NET.


def database_at(
    url: str,
    prefix: str = "",
    *,
    on_reject: Callable[[RejectedRow], object] | None = None,
) -> DatabaseSink:
    """Return a sink for one resource in a database.

    ``sqlite:///copy.db`` or ``duckdb:///copy.duckdb``, where four slashes begin
    an absolute path; ``postgresql://user:password@host:5432/database``, with
    any option of libpq. Each resource needs a sink of its own.

    Nothing is created or connected yet.

    Args:
        url: The URL of the database.
        prefix: The beginning of table names, so that several companies can
            share a database: ``"north_"`` makes ``north_customers``. One that
            ends in a dot is a schema, which SQLite does not have: ``"north."``.
        on_reject: Called with each record that the database cannot hold, and that
            is left out then; by default such a record is an error.

    Raises:
        SettingsError: The URL or the prefix is malformed. A password in the
            URL is not shown.
        MissingExtra: The database needs a package that is not installed.

    Example:
        >>> database_at("sqlite:///copy.db")
        DatabaseSink('SQLite at copy.db', '')
    """
    try:
        return _sink_at(url, prefix, on_reject)
    except SettingsError as error:
        failure = bare(error)
    del url  # it may hold a password, and tracebacks may show variables
    raise failure


def _sink_at(
    url: str, prefix: str, on_reject: Callable[[RejectedRow], object] | None
) -> DatabaseSink:
    if not _PREFIX.fullmatch(prefix):
        _refuse("a prefix of a-z, 0-9 and '_', or a schema and a dot", prefix)
    schema = prefix.removesuffix(".") if prefix.endswith(".") else ""
    database = engine_at(url, schema)
    return DatabaseSink(database, "" if schema else prefix, on_reject=on_reject)


def engine_at(url: str, schema: str = "") -> Engine:
    """Return the engine of the database at *url*; nothing is connected yet.

    Raises:
        SettingsError: The URL is malformed. A password in it is not shown.
        MissingExtra: The database needs a package that is not installed.
    """
    try:
        parts = urlsplit(url)
        engine = _ENGINES[parts.scheme]
    except (KeyError, ValueError):
        _refuse("sqlite:///path, duckdb:///path or postgresql://...", _shown(url))
    return engine(url, parts, schema)


def folder_at(url: str) -> Path | None:
    """Return the folder of a database's file; None where the URL names no file.

    Raises:
        SettingsError: The URL is malformed.

    Example:
        >>> str(folder_at("sqlite:///copies/a.db")), folder_at("postgresql://host/db")
        ('copies', None)
    """
    if url.partition(":")[0] not in _IN_FILES:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        _refuse("sqlite:///path or duckdb:///path", _shown(url))
    return _path(url, parts).parent


def is_database(destination: str) -> bool:
    r"""Whether *destination* is the URL of a database, maybe a misspelt one.

    All else is a folder. A folder's name is shown and created, so nothing with a
    password may count as one.

    Example:
        >>> is_database("postgresql:user:pw@host"), is_database("pgsql//u:pw@host")
        (True, True)
        >>> is_database("host=h user=u password=pw"), is_database("Server=h;PWD=pw")
        (True, True)
        >>> is_database("out/2026"), is_database(r"C:\out"), is_database("./a@b")
        (False, False, False)
    """
    has_password = _PASSWORD.search(destination) is not None
    return has_password or _LIKE_A_URL.match(destination) is not None


def _sqlite(url: str, parts: SplitResult, schema: str) -> Engine:
    path = _path(url, parts)
    if schema:
        _refuse("a prefix without a dot, as SQLite has no schemas", f"{schema}.")
    from sage200_async.extract.databases.sqlite import (  # noqa: PLC0415 - a late import
        SQLite,
    )

    return SQLite(path)


def _duckdb(url: str, parts: SplitResult, schema: str) -> Engine:
    from sage200_async.extract.databases.duckdb import DuckDB  # noqa: PLC0415 - a late import

    return DuckDB(_path(url, parts), schema)


def _postgres(url: str, parts: SplitResult, schema: str) -> Engine:
    del parts  # libpq reads the URL itself
    from sage200_async.extract.databases.postgres import (  # noqa: PLC0415 - a late import
        PostgreSQL,
    )

    return PostgreSQL(url, schema)


def _path(url: str, parts: SplitResult) -> Path:
    path = unquote(parts.path.removeprefix("/"))
    named = parts.path.startswith("/") and path and not path.endswith("/")
    if parts.netloc or parts.query or parts.fragment or not named:
        _refuse(f"{parts.scheme}:///path", _shown(url))
    return Path(path)


def _refuse(expected: str, got: str) -> NoReturn:
    message = f"database: must be {expected}; got {got!r}"
    raise SettingsError(message, name="database") from None


def _shown(url: str) -> str:
    """Return the URL, or only its scheme if the rest may have a password."""
    scheme, _, rest = url.partition(":")
    may_be_secret = "@" in url or _PASSWORD.search(url) is not None
    if scheme in _IN_FILES and not may_be_secret:
        return url
    is_scheme = scheme in _ENGINES or (scheme.isalnum() and rest.startswith("//"))
    return f"{scheme}:..." if is_scheme else "another URL"


_IN_FILES: Final = {"sqlite", "duckdb"}
_ENGINES: Final[dict[str, Callable[[str, SplitResult, str], Engine]]] = {
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "postgresql": _postgres,
    "postgres": _postgres,
}
