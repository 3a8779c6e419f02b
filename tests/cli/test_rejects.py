"""`--rejects`: one bad value does not hold up a night."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest

HALF = rb'"a\ud800"'
LATE = b'"9999-12-31T23:59:59.9999999Z"'
LONG = b"1.12345678901"
FIELDS = ("resource", "table", "key", "column")


def rejected(path: Path) -> set[tuple[Any, ...]]:
    """Return what the lines of a file name; each has its record and a reason."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert all(line["reason"] and line["record"]["id"] == line["key"] for line in lines)
    named = [tuple(line[field] for field in FIELDS) for line in lines]
    assert len(set(named)) == len(named)
    return set(named)


@pytest.fixture
def company(
    serving: Any, serve_bad_records: Any, sage200: Callable[..., Any]
) -> Iterator[Any]:
    """Serve 300 customers, of which some have values that do not fit; yield which."""
    with serving(records={"customers": 300, "suppliers": 20}) as (sandbox, env):
        arguments = ("query", "customers", "--select", "id", "--format", "csv")
        ids = [int(one) for one in sage200(*arguments, env=env).stdout.split()[1:]]
        bad = {
            ids[0]: ("name", HALF),
            ids[150]: ("date_time_updated", LATE),
            ids[299]: ("balance", LONG),
        }
        serve_bad_records(sandbox, bad)
        yield sandbox, env, bad


def test_records_that_do_not_fit_are_set_aside(
    tmp_path: Path, sage200: Callable[..., Any], company: Any
) -> None:
    """They are in the file, counted in the proof and the summary; the exit status is 3."""
    sandbox, env, bad = company
    file, out = tmp_path / "rejects.ndjson", tmp_path / "out"
    arguments = ["export", "customers", "suppliers", "--format", "parquet"]
    arguments += ["--to", str(out), "--rejects", str(file)]
    completed = sage200(*arguments, env=env, code=3)
    assert f"customers: 3 records were set aside in {file}" in completed.stderr
    rows = [line.split()[:3] for line in completed.stdout.splitlines()]
    assert rows[1:] == [["customers", "297", "3"], ["suppliers", "20", "0"]]
    manifest = json.loads((out / "customers.manifest.json").read_text("utf-8"))
    assert manifest["certificate"]["rejected"] == 3
    assert manifest["files"][0]["rows"] == 297
    ids = pyarrow.parquet.read_table(out / "customers.parquet")["id"].to_pylist()
    assert not set(ids) & set(bad)
    wanted = {("customers", "customers", key, bad[key][0]) for key in bad}
    assert rejected(file) == wanted
    again = sage200(*arguments, env=env, code=3)
    assert "customers: already complete" in again.stderr
    sage200(*arguments, "--overwrite", env=env, code=3)
    assert rejected(file) == wanted
    sandbox.request_hook = None
    sage200(*arguments, "--overwrite", env=env)
    assert rejected(file) == wanted


@pytest.mark.parametrize("position", [0, 1, 2])
def test_without_a_file_the_first_such_record_is_named(
    position: int, tmp_path: Path, sage200: Callable[..., Any], company: Any
) -> None:
    """The error names the id and the column of the record, and --rejects as a way past it."""
    _, env, bad = company
    key, (column, _) = list(bad.items())[position]
    arguments = ["export", "customers", "--format", "parquet", "--to", str(tmp_path)]
    condition = f"id ge {key} and id le {key}"
    completed = sage200(*arguments, "--filter", condition, env=env, code=1)
    assert f"id {key}: {column}: " in completed.stderr
    assert "--rejects" in completed.stderr
    assert "quarantine" not in completed.stderr


def test_a_copy_goes_on_without_records_that_cannot_be_read(
    tmp_path: Path, sage200: Callable[..., Any], company: Any
) -> None:
    """A sync sets records aside that cannot be decoded, and says so; others are copied."""
    _, env, bad = company
    file = tmp_path / "rejects.ndjson"
    copy = f"sqlite:///{(tmp_path / 'copy.db').as_posix()}"
    arguments = ("sync", "customers", "--to", copy, "--rejects", str(file))
    completed = sage200(*arguments, env=env, code=3)
    assert "records were set aside in" in completed.stderr
    unreadable = [key for key, (_, value) in bad.items() if value != LONG]
    wanted = {("customers", "customers", key, bad[key][0]) for key in unreadable}
    assert rejected(file) == wanted
    with closing(sqlite3.connect(tmp_path / "copy.db")) as database:
        ids = {key for (key,) in database.execute("select id from customers")}
    assert len(ids) == 298
    assert not ids & set(unreadable)


@pytest.mark.parametrize("command", ["export", "sync"])
def test_what_a_database_cannot_hold_is_set_aside_too(
    command: str, tmp_path: Path, sage200: Callable[..., Any], company: Any
) -> None:
    """Eleven decimals do not fit DuckDB: that record is in the file, and the rest is copied."""
    _, env, bad = company
    file, path = tmp_path / "rejects.ndjson", tmp_path / "copy.duckdb"
    to = ("--to", f"duckdb:///{path.as_posix()}")
    refused = sage200(command, "customers", *to, "--filter", last(bad), env=env, code=1)
    assert "balance" in refused.stderr
    assert "--rejects" in refused.stderr
    options = (*to, "--prefix", "all_", "--rejects", str(file))
    completed = sage200(command, "customers", *options, env=env, code=3)
    assert f"customers: 3 records were set aside in {file}" in completed.stderr
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert sorted(line["key"] for line in lines) == sorted(bad)
    with duckdb.connect(str(path), read_only=True) as copy:
        [(count,)] = copy.execute("select count(*) from all_customers").fetchall()
    assert count == 297


def last(bad: dict[int, tuple[str, bytes]]) -> str:
    """Return the condition of the record that can be read, but not be stored."""
    key = next(key for key, (_, value) in bad.items() if value == LONG)
    return f"id eq {key}"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out/customers.ndjson", "the export itself writes that file"),
        ("out/customers.manifest.json", "the export itself writes that file"),
        ("notes.csv", "not a file of rejects"),
        ("missing/rejects.ndjson", "cannot be written"),
    ],
)
def test_a_file_that_cannot_take_rejects_is_refused_at_once(
    name: str,
    message: str,
    tmp_path: Path,
    sage200: Callable[..., Any],
    signed_in: dict[str, str],
) -> None:
    """A file of rejects that something else is in, or will be, is an error before I/O."""
    (tmp_path / "notes.csv").write_text("id,name\n", encoding="utf-8")
    arguments = ("export", "customers", "--to", "out", "--rejects", name)
    completed = sage200(*arguments, env=signed_in, code=2, cwd=tmp_path)
    assert message in completed.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.csv"]
    assert (tmp_path / "notes.csv").read_text("utf-8") == "id,name\n"
