"""A database that is gone, full, locked or no database: told, and then resumed."""

import contextlib
import os
import pwd
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sage200_async.errors import SinkError
from sage200_async.extract.databases import sink as database_sink
from sage200_async.extract.databases import sqlite


def rows(first, last):
    return [(key, None, f"row {key}", None, None, None) for key in range(first, last)]


def begin(place, lab, last=11):
    """Open a sink that has written the rows below *last*, and gathered one more."""
    sink = place.sink()
    sink.open([lab.OWN])
    sink.write({"orders": rows(1, last)}, lab.upto(last - 1))
    sink.metadata("begun", "yes")
    sink.write({"orders": rows(last, last + 1)}, lab.upto(last))
    return sink


def resume(place, lab, claimed=10):
    """See what a new sink is told, and complete the work."""
    sink = place.sink()
    assert sink.open([lab.OWN]) == lab.upto(claimed)
    sink.write({"orders": rows(claimed + 1, claimed + 6)}, lab.upto(claimed + 5))
    sink.commit(lab.certificate(claimed + 5))
    sink.close()
    found = sorted(row[0] for row in place.rows(lab.OWN))
    assert found == list(range(1, claimed + 6))


def refused(work, *told):
    """Check that *work* fails with what and where, in one line without a password."""
    with pytest.raises(SinkError) as caught:
        work()
    for each in told:
        assert each in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_connection_that_is_lost(place, lab):
    """A lost connection is told; a new sink goes on from what was written."""
    sink = begin(place, lab)
    if place.kind == "postgres":
        place.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    else:
        sink._engine._connection.close()
    refused(sink.close, sink._engine.where, "rows cannot be kept: ")
    sink.close()
    resume(place, lab)


def test_a_server_that_is_killed(another_postgres, lab):
    """A server that dies in the middle and comes back loses nothing that it said."""
    with another_postgres() as own:
        place = lab.PostgresPlace("postgres", own.url())
        sink = begin(place, lab)
        own.kill()
        where = f"PostgreSQL at 127.0.0.1:{own.port}/postgres: "
        refused(lambda: sink.commit(lab.certificate()), where + "rows cannot be kept: ")
        refused(lambda: place.sink().open([lab.OWN]), where + "cannot be opened: ")
        own.start()
        resume(place, lab)


def test_a_wrong_password(postgres, lab):
    """A password that is refused is not shown."""
    url = postgres.url().replace("hush-postgres", "hush-wrong")
    place = lab.PostgresPlace("postgres", url)
    refused(lambda: place.sink().open([lab.OWN]), "password authentication failed")


def test_a_name_too_long_for_postgres(postgres, lab):
    """A name that PostgreSQL would cut is refused."""
    place = lab.PostgresPlace("postgres", postgres.url())
    long = lab.Table("n" * 60, lab.OWN.columns, ("id",))
    refused(lambda: place.sink("abc_").open([long]), "expected a name of 63 bytes")


