"""`sage200 export` and `sage200 sync` as a person runs them."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

SAGE200 = [sys.executable, "-m", "sage200_async.cli"]
DATA = Path(__file__).parents[3] / "shared" / "data"
FOUR = ("customers", "products", "sop_orders", "sop_order_line_views")


def sage200(*arguments: str, env: dict[str, str], code: int = 0) -> Any:
    done = subprocess.run(
        [*SAGE200, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "120", **env},
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def serve(*options: str) -> Iterator[dict[str, str]]:
    """Serve a sandbox; give the settings of a client that is signed in to it."""
    command = [*SAGE200, "sandbox", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        card = json.loads(process.stdout.readline())
        yield {f"SAGE200_{name.upper()}": value for name, value in card.items()}
        process.terminate()


@pytest.fixture
def company(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Serve 1,200 customers and 30 suppliers."""
    store = {"SAGE200_TOKEN_STORE": (tmp_path / "tokens.json").as_uri()}
    records = ("--records", "customers=1200", "--records", "suppliers=30")
    for card in serve(*records):
        yield card | store


def rows(path: Path) -> list[Any]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line, parse_float=Decimal) for line in lines]


def asked(sql: str) -> list[Any]:
    """Ask DuckDB."""
    with duckdb.connect() as database:
        return database.execute(sql).fetchall()


def test_export_to_files(company: dict[str, str], tmp_path: Path) -> None:
    """Every record is in the file, the manifest holds the proof, the summary says so."""
    out = tmp_path / "out"
    done = sage200("export", "customers", "suppliers", "--to", str(out), env=company)
    assert len({row["id"] for row in rows(out / "customers.ndjson")}) == 1200
    assert "1,200" in done.stdout
    assert "without a gap up to the max_key" in done.stdout
    manifest = json.loads((out / "customers.manifest.json").read_text())
    assert manifest["certificate"]["records"] == 1200
    again = sage200("export", "customers", "--to", str(out), env=company, code=1)
    assert "customers" in again.stderr
    sage200("export", "customers", "--to", str(out), "--overwrite", env=company)


def test_export_of_what_changed(company: dict[str, str], tmp_path: Path) -> None:
    """--since takes what has changed since; a resource without a stamp says so."""
    out = str(tmp_path / "out")
    since = ("--since", "2100-01-01T00:00Z")
    sage200("export", "customers", "--to", out, *since, env=company)
    assert rows(tmp_path / "out" / "customers.ndjson") == []
    done = sage200("export", "users", "--to", out, *since, env=company, code=1)
    assert "--since needs a stamp" in done.stderr


def test_one_resource_that_fails(company: dict[str, str], tmp_path: Path) -> None:
    """A resource that fails is told, the others are there, and the exit code is 1."""
    out = tmp_path / "out"
    options = ("--to", str(out), "--filter", "balance gt 0")
    done = sage200("export", "customers", "couriers", *options, env=company, code=1)
    assert "1 of 2 resources failed" in done.stderr
    assert "error: couriers:" in done.stderr
    assert rows(out / "customers.ndjson")
    assert not (out / "couriers.ndjson").exists()


def test_sync_again_and_again(company: dict[str, str], tmp_path: Path) -> None:
    """A copy is made, and a second sync finds nothing to do."""
    place = tmp_path / "copy.db"
    for _ in range(2):
        sage200(
            "sync", "customers", "--to", f"sqlite:///{place.as_posix()}", env=company
        )
    with sqlite3.connect(place) as copy:
        [found] = copy.execute("select count(*), count(_deleted_at) from customers")
    copy.close()
    assert found == (1200, 0)


def test_what_is_no_database(company: dict[str, str], tmp_path: Path) -> None:
    """`sync` to a folder, and an export of what is not listed, are one line."""
    done = sage200("sync", "customers", "--to", str(tmp_path), env=company, code=1)
    assert "URL of a database" in done.stderr
    options = ("--to", str(tmp_path))
    done = sage200("export", "sales_invoices", *options, env=company, code=1)
    assert "is not listed" in done.stderr


@pytest.mark.skipif(
    not DATA.is_dir(), reason="the folder of real records is not beside the project"
)
def test_real_records_to_parquet(tmp_path: Path) -> None:
    """DuckDB reads the Parquet of real records: the NDJSON's counts and sums."""
    store = {"SAGE200_TOKEN_STORE": (tmp_path / "tokens.json").as_uri()}
    out = tmp_path / "out"
    for card in serve("--data", str(DATA)):
        options = ("--to", str(out), "--format", "parquet")
        sage200("export", *FOUR, *options, env=card | store)
    for name in FOUR:
        source = rows(DATA / f"{name}.ndjson")
        file = f"read_parquet('{(out / f'{name}.parquet').as_posix()}')"
        assert asked(f"select count(*) from {file}") == [(len(source),)]
        kinds = asked(f"select column_name, column_type from (describe from {file})")
        numbers = [column for column, kind in kinds if "DECIMAL" in kind]
        assert numbers
        for column in numbers:
            [(found,)] = asked(f'select sum("{column}") from {file}')
            values = [Decimal(row[column]) for row in source if row.get(column)]
            assert (found or 0) == sum(values), (name, column)
