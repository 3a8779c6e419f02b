"""The password of a database: not on the command line, and never printed."""

import socketserver
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click
import pytest

from sage200_async.cli.database_password import has_password, with_password

URL = "postgresql://reader@db.example.org/copies"
PASSWORD = "p&w=#%ż /1"
NO_SERVER = "postgresql://reader@127.0.0.1:9/copies?connect_timeout=2"


@pytest.mark.parametrize(
    "data",
    [
        PASSWORD.encode(),
        f"{PASSWORD}\n".encode(),
        f"{PASSWORD}\r\nmore\r\n".encode(),
        b"\xef\xbb\xbf" + PASSWORD.encode(),
        f"{PASSWORD}\r\n".encode("utf-16"),
    ],
)
def test_the_first_line_is_the_password(data: bytes, tmp_path: Path) -> None:
    """As an editor, `echo` of PowerShell 5 or a secret of Docker leaves it."""
    conninfo = pytest.importorskip("psycopg.conninfo", reason="no psycopg")
    path = tmp_path / "password"
    path.write_bytes(data)
    parts = conninfo.conninfo_to_dict(with_password(URL, path))
    assert parts["password"] == PASSWORD
    assert (parts["user"], parts["host"], parts["dbname"]) == (
        "reader",
        "db.example.org",
        "copies",
    )
    more = conninfo.conninfo_to_dict(with_password(f"{URL}?sslmode=require", path))
    assert (more["password"], more["sslmode"]) == (PASSWORD, "require")


@pytest.mark.parametrize("data", [b"", b"\nsecret", b"\xff\xfe\x00", b"\xffsecret"])
def test_a_file_without_a_password_is_refused(data: bytes, tmp_path: Path) -> None:
    """The message names the file, and shows nothing of what is in it."""
    path = tmp_path / "password"
    path.write_bytes(data)
    with pytest.raises(click.UsageError) as caught:
        with_password(URL, path)
    assert str(path) in caught.value.message
    assert "secret" not in caught.value.message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URL, False),
        (NO_SERVER, False),
        ("postgresql://u:pw@h/d", True),
        ("postgresql://h/d?user=u&password=pw", True),
        ("sqlite:///copy.db", False),
        ("postgresql://[/d", False),
    ],
)
def test_a_password_in_a_url_is_seen(url: str, expected: bool) -> None:
    """Wherever libpq takes one."""
    assert has_password(url) is expected


def test_a_password_on_the_command_line_is_warned_of(
    sage200: Any, signed_in: dict[str, str]
) -> None:
    """Other users of the machine see it: a note says what to use instead."""
    pytest.importorskip("psycopg", reason="no psycopg")
    url = NO_SERVER.replace("reader@", "reader:hunter2@")
    failed = sage200("export", "suppliers", "--to", url, env=signed_in, code=1)
    assert "PGPASSWORD, a .pgpass file or --password-file" in failed.stderr
    assert "hunter2" not in failed.stdout + failed.stderr
    without = sage200("export", "suppliers", "--to", NO_SERVER, env=signed_in, code=1)
    assert "PGPASSWORD" not in without.stderr


class AsksForPassword(socketserver.BaseRequestHandler):
    """A server that wants a password, and knows no encryption."""

    def handle(self) -> None:
        while (length := int.from_bytes(self.request.recv(4))) == 8:
            self.request.recv(length - 4)
            self.request.sendall(b"N")
        self.request.recv(length)
        self.request.sendall(b"R\0\0\0\x08\0\0\0\x03")
        self.request.recv(1)


def test_a_password_that_lacks_names_the_places_of_one(
    sage200: Any, signed_in: dict[str, str]
) -> None:
    """The words of libpq do not say how the command takes a password."""
    pytest.importorskip("psycopg", reason="no psycopg")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), AsksForPassword) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"postgresql://reader@127.0.0.1:{server.server_address[1]}/copies"
        failed = sage200("sync", "suppliers", "--to", url, env=signed_in, code=2)
        server.shutdown()
    assert "no password supplied" in failed.stderr
    assert "from PGPASSWORD, a .pgpass file or --password-file" in failed.stderr


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///copy.db", "only PostgreSQL"),
        ("out", "only PostgreSQL"),
        ("postgresql://u:hunter2@h/d", "--to has a password"),
    ],
)
def test_a_password_file_that_is_not_used_is_refused(
    url: str, reason: str, tmp_path: Path, sage200: Any, signed_in: dict[str, str]
) -> None:
    """Before anything is read or written."""
    path = tmp_path / "password"
    path.write_text("hunter2", "utf-8")
    arguments = ("--to", url, "--password-file", str(path))
    refused = sage200(
        "export", "suppliers", *arguments, env=signed_in, code=2, cwd=tmp_path
    )
    assert reason in refused.stderr
    assert "hunter2" not in unquote(refused.stdout + refused.stderr)
    assert list(tmp_path.iterdir()) == [path]
