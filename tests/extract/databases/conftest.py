"""Databases to keep rows in, and another way to read what is in them."""

import contextlib
import itertools
import json
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from types import SimpleNamespace

import pytest

from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases.urls import database_at
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
KEYLESS = Table("rates", (Column("rate", "number"), Column("name", "text")))
NUMBERS = partial(json.loads, parse_float=Decimal)


class Place:
    """A database, and what is in it, read by its own library."""

    count = itertools.count()

    def __init__(self, kind, url):
        self.kind, self.url = kind, url

    def sink(self, prefix=""):
        return database_at(self.url, prefix)

    def fresh(self, name):
        """Give an empty place: files are cheap, and a server's databases are not."""
        if self.kind == "postgres":
            return self, name
        return type(self)(self.kind, f"{self.url}.{name}"), ""

    def ask(self, sql, values=()):
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
        """Give the rows of a table as Python's values, and when each was deleted."""
        columns = [*table.columns, Column("_deleted_at", "datetime")]
        names = ", ".join('"' + c.name.replace('"', '""') + '"' for c in columns)
        found = self.ask(f'SELECT {names} FROM "{prefix}{table.name}"')
        return [
            tuple(
                None if value is None else self.cell(column.kind, value)
                for column, value in zip(columns, row, strict=True)
            )
            for row in found
        ]

    def cell(self, kind, value):
        return NUMBERS(value) if kind == "json" and isinstance(value, str) else value


class SQLitePlace(Place):
    def connect(self):
        file = self.url.removeprefix("sqlite:///")
        return sqlite3.connect(file, isolation_level=None)

    def cell(self, kind, value):
        if kind == "number":
            assert set(value) <= set("-0123456789.")
            return Decimal(value)
        if kind == "datetime":
            assert len(value) == len("2026-03-01T09:30:00.000000Z")
            return datetime.fromisoformat(value)
        return bool(value) if kind == "boolean" else super().cell(kind, value)


class DuckDBPlace(Place):
    def connect(self):
        import duckdb

        return duckdb.connect(self.url.removeprefix("duckdb:///"))


class PostgresPlace(Place):
    def connect(self):
        import psycopg
        from psycopg.types.json import set_json_loads

        connection = psycopg.connect(self.url, autocommit=True)
        set_json_loads(NUMBERS, connection)
        return connection


class EventTransport:
    """Tells which rows of a table were written, by the database's own means."""

    def __init__(self, place, table):
        self.place, self.table = place, table
        if place.kind == "sqlite":
            place.ask(f"CREATE TABLE written_{table} (rows integer)")
            for verb in ("INSERT", "UPDATE", "DELETE"):
                place.ask(
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
        return self.place.ask(sql[self.place.kind])

    def spy(self, sink, counted):
        """DuckDB shows no versions of rows: its own counts are taken."""
        ask = sink._engine.ask

        def counting(sql, values=()):
            found = ask(sql, values)
            writes = sql.startswith(("INSERT", "UPDATE", "DELETE"))
            if self.place.kind == "duckdb" and writes and f'"{self.table}"' in sql:
                counted.append(found[0][0])
            return found

        sink._engine.ask = counting


@pytest.fixture(params=["sqlite", "duckdb", "postgres"])
def kind(request):
    return request.param


@pytest.fixture
def place(kind, tmp_path, request):
    """Give an empty database of each kind."""
    if kind == "sqlite":
        return SQLitePlace(kind, f"sqlite:///{tmp_path}/copy.db")
    if kind == "duckdb":
        return DuckDBPlace(kind, f"duckdb:///{tmp_path}/copy.duckdb")
    running = request.getfixturevalue("postgres")
    name = f"test_{next(Place.count)}"
    PostgresPlace(kind, running.url()).ask(f"CREATE DATABASE {name}")
    return PostgresPlace(kind, running.url(name))


def order(key, **changes):
    """Make a row of OWN."""
    values = {
        "total": Decimal(key) / 8,
        "text": f"O'Brien & \\Söhne\t{key}\n",
        "select": bool(key % 2),
        "at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        "json": '[{"a":1.10}]',
    }
    return (key, *(values | changes).values())


def upto(high, low=0, records=None):
    """Make a checkpoint that has read the keys above *low* up to *high*."""
    count = high - low if records is None else records
    checkpoint = Checkpoint(
        query="orders", bounds=KeyRange(0, 10**6), started_at=float(high)
    )
    return checkpoint.with_(KeyRange(low, high, count))


def certificate(records=0):
    """Make a certificate."""
    given = {"path": "orders", "query": "orders", "records": records, "requests": 1}
    known = {
        "key": "id",
        "max_key": 9,
        "rejected": 0,
        "lowest": 1,
        "highest": 9,
        "started_at": 1.0,
        "ended_at": 2.0,
    }
    return Certificate(**given, **known)


def ordered(value):
    """Put names in order: jsonb keeps another."""
    if isinstance(value, list):
        return [ordered(each) for each in value]
    if isinstance(value, dict):
        return dict(sorted(value.items()))
    return value


class Lab(SimpleNamespace):
    """What the tests of this folder share."""

    def __repr__(self):
        return "lab"


@pytest.fixture(scope="session")
def lab():
    """Give what the tests of this folder share."""
    return Lab(**globals())
