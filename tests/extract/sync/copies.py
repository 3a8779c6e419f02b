"""Databases that hold copies, read by their own libraries."""

import contextlib
import itertools
import json
import sqlite3

from sage200_async.extract.databases.urls import database_at

COUNT = itertools.count()


class Database:
    """A database at a URL, with customers and perhaps their contacts."""

    def __init__(self, url, prefix=""):
        self.url, self.prefix = url, prefix

    def __call__(self):
        """Return a sink, as each run has its own."""
        return database_at(self.url, self.prefix)

    def sql(self, statement):
        """Run a statement; return its rows."""
        with contextlib.closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def column(self, name, where="_deleted_at IS NULL"):
        """Return one column by id."""
        table = f'"{self.prefix}customers"'
        return dict(self.sql(f"SELECT id, {name} FROM {table} WHERE {where}"))

    @property
    def names(self):
        return self.column("name")

    @property
    def deleted(self):
        return set(self.column("name", "_deleted_at IS NOT NULL"))

    def contacts(self, related):
        """Return the ids of the contacts of each customer that has some."""
        if related == "json":
            lists = self.column("contacts")
            read = {
                key: json.loads(text) if isinstance(text, str) else text
                for key, text in lists.items()
            }
            pairs = {
                key: [row["id"] for row in rows or []] for key, rows in read.items()
            }
        else:
            pairs = {}
            table = f'"{self.prefix}customers__contacts"'
            for key, contact in self.sql(
                f"SELECT _parent_key, id FROM {table} "
                "WHERE _deleted_at IS NULL ORDER BY _parent_key, _position"
            ):
                pairs.setdefault(key, []).append(contact)
        return {key: ids for key, ids in pairs.items() if ids}

    def state(self):
        """Return what is stored beside the customers, by name."""
        if ("_sage200",) not in self.sql(self.TABLES):
            return {}
        where = f"WHERE resource = '{self.prefix}customers'"
        return dict(self.sql(f"SELECT name, value FROM _sage200 {where}"))

    def tables(self):
        """Return the names of the customers' tables."""
        rows = self.sql(self.TABLES)
        names = [f"{self.prefix}customers", f"{self.prefix}customers__contacts"]
        return [name for (name,) in rows if name in names]


class SQLiteCopy(Database):
    TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"

    def connect(self):
        return sqlite3.connect(
            self.url.removeprefix("sqlite:///"), isolation_level=None
        )


class DuckDBCopy(Database):
    TABLES = "SELECT table_name FROM information_schema.tables"

    def connect(self):
        import duckdb

        return duckdb.connect(self.url.removeprefix("duckdb:///"))


class PostgresCopy(Database):
    TABLES = "SELECT table_name FROM information_schema.tables"

    def connect(self):
        import psycopg

        return psycopg.connect(self.url, autocommit=True)
