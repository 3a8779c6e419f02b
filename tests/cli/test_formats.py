"""The formats of `sage200 query`, and where its records go."""

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sage200_async import Sage200Client, Settings
from sage200_async.cli.output_file import output_to
from sage200_async.cli.query_output import OutputOptions, write_records
from sage200_async.errors import SinkError
from sage200_async.transport.memory import MemoryTransport, reply

SAGE200 = [sys.executable, "-m", "sage200_async"]
CUSTOMERS = ("query", "customers", "--select", "id,name,balance")


def query(rows: list[dict[str, Any]], **options: Any) -> None:
    """Print untyped *rows*."""
    memory = MemoryTransport(lambda _: reply(rows))
    client = Sage200Client(Settings(site="guid", company=7), transport=memory)
    collection = client.resource("things").select(*rows[0]).top(len(rows))
    asyncio.run(write_records(collection, OutputOptions(**options)))


def test_a_pipe_gets_all_records_as_ndjson(
    sage200: Any, signed_in: dict[str, str]
) -> None:
    """Without a terminal there is no preview, no cut text and no hidden column."""
    completed = sage200("query", "customers", env=signed_in)
    rows = [json.loads(line) for line in completed.stdout.splitlines()]
    assert len({row["id"] for row in rows}) == 700
    assert len(rows[0]) > 60
    assert completed.stderr == ""


def test_json_is_one_array(sage200: Any, signed_in: dict[str, str]) -> None:
    """It has the objects of NDJSON; of no records it is an empty array."""
    completed = sage200(*CUSTOMERS, "--format", "json", env=signed_in)
    lines = sage200(*CUSTOMERS, "--format", "ndjson", env=signed_in).stdout.splitlines()
    assert json.loads(completed.stdout) == [json.loads(line) for line in lines]
    none = ("--filter", "id lt 0", "--format", "json")
    assert sage200(*CUSTOMERS, *none, env=signed_in).stdout == "[]\n"


def test_csv_distinguishes_null_and_empty(capsys: pytest.CaptureFixture[str]) -> None:
    """As an export does: null is nothing, an empty text is two quotes."""
    query([{"id": 1, "name": None}, {"id": 2, "name": ""}], format="csv")
    assert capsys.readouterr().out == 'id,name\n1,\n2,""\n'


