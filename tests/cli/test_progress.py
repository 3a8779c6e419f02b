"""What an export prints meanwhile, and to a reader that does not wait for the end."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, cast

import pytest
import rich.progress
from rich.console import Console
from rich.progress import MofNCompleteColumn, TextColumn

from sage200_async.cli.app import run
from sage200_async.cli.output import Messages
from sage200_async.cli.progress import Bars, Lines
from sage200_async.paging.parallel import Progress

SAGE200 = [sys.executable, "-m", "sage200_async.cli"]


def test_without_a_terminal_progress_is_printed_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line at the start, at most one in 30 seconds for each resource, one at the end."""
    now = 0.0
    lines = Lines(lambda: now)
    steps = {name: lines.start(name) for name in ("customers", "products")}
    for second in range(100):
        now = float(second)
        steps["customers"](Progress(records=second * 10, expected=1000))
        steps["products"](Progress(records=second))
    lines.end("customers", "complete")
    lines.end("products", "failed")
    assert capsys.readouterr().err.splitlines() == [
        "customers: started",
        "products: started",
        "customers: 300 of 1,000 records",
        "products: 30 records",
        "customers: 600 of 1,000 records",
        "products: 60 records",
        "customers: 900 of 1,000 records",
        "products: 90 records",
        "customers: 990 records, complete",
        "products: 99 records, failed",
    ]


def test_on_a_terminal_each_resource_has_a_bar() -> None:
    """A bar shows how far a resource has come, and is full once it is complete."""
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=80)
    columns = TextColumn("{task.description}"), MofNCompleteColumn()
    with rich.progress.Progress(*columns, console=console) as shown:
        bars = Bars(shown)
        steps = {name: bars.start(name) for name in ("customers", "products")}
        steps["customers"](Progress(records=300, expected=1000))
        steps["products"](Progress(records=20, expected=50))
        assert [(task.completed, task.total) for task in shown.tasks] == [
            (300, 1000),
            (20, 50),
        ]
        bars.end("customers", "complete")
        bars.end("products", "failed")
        assert [task.finished for task in shown.tasks] == [True, False]
    assert "300/300" in output.getvalue()
    assert "20/50" in output.getvalue()


class Gone(io.StringIO):
    """A terminal that is gone."""

    def write(self, text: str) -> int:
        raise OSError(errno.EIO, f"Input/output error: {len(text)}")

    def flush(self) -> None:
        self.write("")


def test_a_terminal_that_is_gone_does_not_end_an_export() -> None:
    """Bars that cannot be drawn any more, as after a hang-up, are no error."""
    console = Console(file=cast("IO[str]", Messages(Gone())), force_terminal=True)
    with rich.progress.Progress(console=console) as shown:
        bars = Bars(shown)
        bars.start("customers")(Progress(records=300, expected=1000))
        shown.refresh()
        bars.end("customers", "complete")
        assert shown.finished


