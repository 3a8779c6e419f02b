"""Pipelines of tests, and what their destinations hold."""

import json
import re
from datetime import datetime

import dlt
import duckdb
import pyarrow.parquet as pq

KEY, STAMP = "id", "date_time_updated"
COLUMNS = [KEY, "reference", "name", "balance", "on_hold", STAMP]
"""Fewer than a customer has, for tests of which records are loaded."""


class _Pipeline:
    def __init__(self, folder, destination):
        self.folder = folder
        self.pipeline = dlt.pipeline(
            "test",
            pipelines_dir=str(folder / "pipelines"),
            destination=destination,
            dataset_name="sage",
        )

    def run(self, source, **options):
        """Run it; return how many rows were loaded, by table."""
        info = self.pipeline.run(source, **options)
        if not info.loads_ids:
            return {}
        counts = self.pipeline.last_trace.last_normalize_info.row_counts
        return {name: n for name, n in counts.items() if not name.startswith("_dlt")}

    def state(self, table="customers"):
        """Return what its state has of a table, as text; empty without."""
        sources = self.pipeline.state.get("sources", {})
        held = sources.get("sage200", {}).get("resources", {}).get(table)
        return json.dumps(held) if held else ""


class DuckDB(_Pipeline):
    def __init__(self, folder):
        self.path = folder / "copy.duckdb"
        super().__init__(folder, dlt.destinations.duckdb(str(self.path)))

    def sql(self, text):
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            cursor = connection.execute(text)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def rows(self, table="customers"):
        return self.sql(f"SELECT * FROM sage.{table} ORDER BY {KEY}")

    def types(self, table="customers"):
        rows = self.sql(
            "SELECT column_name, data_type FROM information_schema.columns "
            f"WHERE table_name = '{table}' AND table_schema = 'sage'"
        )
        return {row["column_name"]: row["data_type"] for row in rows}


class Parquet(_Pipeline):
    def __init__(self, folder):
        self.out = folder / "out"
        super().__init__(folder, dlt.destinations.filesystem(str(self.out)))

    def run(self, source, **options):
        return super().run(source, loader_file_format="parquet", **options)

    def files(self, table="customers"):
        """Return the files of a table, the first loaded first."""
        return sorted((self.out / "sage" / table).glob("*.parquet"))

    def tables(self, table="customers"):
        return [pq.ParquetFile(path).read() for path in self.files(table)]

    def rows(self, table="customers"):
        """Return the rows that are left when each load is applied to those before.

        Files of one load have a key once: how a destination merges does not matter.
        """
        left, seen = {}, set()
        for path in self.files(table):
            load = path.name.rpartition(".")[0].rpartition(".")[0]
            for row in pq.ParquetFile(path).read().to_pylist():
                key = row[KEY]
                assert (load, key) not in seen, f"{key} comes twice in load {load}"
                seen.add((load, key))
                left.pop(key, None)
                if not row["_deleted"]:
                    left[key] = row
        return [left[key] for key in sorted(left)]


def stored(sandbox, resource="customers", names=None):
    """Return the records of a company, as plain Python makes them of its JSON.

    It is what the sandbox has on disk, without the client and without Arrow: numbers
    are `Decimal` or int, times are aware.
    """
    store = sandbox.store
    records = [store.get(resource, key) for key in sorted(store.keys(resource))]
    return [_plain(record, names or record) for record in records]


def _plain(record, names):
    fields = {name: record[name] for name in names if name in record}
    return {
        name: datetime.fromisoformat(value) if _is_time(value) else value
        for name, value in fields.items()
        if not isinstance(value, dict | list)
    }


def _is_time(value):
    return isinstance(value, str) and _TIME.fullmatch(value)


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def few(rows):
    """Return rows without the column that dlt deletes by, and what is null."""
    return [
        {n: v for n, v in row.items() if n != "_deleted" and v is not None}
        for row in rows
    ]


def cause_of(error):
    """Return the error that ended a step of a pipeline."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