@contextlib.contextmanager
def files_of(most):
    """Let no file grow beyond so many bytes, here and in processes begun here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_much(sink, lab, many):
    """Write rows of some 2,000 bytes that nothing makes shorter."""
    texts = [random.Random(1).randbytes(950).hex() for _ in range(many)]
    made = [(20 + k, None, text, None, None, None) for k, text in enumerate(texts)]
    sink.write({"orders": made}, lab.upto(20 + many))
    sink.close()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_disk_that_is_full(place, lab):
    """A file that cannot grow is told; with room again, a new sink completes."""
    begin(place, lab).close()
    sink = place.sink()
    sink.open([lab.OWN])
    with files_of(100_000):
        refused(
            lambda: write_much(sink, lab, 900),
            sink._engine.where,
            "rows cannot be kept: ",
        )
    resume(place, lab, claimed=11)


def test_a_server_whose_disk_is_full(another_postgres, lab):
    """A server that has no room is told; with room again, a new sink completes."""
    room = 20_000_000  # PostgreSQL's log comes in files of 16 MiB
    with another_postgres() as own:
        place = lab.PostgresPlace("postgres", own.url())
        own.stop()
        with files_of(room):
            own.start()
        begin(place, lab).close()
        sink = place.sink()
        sink.open([lab.OWN])
        refused(
            lambda: write_much(sink, lab, room // 1600),
            f"PostgreSQL at 127.0.0.1:{own.port}/postgres: rows cannot be kept: ",
            "could not extend file",
        )
        own.stop()
        own.start()
        resume(place, lab, claimed=11)


@pytest.mark.parametrize("kind", ["duckdb"])
def test_a_duckdb_that_is_too_old(place, lab, monkeypatch):
    """DuckDB 1.1.0, which lets a key come twice, is refused."""
    monkeypatch.setattr("duckdb.__version__", "1.1.0")
    refused(lambda: place.sink().open([lab.OWN]), "expected DuckDB 1.2 or later")


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_file_that_is_no_database(place, lab):
    """A file of something else is refused, and left as it was."""
    file = Path(place.url.partition("///")[2])
    file.write_bytes(b"name,balance\n" * 900)
    refused(lambda: place.sink().open([lab.OWN]), place.sink()._engine.where)
    assert file.read_bytes() == b"name,balance\n" * 900


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_file_that_is_read_only(place, lab):
    """A file that must not be written is told."""
    begin(place, lab).close()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy.db")
        copy.write_bytes(Path(place.url.partition("///")[2]).read_bytes())
        copy.chmod(0o444)
        Path(folder).chmod(0o555)
        there = lab.SQLitePlace("sqlite", f"sqlite:///{copy}")
        with nobody():
            refused(lambda: there.sink().open([lab.OWN]), f"SQLite at {copy}: ", "only")
        Path(folder).chmod(0o755)


@contextlib.contextmanager
def nobody():
    """Be somebody else than root, to whom all is allowed."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_file_that_another_writes(place, lab, monkeypatch):
    """Another writer is waited for, and when it does not end that is told."""
    monkeypatch.setattr(sqlite, "_WAIT", 0.05)
    sink = begin(place, lab)
    other = sqlite3.connect(place.url.partition("///")[2], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused(sink.close, "database is locked")
    other.close()
    resume(place, lab)


@pytest.mark.parametrize("kind", ["duckdb"])
def test_a_file_that_another_process_has_open(place, lab):
    """DuckDB is of one process at a time: a second is told so."""
    begin(place, lab).close()
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True)"
    told = [sys.executable, "-c", f"{code}; input()", place.url.partition("///")[2]]
    pipe = subprocess.PIPE
    with subprocess.Popen(told, stdin=pipe, stdout=pipe) as other:
        other.stdout.readline()
        refused(lambda: place.sink().open([lab.OWN]), "DuckDB at ", "lock on file")
        other.stdin.close()
    resume(place, lab, claimed=11)


def test_books_that_cannot_be_read(place, lab):
    """A checkpoint that is none is told, and nothing is done."""
    begin(place, lab).close()
    place.ask("UPDATE _sage200 SET value = '{' WHERE name = 'checkpoint'")
    refused(lambda: place.sink().open([lab.OWN]), "expected a checkpoint in _sage200")


def test_a_resource_in_pieces(place, lab, monkeypatch):
    """A failure after several transactions keeps those, and claims those alone."""
    monkeypatch.setattr(database_sink, "ROWS", 5)
    sink = place.sink()
    sink.open([lab.OWN])
    for first in range(1, 11, 5):
        sink.write({"orders": rows(first, first + 5)}, lab.upto(first + 4))
    wrong = [*rows(11, 15), (2**63, None, None, None, None, None)]
    refused(lambda: sink.write({"orders": wrong}, lab.upto(15)), "64 bits")
    resume(place, lab)
