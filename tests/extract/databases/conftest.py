"""Databases to write rows to, and another way to read what is in them."""

import contextlib
import itertools
import json
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from types import SimpleNamespace

import msgspec
import pytest

from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases.urls import database_at
from sage200_async.extract.sink import OpenOptions
from sage200_async.extract.tables import Column, Table
from sage200_async.paging.certificate import Certificate
from sage200_async.paging.key_ranges import KeyRange

OWN = Table(
    "orders",
    (
        Column("id", "integer"),
        Column("total", "number"),
        Column('the "text" of it', "text"),
        Column("select", "boolean"),
        Column("date_time_updated", "datetime"),
        Column("größe", "json"),
    ),
    ("id",),
)
LINES = Table(
    "orders__lines",
    (
        Column("_parent_key", "integer"),
        Column("_position", "integer"),
        Column("price", "number"),
    ),
    ("_parent_key", "_position"),
    "lines",
)
UNKEYED = Table("rates", (Column("rate", "number"), Column("name", "text")))
NUMBERS = partial(json.loads, parse_float=Decimal)


class Database:
    """A database, and what is in it, read by its own library."""

    count = itertools.count()

    def __init__(self, kind, url):
        self.kind, self.url = kind, url

    def sink(self, prefix=""):
        return database_at(self.url, prefix)

    def fresh(self, name):
        """Return an empty database and a prefix; a server is shared by prefix."""
        if self.kind == "postgres":
            return self, name
        return type(self)(self.kind, f"{self.url}.{name}"), ""

    def execute(self, sql, values=()):
        with contextlib.closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(sql, values)
            if cursor.description is None:
                return []
            return [tuple(map(self.plain, row)) for row in cursor.fetchall()]

    def plain(self, value):
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return value

    def rows(self, table, prefix=""):
        """Return the rows of a table as Python's values, and when they were deleted."""
        columns = [*table.columns, Column("_deleted_at", "datetime")]
        names = ", ".join('"' + c.name.replace('"', '""') + '"' for c in columns)
        rows = self.execute(f'SELECT {names} FROM "{prefix}{table.name}"')
        return [
            tuple(
                None if value is None else self.value(column.kind, value)
                for column, value in zip(columns, row, strict=True)
            )
            for row in rows
        ]

    def value(self, kind, value):
        return NUMBERS(value) if kind == "json" and isinstance(value, str) else value


class SQLiteDatabase(Database):
    def connect(self):
        file = self.url.removeprefix("sqlite:///")
        return sqlite3.connect(file, isolation_level=None)

    def value(self, kind, value):
        if kind == "number":
            assert set(value) <= set("-0123456789.")
            return Decimal(value)
        if kind == "datetime":
            assert len(value) == len("2026-03-01T09:30:00.000000Z")
            return datetime.fromisoformat(value)
        return bool(value) if kind == "boolean" else super().value(kind, value)


class DuckDBDatabase(Database):
    def connect(self):
        import duckdb

        return duckdb.connect(self.url.removeprefix("duckdb:///"))


class PostgresDatabase(Database):
    def connect(self):
        import psycopg
        from psycopg.types.json import set_json_loads

        connection = psycopg.connect(self.url, autocommit=True)
        set_json_loads(NUMBERS, connection)
        return connection


class WriteWatch:
    """Shows whether rows of a table were written, by the database's own means."""

    def __init__(self, database, table):
        self.database, self.table = database, table
        if database.kind == "sqlite":
            database.execute(f"CREATE TABLE written_{table} (rows integer)")
            for verb in ("INSERT", "UPDATE", "DELETE"):
                database.execute(
                    f"CREATE TRIGGER {table}_{verb} AFTER {verb} ON {table} "
                    f"BEGIN INSERT INTO written_{table} VALUES (1); END"
                )
        self.before = self.state()

    def state(self):
        sql = {
            "sqlite": f"SELECT count(*) FROM written_{self.table}",
            # A row that is written gets another transaction's number.
            "postgres": f"SELECT xmin::text, ctid::text FROM {self.table} ORDER BY 1, 2",
            "duckdb": "SELECT 1",
        }
        return self.database.execute(sql[self.database.kind])

    def spy(self, sink, counted):
        """Count the writes of DuckDB, which shows no versions of rows."""
        execute = sink._engine.execute

        def counting(sql, values=()):
            rows = execute(sql, values)
            writes = sql.startswith(("INSERT", "UPDATE", "DELETE"))
            if self.database.kind == "duckdb" and writes and f'"{self.table}"' in sql:
                counted.append(rows[0][0])
            return rows

        sink._engine.execute = counting


