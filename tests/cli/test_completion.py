"""`sage200 completion`: commands, resources, fields and options, in four shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sage200_async.cli.app import app
from sage200_async.cli.completion import PowerShellComplete

SHELLS = ("bash", "zsh", "fish", "powershell")
ASK = """
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_sage200_completion sage200
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which `sage200` is this command line."""
    script = tmp_path / "sage200"
    script.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m sage200_async "$@"\n', "utf-8"
    )
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["exp"], {"export"}),
        (["query", "customer_v"], {"customer_views"}),
        (["query", "customers", "--select", "balance,bal"], set()),
        (["query", "customers", "--order-by", "balan"], {"balance"}),
        (["query", "customers", "--format", "n"], {"ndjson"}),
        (["query", "customers", "--neu"], {"--neutralize-formulas"}),
        (["export", "suppliers", "--to", "out", "--select", "refer"], {"reference"}),
        (["export", "suppliers", "customer_v"], {"customer_views"}),
        (["describe", "sales_invoices"], {"sales_invoices", "sales_invoices_new"}),
        (["query", "sales_inv"], set()),
        (["completion", "p"], {"powershell"}),
    ],
)
def test_what_completes(words: list[str], expected: set[str]) -> None:
    """Commands, resources that the command can use, their fields, options, choices."""
    shell = PowerShellComplete(app, {}, "sage200", "_SAGE200_COMPLETE")
    items = shell.get_completions(words[:-1], words[-1])
    assert {item.value for item in items} == expected


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.skipif(sys.platform == "win32", reason="the program is a script of sh")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("query customers --select id,bal", "id,balance"),
        ("query customers --expand conta", "contacts"),
    ],
)
def test_bash_completes(
    words: str, expected: str, program: dict[str, str], tmp_path: Path, sage200: Any
) -> None:
    """Bash itself offers it, by the script that was printed."""
    script = tmp_path / "completion.bash"
    script.write_text(sage200("completion", "bash").stdout, "utf-8")
    completed = subprocess.run(
        ["bash", "--norc", "-c", ASK, "-", script, "sage200", *words.split()],
        capture_output=True,
        text=True,
        env=program,
        check=True,
    )
    assert completed.stdout.split() == [expected]
    assert completed.stderr == ""


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes(program: dict[str, str], tmp_path: Path, sage200: Any) -> None:
    """Lists of fields have commas, which click's own script would cut them at."""
    script = tmp_path / "sage200.fish"
    script.write_text(sage200("completion", "fish").stdout, "utf-8")
    asked = f'source {script}; complete -C "sage200 query customers --select id,bal"'
    completed = subprocess.run(
        ["fish", "--no-config", "-c", asked],
        capture_output=True,
        text=True,
        env=program,
        check=True,
    )
    assert completed.stdout.split() == ["id,balance"]


def test_the_script_of_fish_keeps_commas(sage200: Any) -> None:
    """Also where no fish is there to show it."""
    script = sage200("completion", "fish").stdout
    assert script.count("string split") == script.count('string split --max 1 ","') == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_accepts_its_script(shell: str, sage200: Any, tmp_path: Path) -> None:
    """The script is one of that shell, where the shell is installed."""
    script = sage200("completion", shell).stdout
    assert "sage200" in script
    program = {"powershell": "pwsh"}.get(shell, shell)
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    path = tmp_path / "script"
    path.write_text(script, "utf-8")
    parse = f"[ScriptBlock]::Create((Get-Content -Raw '{path}'))"
    arguments = ["-NoProfile", "-Command", parse] if program == "pwsh" else ["-n", path]
    subprocess.run([program, *arguments], check=True)


def test_powershell_gets_a_value_and_a_help_to_a_line(program: dict[str, str]) -> None:
    """Its script hands on the words before the cursor, and the one at it."""
    asked = {"_SAGE200_COMPLETE": "powershell_complete", "COMP_CWORD": "que"}
    completed = subprocess.run(
        [sys.executable, "-m", "sage200_async"],
        capture_output=True,
        text=True,
        env={**program, **asked, "COMP_WORDS": "sage200"},
        check=True,
    )
    (line,) = completed.stdout.splitlines()
    value, text = line.split("\t")
    assert value == "query"
    assert text.startswith("Read RESOURCE")


def test_an_unknown_shell_is_refused(sage200: Any) -> None:
    """The message lists those that there are."""
    assert "'fish', 'powershell'" in sage200("completion", "tcsh", code=2).stderr