def closed_pipe(
    arguments: list[str], env: dict[str, str], *, stderr: bool = False
) -> tuple[int, str]:
    """Run a command whose output nobody reads; return its exit status and errors."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        completed = subprocess.run(
            [*SAGE200, *arguments],
            stdout=writer,
            stderr=writer if stderr else subprocess.PIPE,
            env={**os.environ, **env},
            text=True,
            check=False,
        )
    finally:
        os.close(writer)
    return completed.returncode, completed.stderr or ""


def test_a_good_export_into_head_is_a_success(
    tmp_path: Path, signed_in: dict[str, str]
) -> None:
    """An export whose output is not read to the end is complete, and exits with 0."""
    arguments = ["export", "customers", "--to", str(tmp_path)]
    status, errors = closed_pipe(arguments, signed_in)
    assert errors.splitlines() == [
        "customers: started",
        "customers: 700 records, complete",
    ]
    assert status == 0
    assert (tmp_path / "customers.manifest.json").exists()


def test_progress_that_nobody_reads_does_not_end_an_export(
    tmp_path: Path, signed_in: dict[str, str]
) -> None:
    """With both outputs closed, the export goes on to its end."""
    arguments = ["export", "customers", "--to", str(tmp_path)]
    assert closed_pipe(arguments, signed_in, stderr=True) == (0, "")
    assert (tmp_path / "customers.manifest.json").exists()


def test_a_failed_export_into_head_is_a_failure(
    tmp_path: Path, signed_in: dict[str, str]
) -> None:
    """Whether anyone reads the output does not change the exit status of a failure."""
    arguments = ["export", "couriers", "--to", str(tmp_path), "--filter", "nme eq 1"]
    status, errors = closed_pipe(arguments, signed_in)
    assert status == 2
    assert "Traceback" not in errors


FULL = Path("/dev/full")
# What is written to it fails, as on a full disk.


def run_in_shell(
    arguments: list[str], redirection: str, env: dict[str, str]
) -> tuple[int, str, str]:
    """Run a command with a redirection of the shell; return its status and outputs."""
    command = f'"$@" {redirection}'
    completed = subprocess.run(
        ["sh", "-c", command, "sh", *SAGE200, *arguments],
        capture_output=True,
        env={**os.environ, **env},
        text=True,
        check=False,
    )
    return completed.returncode, completed.stdout, completed.stderr


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_messages_that_cannot_be_written_do_not_end_an_export(
    tmp_path: Path, signed_in: dict[str, str], redirection: str
) -> None:
    """Without a standard error, or with one that is full, the export is complete."""
    arguments = ["export", "customers", "--to", str(tmp_path)]
    status, output, _ = run_in_shell(arguments, redirection, signed_in)
    assert (status, output.splitlines()[-1].split()[:2]) == (0, ["customers", "700"])
    status, _, _ = run_in_shell(["export", "customer"], redirection, signed_in)
    assert status == 2


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_a_summary_that_cannot_be_printed_is_one_error(
    tmp_path: Path, signed_in: dict[str, str]
) -> None:
    """The copy is complete; one line says that the summary could not be printed."""
    arguments = ["export", "customers", "--to", str(tmp_path)]
    status, _, errors = run_in_shell(arguments, ">/dev/full", signed_in)
    assert (status, errors.splitlines()) == (
        1,
        [
            "customers: started",
            "customers: 700 records, complete",
            "error: the summary cannot be printed: No space left on device",
        ],
    )
    assert (tmp_path / "customers.manifest.json").exists()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [["resources"], ["query", "suppliers"], ["query", "suppliers", "--format", "csv"]],
    ids=" ".join,
)
def test_an_output_that_cannot_be_written_is_one_error(
    arguments: list[str], signed_in: dict[str, str]
) -> None:
    """On a full disk a command ends with one line and the status of a failure."""
    status, _, errors = run_in_shell(arguments, ">/dev/full", signed_in)
    assert status == 1
    assert errors.splitlines()[-1] == "error: [Errno 28] No space left on device"
    assert "Traceback" not in errors


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_an_export_without_an_output(
    tmp_path: Path,
    signed_in: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """A service of Windows, or pythonw, has no outputs at all."""
    monkeypatch.setattr(
        sys, "argv", ["sage200", "export", "customers", "--to", str(tmp_path)]
    )
    for variable, value in signed_in.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, name, None)
    assert run() == 0
    assert getattr(sys, name) is None
    assert (tmp_path / "customers.manifest.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["resources"],
        ["describe", "customers"],
        ["query", "customers"],
        ["query", "customers", "--format", "csv"],
        ["query", "customers", "--format", "ndjson"],
    ],
    ids=" ".join,
)
def test_any_command_into_head_is_a_success(
    arguments: list[str], signed_in: dict[str, str]
) -> None:
    """A reader that ends early, such as `head`, ends the command without an error."""
    status, errors = closed_pipe(arguments, signed_in)
    assert status == 0
    assert "Error" not in errors
