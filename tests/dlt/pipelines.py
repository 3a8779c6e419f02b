"""Pipelines of tests, and what their destinations hold."""

import json
from datetime import datetime
from decimal import Decimal

import dlt
import duckdb
import pyarrow.parquet as pq

KEY, STAMP = "id", "date_time_updated"


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
            return connection.execute(text).fetch_arrow_table().to_pylist()

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


def stored(sandbox, resource="customers"):
    """Return the records of a company, as plain Python makes them of its JSON.

    It is what the sandbox has on disk, without the client and without Arrow.
    """
    store = sandbox.store
    keys = sorted(store.keys(resource))
    return [_plain(store.get(resource, key)) for key in keys]


def _plain(record):
    flat = {n: v for n, v in record.items() if not isinstance(v, dict | list)}
    return {
        name: _time(value) if _is_time(name, value) else _number(value)
        for name, value in flat.items()
    }


def _is_time(name, value):
    return isinstance(value, str) and ("date" in name) and value[:1].isdigit()


def _time(value):
    return datetime.fromisoformat(value)


def _number(value):
    return Decimal(repr(value)) if isinstance(value, float) else value
