"""`sage200 export` and `sage200 sync`, run as processes."""

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

from sage200_async.cli import app as app_module

SAGE200 = [sys.executable, "-m", "sage200_async.cli"]
DATA = Path(__file__).parents[3] / "shared" / "data"
FOUR = ("customers", "products", "sop_orders", "sop_order_line_views")


def sage200(*arguments: str, env: dict[str, str], code: int = 0) -> Any:
    completed = subprocess.run(
        [*SAGE200, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "120", **env},
        check=False,
    )
    assert completed.returncode == code, completed.stdout + completed.stderr
    return completed


def serve(*options: str) -> Iterator[dict[str, str]]:
    """Serve a sandbox, and yield the settings of a signed-in client."""
    command = [*SAGE200, "sandbox", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        settings = json.loads(process.stdout.readline())
        yield {f"SAGE200_{name.upper()}": value for name, value in settings.items()}
        process.terminate()


@pytest.fixture
def company(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Serve 1,200 customers and 30 suppliers."""
    store = {"SAGE200_TOKEN_STORE": (tmp_path / "tokens.json").as_uri()}
    records = ("--records", "customers=1200", "--records", "suppliers=30")
    for env in serve(*records):
        yield env | store


def rows(path: Path) -> list[Any]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line, parse_float=Decimal) for line in lines]


def query(sql: str) -> list[Any]:
    """Return the rows of a query by DuckDB."""
    with duckdb.connect() as database:
        return database.execute(sql).fetchall()


def test_export_to_files(company: dict[str, str], tmp_path: Path) -> None:
    """Every record is in the file; the manifest and the summary have the proof."""
    out = tmp_path / "out"
    completed = sage200(
        "export", "customers", "suppliers", "--to", str(out), env=company
    )
    assert len({row["id"] for row in rows(out / "customers.ndjson")}) == 1200
    assert "1,200" in completed.stdout
    assert "no gaps, up to the highest key" in completed.stdout
    manifest = json.loads((out / "customers.manifest.json").read_text())
    assert manifest["certificate"]["records"] == 1200
    again = sage200("export", "customers", "--to", str(out), env=company)
    assert "customers: already complete" in again.stderr
    sage200("export", "customers", "--to", str(out), "--overwrite", env=company)


def test_export_of_changed_records(company: dict[str, str], tmp_path: Path) -> None:
    """--since exports changed records; a resource without a time of change is refused."""
    out = str(tmp_path / "out")
    since = ("--since", "2100-01-01T00:00Z")
    sage200("export", "customers", "--to", out, *since, env=company)
    assert rows(tmp_path / "out" / "customers.ndjson") == []
    completed = sage200("export", "users", "--to", out, *since, env=company, code=2)
    assert "no time of the last change" in completed.stderr


def test_one_resource_that_fails(company: dict[str, str], tmp_path: Path) -> None:
    """A resource that fails is reported, the others are exported; exit status 2."""
    out = tmp_path / "out"
    options = ("--to", str(out), "--filter", "balance gt 0")
    completed = sage200(
        "export", "customers", "couriers", *options, env=company, code=2
    )
    assert "1 of 2 resources failed" in completed.stderr
    assert "error: couriers:" in completed.stderr
    assert rows(out / "customers.ndjson")
    assert not (out / "couriers.ndjson").exists()


def test_sync_again_and_again(company: dict[str, str], tmp_path: Path) -> None:
    """A copy is created, and a second sync leaves it as it is."""
    path = tmp_path / "copy.db"
    for _ in range(2):
        sage200(
            "sync", "customers", "--to", f"sqlite:///{path.as_posix()}", env=company
        )
    with sqlite3.connect(path) as copy:
        [counts] = copy.execute("select count(*), count(_deleted_at) from customers")
    copy.close()
    assert counts == (1200, 0)


def test_refused_destinations_and_resources(
    company: dict[str, str], tmp_path: Path
) -> None:
    """`sync` to a folder, and an export of what cannot be listed, are refused."""
    completed = sage200("sync", "customers", "--to", str(tmp_path), env=company, code=2)
    assert "URL of a database" in completed.stderr
    options = ("--to", str(tmp_path))
    completed = sage200("export", "sales_invoices", *options, env=company, code=2)
    assert "cannot be listed" in completed.stderr


@pytest.mark.parametrize("command", ["export", "sync"])
@pytest.mark.parametrize(
    "destination",
    [
        "postgresql:user:pa55word@host",
        "postgresql//user:pa55word@host/db",
        "postgresql:/user:pa55word@host",
        "postgres ql://user:pa55word@host",
        "pgsql://user:pa55word@host/db",
        "user:pa55word@host",
        "//user:pa55word@host/db",
        "host=localhost user=u password=pa55word dbname=x",
        "Server=h;Database=d;User Id=u;Password = pa55word",
        "DRIVER={PostgreSQL};SERVER=h;UID=u;PWD=pa55word",
        "sqlite:///copy.db?password=pa55word",
    ],
)
def test_a_password_in_a_misspelt_destination_is_not_printed(
    command: str,
    destination: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is neither printed nor taken for a folder, which would bear its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAGE200_ACCESS_TOKEN", "t")
    monkeypatch.setattr(
        sys, "argv", ["sage200", command, "customers", "--to", destination]
    )
    assert app_module.run() == 2
    output = "".join(capsys.readouterr())
    assert "database: " in output
    assert "pa55word" not in output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    not DATA.is_dir(), reason="the folder of real records is not beside the project"
)
def test_real_records_to_parquet(tmp_path: Path) -> None:
    """Parquet files of real records have the counts and sums of their NDJSON source."""
    store = {"SAGE200_TOKEN_STORE": (tmp_path / "tokens.json").as_uri()}
    out = tmp_path / "out"
    for env in serve("--data", str(DATA)):
        options = ("--to", str(out), "--format", "parquet")
        sage200("export", *FOUR, *options, env=env | store)
    for name in FOUR:
        source = rows(DATA / f"{name}.ndjson")
        file = f"read_parquet('{(out / f'{name}.parquet').as_posix()}')"
        assert query(f"select count(*) from {file}") == [(len(source),)]
        columns = query(f"select column_name, column_type from (describe from {file})")
        numbers = [column for column, kind in columns if "DECIMAL" in kind]
        assert numbers
        for column in numbers:
            [(total,)] = query(f'select sum("{column}") from {file}')
            values = [Decimal(row[column]) for row in source if row.get(column)]
            assert (total or 0) == sum(values), (name, column)
