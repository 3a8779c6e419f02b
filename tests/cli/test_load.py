"""`sage200 load`: what is read from a file, and what is written to the company."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sage200_async.catalog import Customer
from sage200_async.cli.load_rows import Rows, convert

RIGHT = [
    ("number", "1234.50", Decimal("1234.50")),
    ("number", " -0.10 ", Decimal("-0.10")),
    ("integer", "42", 42),
    ("boolean", "Yes", True),
    ("boolean", "0", False),
    ("datetime", "2026-07-31", date(2026, 7, 31)),
    ("datetime", "2026-07-31T09:00:00Z", datetime(2026, 7, 31, 9, tzinfo=UTC)),
    ("text", " 007 ", " 007 "),
    ("enum", "AccountStatusActive", "AccountStatusActive"),
]
WRONG = [
    ("number", "1,50"),
    ("number", "1.234,50"),
    ("number", "1,234.50"),
    ("number", "1e5"),
    ("number", "NaN"),
    ("number", "٣"),
    ("integer", "1.0"),
    ("boolean", "maybe"),
    ("datetime", "31/07/2026"),
    ("datetime", "2026-07-31T09:00:00"),
    ("datetime", "20260731"),
    ("datetime", "2026-W31-5"),
]


@pytest.mark.parametrize(("kind", "text", "value"), RIGHT)
def test_text_becomes_what_its_field_holds(kind: str, text: str, value: object) -> None:
    """Numbers keep their digits, dates are dates, and texts stay as they are."""
    assert convert(kind, text) == value
    assert str(convert(kind, text)) == str(value)


@pytest.mark.parametrize(("kind", "text"), WRONG)
def test_text_that_could_mean_several_things_is_refused(kind: str, text: str) -> None:
    """A comma, a British date or a time without a zone is never guessed at."""
    with pytest.raises(ValueError, match="expected"):
        convert(kind, text)


def rows_of(path: Path, **columns: str) -> list[Any]:
    """Return the rows of a file of customers."""
    return list(Rows(path, Customer.fields, columns))


ROW = {"reference": "A1", "credit_limit": Decimal("10.50"), "on_hold": True}
FILES: dict[str, Callable[[Path], object]] = {
    "a.csv": lambda p: p.write_text("reference,credit_limit,on_hold\nA1,10.50,yes\n"),
    "b.CSV": lambda p: p.write_text(
        "reference;credit_limit;on_hold\r\nA1;10.50;true\r\n", "utf-8-sig"
    ),
    "c.ndjson": lambda p: p.write_text(
        '{"reference":"A1","credit_limit":10.50,"on_hold":true}\n\n'
    ),
    "d.parquet": lambda p: pq.write_table(pa.Table.from_pylist([ROW]), p),
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_each_kind(tmp_path: Path, name: str) -> None:
    """CSV with either delimiter, NDJSON and Parquet bring the same rows."""
    FILES[name](tmp_path / name)
    assert rows_of(tmp_path / name) == [ROW]


def test_columns_are_mapped_left_out_or_of_related_records(tmp_path: Path) -> None:
    """Empty cells are no values, and a dotted column is a related record's field."""
    path = tmp_path / "a.csv"
    path.write_text('Ref,name,Notes,main_address.city\nA1,,"x, y",Leeds\nA2,B,,\n')
    assert rows_of(path, Ref="reference", Notes="") == [
        {"reference": "A1", "main_address": {"city": "Leeds"}},
        {"reference": "A2", "name": "B"},
    ]


