"""`-v`, `--quiet` and `--log`: how much a command says, and where it is kept."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest

LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [A-Z]+ sage200[\w.]*: .+")
QUERY = ("query", "suppliers", "--select", "id,name", "--format", "table")


def test_quiet_leaves_the_records_only(sage200: Any, signed_in: dict[str, str]) -> None:
    """No note is printed, neither before nor after the command's name."""
    assert "the first 20" in sage200(*QUERY, env=signed_in).stderr
    for arguments in ((*QUERY, "--quiet"), ("-q", *QUERY)):
        completed = sage200(*arguments, env=signed_in)
        assert completed.stderr == ""
        assert len(completed.stdout.splitlines()) == 21


def test_a_quiet_export_says_nothing(
    tmp_path: Path, sage200: Any, signed_in: dict[str, str]
) -> None:
    """A scheduler that mails what is printed mails nothing after a good night."""
    arguments = ("export", "suppliers", "--to", str(tmp_path), "-q")
    assert sage200(*arguments, env=signed_in) == ("", "")
    assert sage200("verify", *arguments[1:], env=signed_in) == ("", "")


def test_a_quiet_failure_is_printed(
    tmp_path: Path, sage200: Any, signed_in: dict[str, str]
) -> None:
    """What went wrong is never left out."""
    arguments = ("export", "suppliers", "--to", str(tmp_path), "-q")
    failed = sage200(*arguments, "--filter", "nme eq 1", env=signed_in, code=2)
    assert "error: suppliers: " in failed.stderr
    path = tmp_path / "copy"
    sage200("export", "suppliers", "--to", str(path), "-q", env=signed_in)
    text = (path / "suppliers.ndjson").read_text("utf-8")
    (path / "suppliers.ndjson").write_text(
        text.replace('"name":"', '"name":"x'), "utf-8"
    )
    different = sage200(
        "verify", "suppliers", "--to", str(path), "-q", env=signed_in, code=1
    )
    assert different.stdout + different.stderr != ""


def test_verbose_prints_what_the_library_does(
    sage200: Any, signed_in: dict[str, str]
) -> None:
    """With -vv each request has a line; the records are the same."""
    plain = sage200(*QUERY, env=signed_in)
    completed = sage200(*QUERY, "-vv", env=signed_in)
    assert completed.stdout == plain.stdout
    assert re.search(r"^DEBUG: .*GET suppliers", completed.stderr, re.MULTILINE)
    assert "DEBUG" not in sage200(*QUERY, "-v", env=signed_in).stderr


def test_a_log_has_a_line_with_a_time_for_each_message(
    tmp_path: Path, sage200: Any, signed_in: dict[str, str]
) -> None:
    """It is appended to, has what was printed, and the status at the end."""
    log, out = tmp_path / "export.log", str(tmp_path / "out")
    arguments = ("export", "suppliers", "--to", out, "--quiet", "--log", str(log))
    sage200(*arguments, env=signed_in)
    sage200(*arguments, "-v", "--unheard-of", env=signed_in, code=2)
    wrong = ("export", "suppliers", "--to", str(tmp_path / "o"), "--log", str(log))
    sage200(*wrong, "-v", "--filter", "nme eq 1", env=signed_in, code=2)
    lines = log.read_text("utf-8").splitlines()
    assert all(map(LOG_LINE.fullmatch, lines)), lines
    text = "\n".join(lines)
    assert "suppliers: started" in text
    assert "suppliers: 30 records, complete" in text
    assert "exit status 0" in text
    assert "ERROR sage200: suppliers: " in text
    assert re.search("DEBUG sage200_async.*GET suppliers", text)
    assert lines[-1].endswith("exit status 2")
    assert signed_in["SAGE200_ACCESS_TOKEN"] not in text


def test_a_log_that_cannot_be_written_is_refused(tmp_path: Path, sage200: Any) -> None:
    """Before anything is done."""
    path = str(tmp_path / "no-such-folder" / "export.log")
    refused = sage200("resources", "--log", path, code=2)
    assert "--log" in refused.stderr
    assert refused.stdout == ""


def test_the_loggers_are_as_before(sage200: Any, tmp_path: Path) -> None:
    """A program that runs the command line keeps its own logging."""
    loggers = [logging.getLogger(name) for name in ("sage200", "sage200_async")]
    before = [(one.level, list(one.handlers)) for one in loggers]
    sage200("resources", "-vv", "--log", str(tmp_path / "log"))
    assert [(one.level, list(one.handlers)) for one in loggers] == before


def test_a_log_on_a_full_disk_ends_nothing(
    sage200: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One line says so, and the command goes on."""

    def full(_: logging.FileHandler) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sage200_async.cli.common_options._File.flush", full)
    completed = sage200("resources", "sop", "--log", str(tmp_path / "log"))
    assert completed.stderr.count("the log cannot be written any more") == 1
    assert "sop_orders" in completed.stdout
