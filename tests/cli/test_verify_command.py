"""`sage200 verify`: what it prints, and its exit status."""

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

SELECT = ("--select", "id,name,balance,on_hold")


def alter(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_a_copy_that_is_equal(
    sage200: Callable[..., Any], signed_in: dict[str, str], tmp_path: Path
) -> None:
    """Files and a database that are equal: exit status 0, and the proof of the read."""
    out, url = str(tmp_path / "out"), f"sqlite:///{(tmp_path / 'copy.db').as_posix()}"
    both = ("customers", "suppliers")
    sage200("export", *both, "--to", out, "--format", "csv", env=signed_in)
    sage200("sync", *both, "--to", url, env=signed_in)
    for target in (out, url):
        output = sage200("verify", *both, "--to", target, env=signed_in)
        lines = output.stdout.splitlines()
        assert lines[0].split()[:3] == ["resource", "source", "copy"]
        assert lines[1].split() == ["customers", "700", "700", *"0000", "equal"]
        assert lines[2].split() == ["suppliers", "30", "30", *"0000", "equal"]
        assert "compared with 700 records of the source; read by key" in output.stdout


def test_nested_records_are_compared(
    sage200: Callable[..., Any], signed_in: dict[str, str], tmp_path: Path
) -> None:
    """A file with nested records is equal to its source; verified otherwise, it is another."""
    copy = ("sop_orders", "--expand", "lines", "--to", str(tmp_path))
    nested = (*copy, "--related", "nested")
    sage200("export", *nested, "--format", "arrow", env=signed_in)
    output = sage200("verify", *nested, env=signed_in)
    assert output.stdout.splitlines()[1].split()[-1] == "equal"
    other = sage200("verify", *copy, env=signed_in, code=2)
    assert "related records as nested" in other.stderr


def test_a_copy_that_differs(
    sage200: Callable[..., Any], signed_in: dict[str, str], tmp_path: Path
) -> None:
    """Each row that differs has a line, up to the limit, and the exit status is 1."""
    path = tmp_path / "copy.db"
    copy = ("customers", *SELECT, "--to", f"sqlite:///{path.as_posix()}")
    sage200("sync", *copy, env=signed_in)
    keys = "(SELECT id FROM customers ORDER BY id LIMIT 1 OFFSET {})".format
    alter(
        path,
        f"UPDATE customers SET name = 'One ', balance = NULL WHERE id = {keys(0)}",
        f"UPDATE customers SET _deleted_at = '2026-01-01' WHERE id = {keys(1)}",
        f"DELETE FROM customers WHERE id = {keys(2)}",
        "INSERT INTO customers (id) VALUES (99999999)",
    )
    output = sage200("verify", *copy, env=signed_in, code=1)
    lines = output.stdout.splitlines()
    assert lines[1].split() == ["customers", "700", "699", *"1111", "differs"]
    assert "at the source, 'One ' in the copy; balance: " in lines[3]
    assert lines[3].endswith("at the source, null in the copy")
    assert lines[4].endswith("at the source, but marked as deleted in the copy")
    assert lines[5].endswith("missing in the copy")
    assert lines[6] == "customers 99999999: in the copy, but not at the source"
    short = sage200("verify", *copy, "--limit", "1", env=signed_in, code=1)
    assert "customers: 3 more rows differ; --limit shows more" in short.stdout


def test_output_for_programs(
    sage200: Callable[..., Any], signed_in: dict[str, str], tmp_path: Path
) -> None:
    """--json prints one array: counts, differences and certificate of each resource."""
    path = tmp_path / "copy.db"
    target = ("--to", f"sqlite:///{path.as_posix()}")
    sage200("sync", "customers", *SELECT, *target, env=signed_in)
    first = "(SELECT min(id) FROM customers)"
    alter(path, f"UPDATE customers SET balance = '0.10' WHERE id = {first}")
    both = ("customers", "suppliers", *SELECT, *target, "--json")
    output = sage200("verify", *both, env=signed_in, code=1)
    customers, suppliers = json.loads(output.stdout)
    assert customers["equal"] is False
    [table] = customers["tables"]
    assert (table["source"], table["copy"], table["changed"]) == (700, 700, 1)
    [difference] = customers["differences"]
    assert difference["kind"] == "changed"
    assert difference["changes"][0]["copy"] == 0.1
    assert customers["certificate"]["records"] == 700
    assert "no table suppliers" in suppliers["error"]
    assert "error: suppliers: " in output.stderr


def test_what_cannot_be_verified(
    sage200: Callable[..., Any], signed_in: dict[str, str], tmp_path: Path
) -> None:
    """Without a copy the exit status is 1; a wrong command is refused with 2."""
    target = ("--to", f"sqlite:///{(tmp_path / 'copy.db').as_posix()}")
    output = sage200("verify", "customers", *target, env=signed_in, code=1)
    assert "there is no such file; run `sage200 sync` first" in output.stderr
    assert not (tmp_path / "copy.db").exists()
    output = sage200("verify", "customers", "--to", "x.db", env=signed_in, code=2)
    assert "write --to sqlite:///x.db" in output.stderr
    sage200("verify", "nobody", *target, env=signed_in, code=2)


def test_records_that_cannot_be_read(
    sage200: Callable[..., Any],
    serving: Any,
    serve_bad_records: Any,
    tmp_path: Path,
) -> None:
    """They are counted, and the exit status is 3; what differs besides makes it 1."""
    path = tmp_path / "copy.db"
    copy = ("customers", "--to", f"sqlite:///{path.as_posix()}")
    rejects = ("--rejects", str(tmp_path / "rejects.ndjson"))
    with serving(records={"customers": 30}) as (sandbox, env):
        arguments = ("query", "customers", "--select", "id", "--format", "csv")
        first = int(sage200(*arguments, env=env).stdout.split()[1])
        serve_bad_records(sandbox, {first: ("balance", b'"many"')})
        sage200("sync", *copy, *rejects, env=env, code=3)
        output = sage200("verify", *copy, env=env, code=3)
        lines = output.stdout.splitlines()
        assert lines[1].split() == ["customers", "29", "29", *"0000", "equal"]
        assert "1 records of the source cannot be read" in lines[3]
        alter(path, "UPDATE customers SET name = 'x'")
        sage200("verify", *copy, env=env, code=1)
        [report] = json.loads(
            sage200("verify", *copy, "--json", env=env, code=1).stdout
        )
        assert report["equal"] is False
