"""The table of exit statuses in docs/command-line.md, row by row."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sage200_async.extract.files.atomic_files import lock_file
from sage200_async.sandbox import Behaviour

GUIDE = Path("docs/command-line.md")
SAGE200 = [sys.executable, "-m", "sage200_async.cli"]
Run = Callable[..., Any]


def test_the_table_has_a_test_for_each_row() -> None:
    """Every status in the table is tested below, and no other exists."""
    from sage200_async.cli import exit_status

    rows = re.findall(r"^\| (\d+) \|", GUIDE.read_text("utf-8"), re.MULTILINE)
    statuses = {value for value in vars(exit_status).values() if isinstance(value, int)}
    assert {int(row) for row in rows} == statuses
    tests = re.findall(r"def test_status_(\d+)_", Path(__file__).read_text("utf-8"))
    assert set(tests) == set(rows)


def test_status_0_all_is_complete(
    tmp_path: Path, sage200: Run, signed_in: dict[str, str]
) -> None:
    """A good export exits with 0, and with 0 when it is repeated."""
    arguments = ("export", "suppliers", "--to", str(tmp_path))
    sage200(*arguments, env=signed_in, code=0)
    sage200(*arguments, env=signed_in, code=0)


def test_status_1_a_resource_failed(tmp_path: Path, sage200: Run, serving: Any) -> None:
    """A resource that fails does not stop the others; run again, they are complete."""
    arguments = ("export", "suppliers", "couriers", "--to", str(tmp_path))
    behaviour = Behaviour(forbidden=frozenset({"couriers"}))
    with serving(records={"suppliers": 5}, behaviour=behaviour) as (_, env):
        failed = sage200(*arguments, env=env, code=1)
        assert "1 of 2 resources failed" in failed.stderr
        again = sage200(*arguments, env=env, code=1)
    assert "suppliers: already complete" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (["supplier"], {}),
        (["suppliers", "--unheard-of"], {}),
        (["suppliers", "--bom"], {}),
        (
            ["suppliers"],
            {"SAGE200_TOKEN_STORE": "memory://", "SAGE200_ACCESS_TOKEN": ""},
        ),
        (["suppliers"], {"SAGE200_BASE_URL": "ftp://example.org"}),
    ],
)
def test_status_2_the_command_or_a_setting_is_wrong(
    arguments: list[str],
    env: dict[str, str],
    tmp_path: Path,
    sage200: Run,
    signed_in: dict[str, str],
) -> None:
    """Nothing was read, written or removed."""
    out = tmp_path / "out"
    sage200("export", *arguments, "--to", str(out), env=signed_in | env, code=2)
    assert not out.exists()


@pytest.mark.parametrize("command", ["query", "export"])
def test_status_2_the_service_refuses_a_condition(
    command: str, tmp_path: Path, sage200: Run, signed_in: dict[str, str]
) -> None:
    """To run it again would not help; the operators and the fields are named."""
    to = ("--to", str(tmp_path)) if command == "export" else ()
    for condition in ("balance > 5", "nme eq 1", "balance eq"):
        arguments = (command, "suppliers", *to, "--filter", condition)
        refused = sage200(*arguments, env=signed_in, code=2)
        assert "`sage200 describe suppliers` shows the fields" in refused.stderr
        assert "gt (not >)" in refused.stderr


def test_status_2_a_place_that_cannot_be(
    tmp_path: Path, sage200: Run, signed_in: dict[str, str]
) -> None:
    """A file in the place of a folder, and a database in no folder, are refused."""
    file = tmp_path / "taken"
    file.write_text("")
    for to in (str(file), str(file / "below")):
        refused = sage200("export", "suppliers", "--to", to, env=signed_in, code=2)
        assert "is a file; name a folder" in refused.stderr
    url = f"sqlite:///{(tmp_path / 'none' / 'x.db').as_posix()}"
    for command, option in (("sync", "--to"), ("export", "--to"), ("watch", "--state")):
        refused = sage200(command, "suppliers", option, url, env=signed_in, code=2)
        assert f"{option}: there is no folder" in refused.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("target", ["files", "a database"])
def test_status_2_the_copy_there_is_of_another_query(
    target: str, tmp_path: Path, sage200: Run, signed_in: dict[str, str]
) -> None:
    """To run it again would not help, whether it is of files or of a database."""
    url = f"sqlite:///{(tmp_path / 'copy.db').as_posix()}"
    to = ("--to", url if target == "a database" else str(tmp_path))
    sage200("export", "suppliers", *to, env=signed_in)
    other = ("export", "suppliers", *to, "--filter", "id gt 0")
    refused = sage200(*other, env=signed_in, code=2)
    assert "another" in refused.stderr
    sage200("verify", "suppliers", *other[2:], env=signed_in, code=2)


def test_status_1_another_run_writes_there(
    tmp_path: Path, sage200: Run, signed_in: dict[str, str]
) -> None:
    """What another run holds is free once that has ended: to run it again helps."""
    arguments = ("export", "suppliers", "--to", str(tmp_path))
    journal = tmp_path / ".suppliers.partial"
    journal.mkdir()
    lock = lock_file(journal / "lock")
    try:
        refused = sage200(*arguments, env=signed_in, code=1)
    finally:
        lock.close()
    assert "another process is writing there" in refused.stderr
    sage200(*arguments, env=signed_in)


def test_status_3_records_were_set_aside(
    tmp_path: Path, sage200: Run, serving: Any, serve_bad_records: Any
) -> None:
    """The export is complete but for what is in the file of rejects."""
    with serving(records={"suppliers": 5}) as (sandbox, env):
        arguments = ("query", "suppliers", "--select", "id", "--format", "csv")
        key = int(sage200(*arguments, env=env).stdout.split()[1])
        serve_bad_records(sandbox, {key: ("name", b"7")})
        to = ("--to", str(tmp_path), "--rejects", str(tmp_path / "rejects.ndjson"))
        sage200("export", "suppliers", *to, env=env, code=3)
    assert len((tmp_path / "suppliers.ndjson").read_bytes().splitlines()) == 4
    assert len((tmp_path / "rejects.ndjson").read_bytes().splitlines()) == 1


def test_status_4_a_person_has_to_sign_in(
    tmp_path: Path, sage200: Run, signed_in: dict[str, str]
) -> None:
    """A refresh token that Sage refuses is no failure that goes away by itself."""
    used = {"SAGE200_ACCESS_TOKEN": "", "SAGE200_REFRESH_TOKEN": "used-up"}
    env = signed_in | used | {"SAGE200_TOKEN_STORE": "memory://"}
    arguments = ("export", "suppliers", "customers", "--to", str(tmp_path))
    completed = sage200(*arguments, env=env, code=4)
    assert "sage200 login" in completed.stderr


@pytest.mark.parametrize("command", ["query", "export", "sync"])
def test_status_4_a_token_that_was_handed_on_has_expired(
    command: str, tmp_path: Path, sage200: Run, signed_in: dict[str, str]
) -> None:
    """To run it again with the same token would not help."""
    targets = {"export": str(tmp_path), "sync": f"sqlite:///{tmp_path / 'copy.db'}"}
    to = ("--to", targets[command]) if command in targets else ()
    env = signed_in | {"SAGE200_ACCESS_TOKEN": "expired", "SAGE200_REFRESH_TOKEN": ""}
    completed = sage200(command, "suppliers", *to, env=env, code=4)
    assert "the token has expired" in completed.stderr


def stopped_export(
    number: signal.Signals, tmp_path: Path, sage200: Run, serving: Any
) -> tuple[int, str]:
    """Send an export a signal; return its status and errors. The next run continues."""
    slow = Behaviour(delay=0.2)
    with serving(records={"suppliers": 50}, behaviour=slow) as (sandbox, env):
        arguments = ["export", "suppliers", "--to", str(tmp_path), "--page-size", "1"]
        with subprocess.Popen(
            [*SAGE200, *arguments],
            env={**os.environ, **env},
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            assert process.stderr.readline() == "suppliers: started\n"
            process.send_signal(number)
            errors = process.stderr.read()
        sandbox.behaviour.delay = 0.0
        sage200(*arguments, env=env)
    assert len((tmp_path / "suppliers.ndjson").read_bytes().splitlines()) == 50
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    return process.returncode, errors


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT can be sent there")
@pytest.mark.usefixtures("restore_sigint")
def test_status_130_it_was_interrupted(
    tmp_path: Path, sage200: Run, serving: Any
) -> None:
    """Ctrl-C ends an export at once, a line says how to go on, and it does."""
    status, errors = stopped_export(signal.SIGINT, tmp_path, sage200, serving)
    assert status == 130, errors
    assert "error: interrupted: what is stored stays" in errors


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM can be sent there")
def test_status_143_it_was_terminated(
    tmp_path: Path, sage200: Run, serving: Any
) -> None:
    """SIGTERM, as of a service manager, does what Ctrl-C does."""
    status, errors = stopped_export(signal.SIGTERM, tmp_path, sage200, serving)
    assert status == 143, errors
    assert "error: terminated: what is stored stays" in errors
