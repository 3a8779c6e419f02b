"""Records with a value that a format cannot hold: named, or set aside and counted."""

import json
import sys
from decimal import Decimal

import pyarrow.parquet
import pytest
from file_exports import certificate, key_range

from sage200_async.errors import SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files import sink as file_sink
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.files.manifest import find_manifest
from sage200_async.extract.sink import OpenOptions
from sage200_async.extract.tables import PARENT_KEY, POSITION, Column, Table
from sage200_async.paging.key_ranges import KeyRange

RATES = Table(
    "rates",
    (Column("id", "integer"), Column("name", "text"), Column("rate", "number")),
    ("id",),
)
PARTS = Table(
    "rates__parts",
    (
        Column(PARENT_KEY, "integer"),
        Column(POSITION, "integer"),
        Column("share", "number"),
    ),
    (PARENT_KEY, POSITION),
    "parts",
)
UNKEYED = Table("rates", RATES.columns)
LONG = Decimal("1.12345678901")
SHORT = Decimal("1.50")
HALF = "a\ud800"


def opened(folder, format, tables, on_reject=None, high=9):
    """Open a sink, and begin to read keys up to *high*."""
    sink = files_at(folder, format, on_reject=on_reject)
    if sink.open(tables) is None:
        bounds = KeyRange(0, high) if tables[0].key else None
        sink.begin(Checkpoint(query="", bounds=bounds))
    return sink


def write(sink, low, high, rows, parts=()):
    keys = [row[0] for row in rows]
    sink.write(key_range(low, high, keys), {"rates": rows, "rates__parts": list(parts)})


@pytest.mark.parametrize(
    ("format", "row", "column", "reason"),
    [
        ("parquet", (3, "x", LONG), "rate", "at most 28 digits before and 10 after"),
        ("parquet", (3, HALF, None), "name", "surrogates not allowed"),
        ("ndjson", (3, HALF, None), "name", "surrogates not allowed|surrogates"),
        ("csv", (3, HALF, None), "name", "surrogates not allowed"),
    ],
)
def test_a_value_that_does_not_fit_is_named_or_set_aside(
    tmp_path, format, row, column, reason
):
    """Without on_reject the error names key and column; with it the record is set aside."""
    sink = opened(tmp_path, format, [RATES])
    write(sink, 0, 9, [(1, "a", SHORT), row])
    with pytest.raises(SinkError, match=rf"rates, id 3: {column}: .*--rejects"):
        sink.close()
    rejected = []
    sink = opened(tmp_path, format, [RATES], rejected.append)
    write(sink, 0, 9, [(1, "a", SHORT), row, (4, "b", None)])
    stored = sink.commit(certificate(3))
    sink.close()
    [one] = rejected
    assert (one.table, one.key, one.column) == ("rates", (3,), column)
    assert any(text in one.reason for text in reason.split("|"))
    assert one.row["id"] == 3
    assert (stored.records, stored.rejected) == (2, 1)
    manifest = find_manifest(tmp_path, "rates")
    assert manifest.certificate == stored
    assert manifest.files[0].rows == 2


def test_a_record_is_set_aside_whole(tmp_path):
    """A related row that does not fit takes its record and its other rows with it."""
    rejected = []
    sink = opened(tmp_path, "parquet", [RATES, PARTS], rejected.append)
    rows = [(1, "a", LONG), (2, "b", SHORT), (3, "c", SHORT), (4, "d", SHORT)]
    parts = [(1, 0, LONG), (2, 0, SHORT), (2, 1, LONG), (2, 2, LONG), (4, 0, SHORT)]
    write(sink, 0, 9, rows, parts)
    assert sink.commit(certificate(4)).rejected == 2
    sink.close()
    assert [(one.table, one.key, one.column) for one in rejected] == [
        ("rates", (1,), "rate"),
        ("rates__parts", (2, 1), "share"),
    ]
    assert [len(one.row["parts"]) for one in rejected] == [1, 3]
    read = pyarrow.parquet.read_table
    assert read(tmp_path / "rates.parquet")["id"].to_pylist() == [3, 4]
    parents = read(tmp_path / "rates__parts.parquet")[PARENT_KEY].to_pylist()
    assert parents == [4]


def test_records_without_a_key_are_set_aside_too(tmp_path):
    """Of a resource without a unique key, each row that does not fit is set aside."""
    rejected = []
    sink = opened(tmp_path, "parquet", [UNKEYED], rejected.append)
    rows = [(7, "a", LONG), (7, "a", SHORT), (7, "b", LONG)]
    sink.write(None, {"rates": rows})
    stored = sink.commit(certificate(3))
    sink.close()
    assert [(one.key, one.row["name"]) for one in rejected] == [((), "a"), ((), "b")]
    assert (stored.records, stored.rejected) == (1, 2)


