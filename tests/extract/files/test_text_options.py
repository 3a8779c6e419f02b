"""Options of text files: explicit nulls, a byte order mark, formulas made harmless."""

import csv
import io
import json
import re
from decimal import Decimal

import pytest
from file_exports import OWN, PARTS, TABLES, certificate, key_range

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.files.manifest import find_manifest
from sage200_async.extract.tables import Column, Table
from sage200_async.paging.key_ranges import KeyRange

NOTES = Table(
    "notes",
    (Column("id", "integer"), Column("note", "text"), Column("amount", "number")),
    ("id",),
)


def exported(folder, format, rows, table=NOTES, **options):
    """Export rows of one table; return the content of its file."""
    sink = files_at(folder, format, **options)
    sink.open([table])
    high = len(rows)
    sink.begin(Checkpoint(query="", bounds=KeyRange(0, high)))
    sink.write(key_range(0, high, [row[0] for row in rows]), {table.name: rows})
    sink.commit(certificate(high))
    sink.close()
    return (folder / f"{table.name}.{format}").read_bytes()


def test_ndjson_leaves_nulls_out_or_writes_them(tmp_path):
    """With nulls=True each line has every column, so that readers lose none."""
    rows = [(1, None, None), (2, "two", None)]
    without = exported(tmp_path / "without", "ndjson", rows)
    assert without == b'{"id":1}\n{"id":2,"note":"two"}\n'
    lines = exported(tmp_path / "nulls", "ndjson", rows, nulls=True).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": 1, "note": None, "amount": None},
        {"id": 2, "note": "two", "amount": None},
    ]


def test_csv_has_every_column_and_distinguishes_null_from_empty(tmp_path):
    """CSV needs no nulls=True: a null is an empty cell, an empty text is quoted."""
    text = exported(tmp_path, "csv", [(1, None, None), (2, "", None)])
    assert text == b'id,note,amount\n1,,\n2,"",\n'


def test_csv_begins_with_a_byte_order_mark_on_demand(tmp_path):
    """With bom=True the header follows the mark of UTF-8; without it, there is none."""
    rows = [(1, "Zoë", None)]
    plain = exported(tmp_path / "plain", "csv", rows)
    marked = exported(tmp_path / "marked", "csv", rows, bom=True)
    assert plain.startswith(b"id,note")
    assert marked == b"\xef\xbb\xbf" + plain
    assert marked.decode("utf-8-sig") == plain.decode()


FORMULAS = ["=1+1", "+44 20 7946", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '="a,b"']


def test_texts_that_a_spreadsheet_would_run_get_an_apostrophe(tmp_path):
    """On demand only: texts that begin like a formula, and no number, get one."""
    harmless = ["a=b", "", None, "'=1"]
    texts = [*FORMULAS, *harmless]
    amounts = [None, Decimal(-12)] * len(texts)
    rows = list(zip(range(1, len(texts) + 1), texts, amounts, strict=False))
    plain = cells(exported(tmp_path / "plain", "csv", rows))
    assert [row[1] for row in plain] == [text or "" for text in texts]
    neutral = cells(
        exported(tmp_path / "neutral", "csv", rows, neutralize_formulas=True)
    )
    wanted = [f"'{text}" for text in FORMULAS] + [text or "" for text in harmless]
    assert [row[1] for row in neutral] == wanted
    assert [row[2] for row in neutral] == [row[2] for row in plain]
    assert {row[2] for row in plain} == {"-12", ""}


def cells(data):
    _, *rows = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    return rows


@pytest.mark.parametrize(
    ("format", "option", "reason"),
    [
        ("ndjson", "bom", "RFC 8259"),
        ("ndjson", "neutralize_formulas", "not for ndjson"),
        ("csv", "nulls", "always has every column"),
        ("parquet", "nulls", "always has every column"),
        ("parquet", "bom", "not for parquet"),
        ("parquet", "neutralize_formulas", "not for parquet"),
    ],
)
def test_an_option_that_the_format_does_not_use_is_refused(
    tmp_path, format, option, reason
):
    """An option without an effect is an error that names it and says why."""
    with pytest.raises(SinkError, match=f"{option} must be left out: .*{reason}"):
        files_at(tmp_path, format, **{option: True})


@pytest.mark.parametrize(
    ("format", "option"),
    [("ndjson", "nulls"), ("csv", "bom"), ("csv", "neutralize_formulas")],
)
def test_an_unfinished_export_is_not_resumed_with_other_options(
    tmp_path, format, option
):
    """A file is never written half with an option and half without it."""
    sink = files_at(tmp_path, format, **{option: True})
    sink.open(TABLES)
    sink.begin(Checkpoint(query="", bounds=KeyRange(0, 9)))
    sink.close()
    name = re.escape(option.replace("_", "-"))
    with pytest.raises(SinkConflict, match=rf"{format} \({name}, .*--restart"):
        files_at(tmp_path, format).open([OWN, PARTS])
    sink = files_at(tmp_path, format, **{option: True})
    assert sink.open(TABLES) is not None
    sink.close()


def test_the_manifest_names_the_options(tmp_path):
    """The manifest says what the files have besides, for those who read them."""
    exported(tmp_path, "csv", [], bom=True, neutralize_formulas=True)
    manifest = find_manifest(tmp_path, "notes")
    assert manifest.options == ("bom", "neutralize-formulas")
