"""How the password of PostgreSQL stays off the command line."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")

from sage200_async.cli.database_password import with_password  # noqa: E402
from sage200_async.extract.databases.urls import database_at  # noqa: E402


@pytest.fixture
def parts(postgres: Any) -> tuple[str, str]:
    """Return the URL of a database without its password, and the password."""
    url = urlsplit(postgres.url())
    assert url.password is not None
    bare = url._replace(netloc=f"{url.username}@{url.hostname}:{url.port}").geturl()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(bare)
    return bare, unquote(url.password)


def connects(url: str) -> bool:
    """Whether the sink's own connection comes about."""
    engine = database_at(url)._engine
    engine.connect()
    engine.disconnect()
    return True


def test_password_file(parts: tuple[str, str], tmp_path: Path) -> None:
    """`--password-file` names a file with the password."""
    path = tmp_path / "password"
    path.write_text(f"{parts[1]}\n", "utf-8")
    assert connects(with_password(parts[0], path))


def test_environment(parts: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`PGPASSWORD` is libpq's own variable."""
    monkeypatch.setenv("PGPASSWORD", parts[1])
    assert connects(parts[0])


def test_pgpass(
    parts: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `.pgpass` file is libpq's own, too."""
    path = tmp_path / "pgpass"
    escaped = parts[1].replace("\\", "\\\\").replace(":", "\\:")
    path.write_text(f"*:*:*:*:{escaped}\n", "utf-8")
    path.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(path))
    assert connects(parts[0])
