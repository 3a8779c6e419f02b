"""Journals that are cleared while other processes use them: none is lost under a job."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hostile_server import HostileServer

from sage200_async.errors import JournalError
from sage200_async.write import clear_journal
from sage200_async.write.write_journal import Journal

HERE = Path(__file__).parent


def start(script: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start a script of this folder."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


def test_a_journal_in_use_is_not_cleared(tmp_path: Path) -> None:
    """While a job of another process runs, it is refused, and the job comes to its end."""
    journal, refused = tmp_path / "job.db", []
    server = HostileServer()
    server.add_customer(reference="FIRST", name="There before")

    def hook(request: web.Request, _: Any) -> web.Response | None:
        if request.method == "POST" and not refused:
            with pytest.raises(JournalError, match="another process is using") as error:
                clear_journal(journal)
            refused.append(error.value.retryable)
        return None

    server.hook = hook
    with server.running():
        job = start("job_worker.py", server.url, journal, 3, 1, "customers")
        result = json.loads(job.communicate()[0])
    assert refused == [True]
    assert [kind for _, _, kind, _, _ in result["outcomes"]] == ["created"] * 3
    clear_journal(journal)
    assert not any(tmp_path.iterdir())


def test_no_process_goes_on_with_a_journal_that_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens a journal as soon as it is free has the file that is there then."""
    journal, close = tmp_path / "job.db", Journal.close
    workers: list[subprocess.Popen[str]] = []

    def close_and_let_another_in(self: Journal) -> None:
        close(self)
        if not workers:
            workers.append(start("journal_worker.py", journal))
            assert workers[0].stdout
            assert workers[0].stdout.readline() == "open\n"

    close(Journal(journal))
    monkeypatch.setattr(Journal, "close", close_and_let_another_in)
    clear_journal(journal)
    assert workers[0].communicate("\n")[0] == "there\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
@pytest.mark.parametrize("makes_another", [False, True])
def test_a_journal_that_is_removed_while_it_is_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, makes_another: bool
) -> None:
    """What would be written into it would be lost: the same command can be run again."""
    journal, opened = tmp_path / "job.db", Journal._open

    def remove_and_open(self: Journal) -> None:
        self._db.execute("SELECT * FROM sqlite_master").fetchall()
        journal.unlink()
        if makes_another:
            journal.touch()
        opened(self)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_open", remove_and_open)
        with pytest.raises(JournalError, match="another process has removed") as error:
            Journal(journal)
    assert error.value.retryable
    Journal(journal).close()
