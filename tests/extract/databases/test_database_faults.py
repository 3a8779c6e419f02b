"""A database that is gone, full, locked or no database: reported, then resumed."""

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
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sink as database_sink
from sage200_async.extract.databases import sqlite
from sage200_async.paging.key_ranges import KeyRange

HIGHEST = 2**63
STARTED = Checkpoint(query="orders", bounds=KeyRange(0, HIGHEST))


def rows(first, last):
    return [(key, None, f"row {key}", None, None, None) for key in range(first, last)]


def begin(database, helpers, last=11):
    """Open a sink that has staged the rows below *last*, and gathered one more."""
    sink = database.sink()
    sink.open([helpers.OWN])
    sink.begin(STARTED)
    sink.write(helpers.upto(last - 1), {"orders": rows(1, last)})
    sink.metadata("started", "yes")
    sink.write(helpers.upto(last, last - 1), {"orders": rows(last, last + 1)})
    return sink


def resume(database, helpers, done=10):
    """Check the checkpoint that a new sink returns, and complete the work."""
    sink = database.sink()
    assert sink.open([helpers.OWN]) == STARTED.add(helpers.upto(done))
    last = KeyRange(done, HIGHEST, 5)
    sink.write(last, {"orders": rows(done + 1, done + 6)})
    sink.commit(helpers.certificate(done + 5))
    sink.close()
    keys = sorted(row[0] for row in database.rows(helpers.OWN))
    assert keys == list(range(1, done + 6))


def refused(work, *texts):
    """Check that *work* fails with *texts*, in one line and without a password."""
    with pytest.raises(SinkError) as caught:
        work()
    for text in texts:
        assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_connection_that_is_lost(database, helpers):
    """A lost connection is an error; a new sink resumes from what was written."""
    sink = begin(database, helpers)
    if database.kind == "postgres":
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    else:
        sink._engine._connection.close()
    refused(sink.close, sink._engine.where, "rows cannot be written: ")
    sink.close()
    resume(database, helpers)


def test_a_server_that_is_killed(another_postgres, helpers):
    """A server that dies in the middle and comes back has lost nothing it confirmed."""
    with another_postgres() as own:
        database = helpers.PostgresDatabase("postgres", own.url())
        sink = begin(database, helpers)
        own.kill()
        where = f"PostgreSQL at 127.0.0.1:{own.port}/postgres: "
        refused(
            lambda: sink.commit(helpers.certificate()),
            where + "rows cannot be written: ",
        )
        refused(
            lambda: database.sink().open([helpers.OWN]), where + "cannot be opened: "
        )
        own.start()
        resume(database, helpers)


def test_a_wrong_password(postgres, helpers):
    """A wrong password is not shown."""
    url = postgres.url().replace("hush-postgres", "hush-wrong")
    database = helpers.PostgresDatabase("postgres", url)
    refused(
        lambda: database.sink().open([helpers.OWN]), "password authentication failed"
    )


def test_a_name_too_long_for_postgres(postgres, helpers):
    """A name that PostgreSQL would cut is refused."""
    database = helpers.PostgresDatabase("postgres", postgres.url())
    long = helpers.Table("n" * 60, helpers.OWN.columns, ("id",))
    refused(lambda: database.sink("abc_").open([long]), "names have at most 63 bytes")