def test_what_was_set_aside_is_counted_once_over_several_runs(tmp_path, monkeypatch):
    """A run that is stopped hands on what it has set aside; a torn append counts nothing."""
    monkeypatch.setattr(file_sink, "ROWS", 1)
    rejected = []
    sink = opened(tmp_path, "parquet", [RATES], rejected.append)
    write(sink, 0, 3, [(1, "a", LONG), (2, "a", SHORT)])
    write(sink, 3, 5, [(4, "a", LONG)])
    journal = tmp_path / ".rates.partial" / "journal"
    whole = journal.stat().st_size
    write(sink, 5, 7, [(6, "a", LONG)])
    sink._release()  # as a kill does
    with journal.open("r+b") as file:
        file.truncate(whole + 20)
    sink = opened(tmp_path, "parquet", [RATES], rejected.append)
    assert sink._checkpoint.set_aside == 2
    assert [gap.low for gap in sink._checkpoint.missing] == [5]
    write(sink, 5, 9, [(6, "a", LONG), (8, "a", SHORT)])
    stored = sink.commit(certificate(5))
    sink.close()
    assert (stored.records, stored.rejected) == (2, 3)
    assert [one.key for one in rejected] == [(1,), (4,), (6,), (6,)]


def test_records_are_set_aside_before_the_others_are_stored(tmp_path, monkeypatch):
    """Where setting aside fails, nothing is stored, so that the record comes again."""
    monkeypatch.setattr(file_sink, "ROWS", 1)

    def fail(row):
        raise SinkError("the disk is full")

    sink = opened(tmp_path, "parquet", [RATES], fail)
    write(sink, 0, 2, [(1, "a", SHORT)])
    with pytest.raises(SinkError, match="disk is full"):
        write(sink, 2, 5, [(3, "a", LONG), (4, "a", SHORT)])
    sink.close()
    sink = files_at(tmp_path, "parquet")
    assert [gap.low for gap in sink.open([RATES]).missing] == [2]
    sink.close()


def test_many_records_that_do_not_fit_are_found(tmp_path):
    """All records that do not fit are found, and no other, wherever they lie."""
    rejected = []
    high = 3000
    sink = opened(tmp_path, "parquet", [RATES], rejected.append, high)
    bad = {key for key in range(1, high + 1) if key % 7 == 0 or key > 2900}
    rows = [(key, "a", LONG if key in bad else SHORT) for key in range(1, high + 1)]
    write(sink, 0, high, rows)
    assert sink.commit(certificate(high)).rejected == len(bad)
    sink.close()
    assert [one.key[0] for one in rejected] == sorted(bad)
    ids = pyarrow.parquet.read_table(tmp_path / "rates.parquet")["id"].to_pylist()
    assert set(ids) == set(range(1, high + 1)) - bad


def test_a_run_counts_the_requests_and_rejects_of_those_before_it(tmp_path):
    """The checkpoint keeps the totals so far, and when the first run began."""
    sink = files_at(tmp_path, "ndjson")
    sink.open([RATES])
    sink.begin(Checkpoint(query="", bounds=KeyRange(0, 9), started_at=5.0))
    rows = {"rates": [(1, "a", None)]}
    sink.write(key_range(0, 3, [1]), rows, requests=4, rejected=2)
    sink.close()
    checkpoint = sink.open([RATES])
    assert (checkpoint.requests, checkpoint.rejected) == (4, 2)
    assert checkpoint.started_at == 5.0
    sink.close()


def test_restart_drops_what_an_earlier_run_has_read(tmp_path):
    """With restart=True an unfinished export is dropped, even of another format."""
    sink = opened(tmp_path, "csv", [RATES])
    write(sink, 0, 3, [(1, "a", SHORT)])
    sink.close()
    sink = files_at(tmp_path, "ndjson")
    assert sink.open([RATES], OpenOptions(restart=True)) is None
    sink.begin(Checkpoint(query="", bounds=KeyRange(0, 9)))
    write(sink, 0, 9, [(2, "b", None)])
    sink.commit(certificate(1))
    sink.close()
    lines = (tmp_path / "rates.ndjson").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"id": 2, "name": "b"}]


def test_another_process_keeps_restart_from_dropping_its_rows(tmp_path):
    """An export that is running is not dropped by the restart of another."""
    running = opened(tmp_path, "ndjson", [RATES])
    write(running, 0, 3, [(1, "a", None)])
    if sys.platform != "win32":
        with pytest.raises(SinkError, match="another process is writing there"):
            files_at(tmp_path, "ndjson").open([RATES], OpenOptions(restart=True))
    write(running, 3, 9, [])
    assert running.commit(certificate(1)).records == 1
    running.close()