def fill_pool(database):
    """Have PgBouncer open three connections, of which each transaction gets the next."""
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(contextlib.closing(database.connect()))
            for _ in range(3)
        ]
        for word in ("BEGIN", "COMMIT"):
            for connection in connections:
                connection.execute(word)


@pytest.fixture(params=["sqlite", "duckdb", "postgres"])
def kind(request):
    return request.param


@pytest.fixture
def database(kind, tmp_path, request):
    """Return an empty database of each kind."""
    if kind == "sqlite":
        return SQLiteDatabase(kind, f"sqlite:///{tmp_path}/copy.db")
    if kind == "duckdb":
        return DuckDBDatabase(kind, f"duckdb:///{tmp_path}/copy.duckdb")
    running = request.getfixturevalue("postgres")
    name = f"test_{next(Database.count)}"
    PostgresDatabase(kind, running.url()).execute(f"CREATE DATABASE {name}")
    if kind == "pgbouncer":
        running = request.getfixturevalue("pgbouncer")
    database = PostgresDatabase("postgres", running.url(name))
    if kind == "pgbouncer":
        fill_pool(database)
    return database


def order(key, **changes):
    """Return a row of OWN."""
    values = {
        "total": Decimal(key) / 8,
        "text": f"O'Brien & \\Söhne\t{key}\n",
        "select": bool(key % 2),
        "at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        "json": '[{"a":1.10}]',
    }
    return (key, *(values | changes).values())


STARTED = Checkpoint(query="orders", bounds=KeyRange(-(2**63) - 1, 2**63))
"""The checkpoint of a read that begins, of all keys that there can be."""


def upto(high, low=0, records=None):
    """Return the range of the keys above *low* up to *high*."""
    return KeyRange(low, high, high - low if records is None else records)


def done(*ranges):
    """Return the checkpoint of a read that has done *ranges*."""
    return STARTED if not ranges else done(*ranges[:-1]).add(ranges[-1])


def certificate(records=0):
    """Return a certificate."""
    required = {"path": "orders", "query": "orders", "records": records, "requests": 1}
    optional = {
        "key": "id",
        "max_key": 9,
        "rejected": 0,
        "lowest": 1,
        "highest": 9,
        "started_at": 1.0,
        "ended_at": 2.0,
    }
    return Certificate(**required, **optional)


def merge(database, rows, lines=(), prefix=""):
    """Merge rows in a run of its own, as a sync does."""
    with contextlib.closing(database.sink(prefix)) as sink:
        sink.open([OWN, LINES])
        sink.merge({"orders": rows, "orders__lines": lines})


def snapshot(database, rows, lines=(), *, tables=(OWN, LINES), prefix="", **wishes):
    """Export rows in a run of its own; return the certificate that was stored."""
    with contextlib.closing(database.sink(prefix)) as sink:
        assert sink.open(tables, OpenOptions(**wishes)) is None
        sink.begin(STARTED)
        batch = {"orders": rows, "orders__lines": lines}
        sink.write(msgspec.structs.replace(STARTED.bounds, records=len(rows)), batch)
        return sink.commit(certificate(len(rows)))


def columns_of(database):
    """Return the columns of the tables of orders, and of our own."""
    sink = database.sink()
    sink._engine.connect()
    columns = [sink._engine.columns(t) for t in ("orders", "orders__lines", "_sage200")]
    sink._engine.disconnect()
    return columns


def read_back(rows, deleted=None):
    """Return rows as they have to be read back."""
    return [
        (*row[:5], None if row[5] is None else NUMBERS(row[5]), deleted) for row in rows
    ]


def ordered(value):
    """Return a value with its names in order: jsonb has another."""
    if isinstance(value, list):
        return [ordered(item) for item in value]
    if isinstance(value, dict):
        return dict(sorted(value.items()))
    return value


class Helpers(SimpleNamespace):
    """What the tests of this folder share."""

    def __repr__(self):
        return "helpers"


@pytest.fixture(scope="session")
def helpers():
    """Return what the tests of this folder share."""
    return Helpers(**globals())