@contextlib.contextmanager
def files_of(most):
    """Let no file grow beyond *most* bytes, here and in processes started here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_much(sink, helpers, many):
    """Write rows of some 2,000 bytes that nothing makes shorter."""
    texts = [random.Random(1).randbytes(950).hex() for _ in range(many)]
    long = [(20 + k, None, text, None, None, None) for k, text in enumerate(texts)]
    sink.write(helpers.upto(20 + many, 11), {"orders": long})
    sink.close()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_disk_that_is_full(database, helpers):
    """A file that cannot grow is an error; with room again, a new sink completes."""
    begin(database, helpers).close()
    sink = database.sink()
    sink.open([helpers.OWN])
    with files_of(100_000):
        refused(
            lambda: write_much(sink, helpers, 900),
            sink._engine.where,
            "rows cannot be written: ",
        )
    resume(database, helpers, done=11)


def test_a_server_whose_disk_is_full(another_postgres, helpers):
    """A server without room is an error; with room again, a new sink completes."""
    room = 20_000_000  # PostgreSQL's log comes in files of 16 MiB
    with another_postgres() as own:
        database = helpers.PostgresDatabase("postgres", own.url())
        own.stop()
        with files_of(room):
            own.start()
        begin(database, helpers).close()
        sink = database.sink()
        sink.open([helpers.OWN])
        refused(
            lambda: write_much(sink, helpers, room // 1600),
            f"PostgreSQL at 127.0.0.1:{own.port}/postgres: rows cannot be written: ",
            "could not extend file",
        )
        own.stop()
        own.start()
        resume(database, helpers, done=11)


@pytest.mark.parametrize("kind", ["duckdb"])
def test_a_duckdb_that_is_too_old(database, helpers, monkeypatch):
    """DuckDB 1.1.0, which lets a key come twice, is refused."""
    monkeypatch.setattr("duckdb.__version__", "1.1.0")
    refused(lambda: database.sink().open([helpers.OWN]), "install DuckDB 1.2 or later")


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_file_that_is_no_database(database, helpers):
    """A file of something else is refused, and left as it was."""
    file = Path(database.url.partition("///")[2])
    file.write_bytes(b"name,balance\n" * 900)
    refused(lambda: database.sink().open([helpers.OWN]), database.sink()._engine.where)
    assert file.read_bytes() == b"name,balance\n" * 900


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_file_that_is_read_only(database, helpers):
    """A file that may not be written is an error."""
    begin(database, helpers).close()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy.db")
        copy.write_bytes(Path(database.url.partition("///")[2]).read_bytes())
        copy.chmod(0o444)
        Path(folder).chmod(0o555)
        there = helpers.SQLiteDatabase("sqlite", f"sqlite:///{copy}")
        with nobody():
            refused(
                lambda: there.sink().open([helpers.OWN]), f"SQLite at {copy}: ", "only"
            )
        Path(folder).chmod(0o755)


@contextlib.contextmanager
def nobody():
    """Be another user than root, who may do everything."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_file_that_another_writes(database, helpers, monkeypatch):
    """Another writer is waited for; if it does not end, that is an error."""
    monkeypatch.setattr(sqlite, "_WAIT", 0.05)
    sink = begin(database, helpers)
    other = sqlite3.connect(database.url.partition("///")[2], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused(sink.close, "database is locked")
    other.close()
    resume(database, helpers)


@pytest.mark.parametrize("kind", ["duckdb"])
def test_a_file_that_another_process_has_open(database, helpers):
    """Only one process can open a DuckDB file: for a second it is an error."""
    begin(database, helpers).close()
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True)"
    command = [
        sys.executable,
        "-c",
        f"{code}; input()",
        database.url.partition("///")[2],
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as other:
        other.stdout.readline()
        refused(
            lambda: database.sink().open([helpers.OWN]), "DuckDB at ", "lock on file"
        )
        other.stdin.close()
    resume(database, helpers, done=11)


def test_a_checkpoint_that_cannot_be_read(database, helpers):
    """A malformed checkpoint is an error, and nothing is done."""
    begin(database, helpers).close()
    database.execute("UPDATE _sage200 SET value = '{' WHERE name = 'checkpoint'")
    refused(
        lambda: database.sink().open([helpers.OWN]),
        "the checkpoint of orders in _sage200 cannot be read",
    )


def test_a_resource_in_pieces(database, helpers, monkeypatch):
    """A failure after several transactions keeps those, and the checkpoint of those."""
    monkeypatch.setattr(database_sink, "ROWS", 5)
    sink = database.sink()
    sink.open([helpers.OWN])
    sink.begin(STARTED)
    for low in (0, 5):
        sink.write(helpers.upto(low + 5, low), {"orders": rows(low + 1, low + 6)})
    wrong = [*rows(11, 15), (2**63, None, None, None, None, None)]
    beyond = helpers.upto(2**63, 10)
    refused(lambda: sink.write(beyond, {"orders": wrong}), "64 bits")
    resume(database, helpers)
