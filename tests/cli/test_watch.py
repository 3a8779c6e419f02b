"""`sage200 watch`: a line for each change, acknowledged once it is written."""

import json
import os
import subprocess
import sys


def lines(output):
    return [json.loads(line) for line in output.stdout.splitlines()]


def test_changes_as_lines(sage200, signed_in, tmp_path):
    """Each is an object with the record; a second run prints nothing."""
    state = str(tmp_path / "state.db")
    command = ("watch", "customers", "--state", state, "--once", "--select", "name")
    first = lines(sage200(*command, env=signed_in))
    assert first
    assert {line["kind"] for line in first} == {"created"}
    assert {line["resource"] for line in first} == {"customers"}
    assert all(line["record"]["id"] == line["key"] for line in first)
    assert [line["key"] for line in first] == sorted(line["key"] for line in first)
    assert sage200(*command, env=signed_in).stdout == ""


def test_no_snapshot(sage200, signed_in, tmp_path):
    """A new state without a snapshot prints nothing of what is there."""
    state = str(tmp_path / "state.db")
    command = ("watch", "customers", "--state", state, "--once", "--no-snapshot")
    assert sage200(*command, env=signed_in).stdout == ""


def test_explained(sage200, signed_in, tmp_path):
    """`--explain` sends nothing, and makes no state."""
    state = tmp_path / "state.db"
    command = ("watch", "customers", "--state", str(state), "--explain")
    output = sage200(*command, "--every", "5m", env=signed_in)
    assert "Every 300 s" in output.stdout
    assert not state.exists()


def test_what_cannot_be_watched(sage200, signed_in, tmp_path):
    """A resource without a key, an unknown one and a bad state are refused with 2."""
    state = str(tmp_path / "state.db")
    unkeyed = sage200("watch", "sites", "--state", state, env=signed_in, code=2)
    assert "sites" in unkeyed.stderr
    wrong = sage200("watch", "custmers", "--state", state, env=signed_in, code=2)
    assert "the nearest is customers" in wrong.stderr
    duckdb = sage200(
        "watch", "customers", "--state", "duckdb:///x.db", env=signed_in, code=2
    )
    assert "cannot be shared by processes" in duckdb.stderr


def test_it_ends_on_sigterm(signed_in, tmp_path):
    """What was written is acknowledged, and does not come again; a line says how to go on."""
    state = str(tmp_path / "state.db")
    command = [sys.executable, "-m", "sage200_async", "watch", "customers"]
    command += ["--state", state, "--select", "name", "--every", "1s"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=os.environ | signed_in, **pipes) as process:
        first = [json.loads(process.stdout.readline()) for _ in range(700)]
        process.terminate()
        rest, errors = process.communicate(timeout=60)
    assert len({line["key"] for line in first}) == 700
    assert rest == ""
    if os.name == "posix":
        assert process.returncode == 143
        assert "run the same command again" in errors
    again = subprocess.run(
        [*command, "--once"],
        env=os.environ | signed_in,
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout == ""