def test_csv_of_one_column_has_a_line_for_null(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An empty line would be no row."""
    query([{"name": None}, {"name": "a"}], format="csv")
    assert capsys.readouterr().out == 'name\n""\na\n'


def test_csv_neutralizes_formulas_only_if_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Data is not altered by default; with the option texts get an apostrophe."""
    rows = [{"name": "=1+1", "balance": -5, "note": "a-b"}]
    query(rows, format="csv")
    assert capsys.readouterr().out.splitlines()[1] == "=1+1,-5,a-b"
    query(rows, format="csv", neutralize_formulas=True)
    assert capsys.readouterr().out.splitlines()[1] == "'=1+1,-5,a-b"


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("c.csv", b"\xef\xbb\xbfid,name,balance\n"),
        ("c.ndjson", b'{"id":'),
        ("c.JSON", b"[\n{"),
        ("c.txt", b"id  name"),
        ("c.xlsx", b"PK\x03\x04"),
        ("c.arrow", b"ARROW1\0\0"),
    ],
)
def test_the_name_of_a_file_is_its_format(
    name: str, first: bytes, tmp_path: Path, sage200: Any, signed_in: dict[str, str]
) -> None:
    """`--output customers.xlsx` needs no `--format`."""
    if name.endswith("xlsx"):
        pytest.importorskip("xlsxwriter", reason="the extra xlsx is not installed")
    path = tmp_path / name
    bom = ("--bom",) if name.endswith(".csv") else ()
    completed = sage200(*CUSTOMERS, "-o", str(path), *bom, env=signed_in)
    # Ids are aligned to the longest, which other tests may have added.
    assert path.read_bytes().lstrip(b" ").startswith(first)
    assert completed.stdout == ""
    assert str(path) in completed.stderr
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_arrow_has_exact_decimals(
    tmp_path: Path, sage200: Any, signed_in: dict[str, str]
) -> None:
    """Columns are those of `to_arrow`, in the format that `export` calls arrow."""
    ipc = pytest.importorskip("pyarrow.ipc", reason="the extra arrow is not installed")
    path = tmp_path / "customers.arrow"
    sage200(*CUSTOMERS, "-o", str(path), env=signed_in)
    rows = sage200(*CUSTOMERS, "--format", "csv", env=signed_in).stdout
    balances = [Decimal(row["balance"]) for row in csv.DictReader(io.StringIO(rows))]
    with ipc.open_file(path) as file:
        assert file.read_all()["balance"].to_pylist() == balances


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bom", "--format", "ndjson"],
        ["--neutralize-formulas", "-o", "x.xlsx"],
        ["-o", "customers.doc"],
        ["-o", "."],
        ["-o", "no-such-folder/customers.csv"],
    ],
)
def test_what_does_not_go_together_is_refused_before_a_request(
    arguments: list[str], tmp_path: Path, sage200: Any
) -> None:
    """Nothing is read, and the message says what to do."""
    env = {"SAGE200_ACCESS_TOKEN": "t", "SAGE200_BASE_URL": "http://127.0.0.1:9/"}
    site = {"SAGE200_SITE": "guid", "SAGE200_COMPANY": "7"}
    completed = sage200(
        "query", "customers", *arguments, env=env | site, code=2, cwd=tmp_path
    )
    assert "Error: " in completed.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_is_not_printed_on_a_terminal(
    sage200: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes would be orders to the terminal."""
    monkeypatch.setattr("sage200_async.cli.query_output._is_terminal", lambda: True)
    completed = sage200("query", "customers", "--format", "arrow", code=2)
    assert "--output" in completed.stderr


def test_a_terminal_gets_a_table(
    sage200: Any, signed_in: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty records that fit its width; what is left out is named."""
    monkeypatch.setattr("sage200_async.cli.query_output._is_terminal", lambda: True)
    completed = sage200("query", "customers", env=signed_in)
    assert max(map(len, completed.stdout.splitlines())) <= 120
    assert len(completed.stdout.splitlines()) == 21
    assert "no room for " in completed.stderr
    assert "--select" in completed.stderr


def test_a_failed_query_leaves_the_old_file(
    tmp_path: Path, sage200: Any, signed_in: dict[str, str]
) -> None:
    """A file is replaced by a whole one, or not at all."""
    path = tmp_path / "customers.csv"
    path.write_text("old", "utf-8")
    wrong = ("--filter", "nme eq 1")
    sage200(*CUSTOMERS, *wrong, "-o", str(path), env=signed_in, code=2)
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_runs_that_write_one_file_do_not_mix(tmp_path: Path) -> None:
    """The file is that of the run which ends last, and whole."""
    path = tmp_path / "customers.csv"
    with output_to(path) as first, output_to(path) as second:
        first.write(b"first")
        second.write(b"2")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_excel_holds_is_refused_at_once(
    tmp_path: Path, sage200: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows it cannot be opened: said before a million records are read."""
    path = tmp_path / "customers.csv"
    path.write_text("old", "utf-8")
    real = Path.open

    def opened(self: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
        if self == path and mode != "rb":
            raise PermissionError(13, "Permission denied", str(path))
        return real(self, mode, *args, **options)

    monkeypatch.setattr(Path, "open", opened)
    env = {"SAGE200_ACCESS_TOKEN": "t", "SAGE200_BASE_URL": "http://127.0.0.1:9/"}
    site = {"SAGE200_SITE": "guid", "SAGE200_COMPANY": "7"}
    completed = sage200(*CUSTOMERS, "-o", str(path), env=env | site, code=2)
    assert "customers.csv" in completed.stderr
    assert "Excel" in completed.stderr
    assert "as it was" in completed.stderr


def test_a_file_that_cannot_be_replaced_any_more_keeps_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened in Excel meanwhile: the old one stays, the new one is beside it."""
    path = tmp_path / "customers.csv"
    path.write_text("old", "utf-8")
    real = Path.replace

    def replaced(self: Path, target: Path) -> Path:
        if target == path:
            raise PermissionError(13, "Permission denied", str(self), None, str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replaced)
    with (
        pytest.raises(SinkError, match=r"Excel.*customers\.new\.csv"),
        output_to(path) as file,
    ):
        file.write(b"new")
    assert path.read_text("utf-8") == "old"
    assert (tmp_path / "customers.new.csv").read_text("utf-8") == "new"


@pytest.mark.parametrize("shape", ["ndjson", "csv", "json", "table"])
def test_head_ends_a_query_quietly(shape: str, signed_in: dict[str, str]) -> None:
    """What is not read is not an error, and leaves no traceback."""
    arguments = [*SAGE200, "query", "customers", "--format", shape]
    with subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **signed_in},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read().decode()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert "error" not in errors


@pytest.mark.skipif(os.name != "posix", reason="Windows has no modes and few links")
def test_a_file_keeps_its_mode_and_a_link_its_file(tmp_path: Path) -> None:
    """The file that a link points to is replaced, and stays as private as it was."""
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_bytes(b"old")
    target.chmod(0o600)
    link.symlink_to(target)
    with output_to(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="Windows has no named pipes in folders")
def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """A pipe, or a device, is written to."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(pipe.read_bytes)
        with output_to(pipe) as file:
            file.write(b"rows")
        assert read.result() == b"rows"
    assert pipe.is_fifo()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no modes")
def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    """While it is written nobody else can read it; then the umask decides."""
    path = tmp_path / "new.csv"
    old = os.umask(0o027)
    try:
        with output_to(path) as file:
            (partial,) = tmp_path.glob(".new.csv.*")
            assert partial.stat().st_mode & 0o777 == 0o600
            file.write(b"rows")
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o640