BAD_FILES = [
    (
        "a.csv",
        b'reference,credit_limit\nA1,"1,5"\nA2,2\nA3,x\n',
        "line 2: credit_limit",
    ),
    (
        "a.csv",
        b'reference,credit_limit\nA1,"1,5"\nA2,2\nA3,x\n',
        "line 4: credit_limit",
    ),
    ("a.csv", b"reference,name\nA1\n", "line 2: 1 cells, expected 2"),
    ("a.csv", b"reference,reference\nA1,A2\n", "each once"),
    ("a.csv", b"", "expected a first line"),
    ("a.csv", b"reference,name\nA1,\xe9\n", "CSV UTF-8"),
    ("a.ndjson", b"[1]\n", "line 1: no JSON object"),
    ("a.xls", b"PK", "save it as .xlsx"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD_FILES)
def test_what_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    """All cells that are wrong are named, with their lines."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(click.UsageError) as refused:
        Rows(path, Customer.fields, {}).check()
    assert message in str(refused.value)


def test_a_file_is_loaded(
    serving: Any, sage200: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dry run shows the requests, a run sends them, and a second one sends nothing."""
    monkeypatch.chdir(tmp_path)
    with serving(records={"customers": 2}) as (sandbox, env):
        old = next(iter(sandbox.store.rows("customers")))
        Path("new.csv").write_text(
            f"Account,name,credit_limit\n{old['reference']},,12.34\nN1,New,\nN2,,\n",
            encoding="utf-8",
        )
        command = ["load", "new.csv", "--into", "customers", "--journal", "job.db"]
        command += ["--map", "Account=reference", "--workers", "1"]
        dry = sage200(*command, "--dry-run", env=env).stdout.splitlines()
        assert dry == [
            f'PUT customers/{old["id"]} {{"credit_limit":12.34}}',
            'POST customers {"reference":"N1","name":"New"}',
            "3 rows: would be 1 created, 1 updated, 1 refused (2 requests)",
        ]
        assert {request.method for request in sandbox.requests} == {"GET"}
        run = sage200(*command, "--not-done", "rest.csv", env=env, code=1)
        assert "row 3 N2: refused: name: missing" in run.stderr
        assert run.stdout.startswith("3 rows: 1 created, 1 updated, 1 refused")
        assert len(Path("rest.csv").read_text("utf-8").splitlines()) == 2
        again = sage200(*command, env=env, code=1)
        assert again.stdout.startswith("3 rows: 1 created, 1 updated, 1 refused")
        sent = [r.method for r in sandbox.requests if r.method != "GET"]
        assert sorted(sent) == ["POST", "PUT"]


@pytest.mark.parametrize(
    "options",
    [
        ["--journal", "job.db", "--not-done", "new.csv"],
        ["--journal", "job.db", "--not-done", "./job.db"],
        ["--journal", "job.db", "--not-done", "job.db-journal"],
        ["--journal", "new.csv"],
    ],
)
def test_no_file_is_written_over_another(
    sage200: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """The input, the journal and the rest are three files; else nothing is sent."""
    monkeypatch.chdir(tmp_path)
    Path("new.csv").write_text("reference,name\nN1,New\n", encoding="utf-8")
    ended = sage200("load", "new.csv", "--into", "customers", *options, code=2)
    assert "are the same file; name another one" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


def test_documents_are_inserted(serving: Any, sage200: Any, tmp_path: Path) -> None:
    """What the catalog has a marker for is inserted; other options are refused."""
    path = tmp_path / "orders.ndjson"
    with serving(records={"customers": 1, "sop_orders": 1}) as (sandbox, env):
        customer = next(iter(sandbox.store.rows("customers")))["id"]
        path.write_text(f'{{"customer_id":{customer}}}\n', encoding="utf-8")
        command = ["load", str(path), "--into", "sop_orders"]
        command += ["--journal", str(tmp_path / "job.db")]
        output = sage200(*command, env=env)
        assert output.stdout.startswith("1 rows: 1 created")
        wrong = [*command, "--at-most-once", "--by", "document_no"]
        assert "--by is for records" in sage200(*wrong, env=env, code=2).stderr
        wrong = [*command, "--map", "customer_id"]
        assert "expected COLUMN=FIELD" in sage200(*wrong, env=env, code=2).stderr
