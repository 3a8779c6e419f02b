"""UTF-8 and line feeds on every console and pipe, as on Windows and in services."""

import io
import os
import subprocess
import sys
from typing import Any

import pytest

from sage200_async.cli import app as app_module
from sage200_async.cli.output import safe_outputs

SAGE200 = [sys.executable, "-m", "sage200_async"]
CITY = "Łódź 日本 e\u0301"


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "utf-16"])
def test_outputs_are_in_utf_8_whatever_they_were(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A console of a legacy code page neither ends a command nor changes a letter."""
    raw = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, file in raw.items():
        monkeypatch.setattr(sys, name, io.TextIOWrapper(file, encoding, newline="\r\n"))
    with safe_outputs():
        print(CITY)
        print(CITY, file=sys.stderr)
    assert raw["stdout"].getvalue() == raw["stderr"].getvalue() == f"{CITY}\n".encode()


def test_half_a_character_is_printed_as_an_escape(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file's name that is no UTF-8 is no reason for a traceback."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "cp1252"))
    with safe_outputs():
        print("a\udcff")
    assert raw.getvalue() == b"a\\udcff\n"


def test_an_output_that_is_no_file_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program that runs the command line may have put anything there."""
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    with safe_outputs():
        print(CITY)
    assert output.getvalue() == f"{CITY}\n"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii"])
@pytest.mark.parametrize("shape", ["ndjson", "csv", "table", "json"])
def test_a_process_on_a_legacy_code_page_prints_utf_8(
    encoding: str, shape: str, serving: Any, serve_bad_records: Any, sage200: Any
) -> None:
    """The names of customers come out of a pipe of Windows as they went in."""
    with serving(records={"suppliers": 2}) as (sandbox, env):
        arguments = ("query", "suppliers", "--select", "id,name")
        rows = sage200(*arguments, "--format", "csv", env=env).stdout
        key = int(rows.split()[1].split(",")[0])
        serve_bad_records(sandbox, {key: ("name", f'"{CITY}"'.encode())})
        completed = subprocess.run(
            [*SAGE200, *arguments, "--format", shape],
            capture_output=True,
            env={**os.environ, **env, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
            check=False,
        )
    assert completed.returncode == 0, completed.stderr
    assert CITY in completed.stdout.decode("utf-8")
    assert b"\r" not in completed.stdout


def test_python_m_runs_the_command_line() -> None:
    """`python -m sage200_async` does what `sage200` does, and calls itself so."""
    completed = subprocess.run(
        [*SAGE200, "-V"], capture_output=True, text=True, check=True
    )
    assert completed.stdout == f"sage200, version {app_module.__version__}\n"
    helped = subprocess.run(
        [*SAGE200, "query", "-h"], capture_output=True, text=True, check=True
    )
    assert helped.stdout.startswith("Usage: sage200 query ")
