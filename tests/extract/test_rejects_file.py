"""The file of records that were set aside: each once, none lost, nothing else harmed."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer
from sage200_async.errors import DecodeError, SinkConflict, SinkError
from sage200_async.extract import Extraction, RejectsFile
from sage200_async.extract.rejects import RejectedRow
from sage200_async.wire.decode import SliceReader

CLIENT = Sage200Client(Settings(site="s", company=1, access_token="a"))
CUSTOMERS = Extraction(name="customers", query=CLIENT.customers)


def rejected(key: int, reason: str = "too long", **row: object) -> RejectedRow:
    record = {"id": key, **row}
    return RejectedRow(
        table="customers", key=(key,), column="name", reason=reason, row=record
    )


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_line_has_all_that_is_needed_to_correct_a_record(tmp_path: Path) -> None:
    """A line names resource, company, table, key, column and reason, and has the record."""
    path = tmp_path / "rejects.ndjson"
    RejectsFile(path).of(CUSTOMERS)(rejected(7, name="Zoë"))
    assert lines(path) == [
        {
            "resource": "customers",
            "site": "s",
            "company": "1",
            "table": "customers",
            "key": 7,
            "column": "name",
            "reason": "too long",
            "record": {"id": 7, "name": "Zoë"},
        }
    ]


def test_a_record_is_in_the_file_once(tmp_path: Path) -> None:
    """A value that is set aside again, by the same run or a later one, is not repeated."""
    path = tmp_path / "rejects.ndjson"
    for _ in range(2):
        file = RejectsFile(path)
        for key in (1, 2, 2, 1):
            file.add("customers", rejected(key))
        file.add("customers", rejected(1, "another reason", name="another value"))
        file.add("products", rejected(1))
    named = [(line["resource"], line["key"]) for line in lines(path)]
    assert named == [("customers", 1), ("customers", 2), ("products", 1)]


def test_several_companies_share_a_file(tmp_path: Path) -> None:
    """Records of two companies, or of two sites, have the same keys: all are in the file."""
    path = tmp_path / "rejects.ndjson"
    wanted = [("s", "1"), ("s", "2"), ("t", "1")]
    for site, company in [*wanted, *wanted]:
        client = Sage200Client(Settings(site=site, company=company, access_token="a"))
        own = Extraction(name="customers", query=client.customers)
        RejectsFile(path).of(own)(rejected(7, name="Zoë"))
        bad = DecodeError("not JSON", raw=rb'{"id":8,"name":"a\ud800"}')
        RejectsFile(path).quarantine(own)(bad)
    named = [(line["site"], line["company"], line["key"]) for line in lines(path)]
    assert named == [(*one, key) for one in wanted for key in (7, 8)]


def test_a_file_of_an_earlier_version_is_gone_on_with(tmp_path: Path) -> None:
    """Its lines do not name the company; they stay, and new ones follow."""
    path = tmp_path / "rejects.ndjson"
    old = b'{"resource":"customers","table":"customers","key":7,"column":"name","reason":"r","record":{}}\n'
    path.write_bytes(old)
    RejectsFile(path).of(CUSTOMERS)(rejected(7))
    assert path.read_bytes().startswith(old)
    assert [line.get("company") for line in lines(path)] == [None, "1"]


def test_records_without_a_key_are_compared_whole(tmp_path: Path) -> None:
    """Without a key, the same record is in the file once, and another one beside it."""
    path = tmp_path / "rejects.ndjson"
    file = RejectsFile(path)
    for name in ("a", "b", "a"):
        row = {"name": name}
        file.add(
            "users",
            RejectedRow(table="users", key=(), column="name", reason="r", row=row),
        )
    assert [line["record"] for line in lines(path)] == [{"name": "a"}, {"name": "b"}]


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_half_a_line_that_a_kill_left_is_cut_off(tmp_path: Path, cut: int) -> None:
    """A line that was not written to its end is written anew; others stay."""
    path = tmp_path / "rejects.ndjson"
    file = RejectsFile(path)
    file.add("customers", rejected(1))
    file.add("customers", rejected(2))
    whole = path.read_bytes()
    for left in range(len(whole.splitlines(keepends=True)[0]) + 1, len(whole), cut):
        path.write_bytes(whole[:left])
        RejectsFile(path).add("customers", rejected(2))
        assert path.read_bytes() == whole


@pytest.mark.parametrize("content", [b"id,name\n1,x\n", b"\xff\xd8\xff", b'{"id":1}\n'])
def test_another_file_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    """A file that holds something else is refused, and not changed."""
    path = tmp_path / "customers.csv"
    path.write_bytes(content)
    with pytest.raises(SinkConflict, match="not a file of rejects"):
        RejectsFile(path)
    assert path.read_bytes() == content


def test_a_path_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    """A folder, or a folder that is missing, is an error before anything is read."""
    for path in (tmp_path, tmp_path / "missing" / "rejects.ndjson"):
        with pytest.raises(SinkError, match="cannot be written"):
            RejectsFile(path)


def test_a_file_that_was_moved_away_begins_anew(tmp_path: Path) -> None:
    """Once records are corrected the file is moved away; a running export makes a new one."""
    path = tmp_path / "rejects.ndjson"
    file = RejectsFile(path)
    file.add("customers", rejected(1))
    path.replace(tmp_path / "corrected.ndjson")
    file.add("customers", rejected(1))
    assert [line["key"] for line in lines(path)] == [1]


PROGRAM = """
import sys
from sage200_async.extract import RejectsFile
from sage200_async.extract.rejects import RejectedRow
file = RejectsFile(sys.argv[1])
for key in range(60):
    row = RejectedRow(table="t", key=(key,), column="", reason="r", row={"id": key})
    file.add("customers", row)
"""


def test_several_threads_and_processes_share_a_file(tmp_path: Path) -> None:
    """However many write at once, each record is there once, and each line is whole."""
    path = tmp_path / "rejects.ndjson"
    command = [sys.executable, "-c", PROGRAM, str(path)]
    processes = [subprocess.Popen(command, env=os.environ) for _ in range(2)]
    file = RejectsFile(path)

    def add() -> None:
        for key in range(60):
            file.add("products", rejected(key))

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in processes] == [0, 0]
    keys = [(line["resource"], line["key"]) for line in lines(path)]
    wanted = [(name, key) for name in ("customers", "products") for key in range(60)]
    assert sorted(keys) == wanted


UNREADABLE = [
    (rb'{"id":1,"name":"a\ud800"}', "name", "surrogate"),
    (
        rb'{"name":"a","id":1,"contacts":[{"name":"\udc00"}]}',
        "contacts[0].name",
        "surr",
    ),
    (
        b'{"id":1,"date_time_updated":"9999-12-31T23:59:59.9999999Z"}',
        "date_time_updated",
        "RFC3339",
    ),
    (b'{"id":1,"balance":"much"}', "balance", "Invalid decimal"),
    (b'{"id":1,"balance":1e99999999999999999999}', "balance", "Invalid decimal"),
    (b'{"id":1,"name":"a\x01b"}', "", "invalid character"),
    (b'{"id":1,"name":"\xed\xa0\x80"}', "", "utf-8"),
    (
        b'{"id":1,"extra":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "",
        "recursion",
    ),
]


@pytest.mark.parametrize(("raw", "column", "reason"), UNREADABLE)
def test_a_record_that_cannot_be_decoded_is_named(
    tmp_path: Path, raw: bytes, column: str, reason: str
) -> None:
    """Whatever is wrong with a record, the line names its key, and has its text."""
    path = tmp_path / "rejects.ndjson"
    quarantine = RejectsFile(path).quarantine(CUSTOMERS)
    page = b'[{"id":0},%b,{"id":2}]' % raw
    records = [
        one for some in SliceReader(Customer, quarantine).slices(page) for one in some
    ]
    assert [record.id for record in records] == [0, 2]
    [line] = lines(path)
    assert (line["resource"], line["table"], line["key"]) == (
        "customers",
        "customers",
        1,
    )
    assert line["column"] == column
    assert reason in str(line["reason"])
    assert line["record"]
    RejectsFile(path)  # and such a file is read again


def test_numbers_of_a_record_keep_their_digits(tmp_path: Path) -> None:
    """The record in the file has the digits of the wire, as far as it can be read."""
    path = tmp_path / "rejects.ndjson"
    quarantine = RejectsFile(path).quarantine(CUSTOMERS)
    for key, bad in ((b"1", rb'"a\ud800"'), (b"2", b"7")):
        page = b'[{"id":%b,"name":%b,"balance":1.50,"credit_limit":0.000}]' % (key, bad)
        assert list(SliceReader(Customer, quarantine).slices(page)) == [[]]
    assert [
        b'"balance":1.50,"credit_limit":0.000' in line
        for line in path.read_bytes().splitlines()
    ] == [True, True]
