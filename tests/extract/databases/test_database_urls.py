"""From a URL to a database, and what is wrong with a URL."""

import sys

import pytest

from sage200_async.errors import MissingExtra, SettingsError, SinkError
from sage200_async.extract.databases.urls import database_at

SECRET = "hush-url"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///copy.db", "SQLite at copy.db"),
        ("sqlite:////var/lib/a%20b.db", "SQLite at /var/lib/a b.db"),
        ("duckdb:///out/copy.duckdb", "DuckDB at out/copy.duckdb"),
        (f"postgresql://me:{SECRET}@db.test:5433/w", "PostgreSQL at db.test:5433/w"),
        (f"postgres://db.test/w?password={SECRET}", "PostgreSQL at db.test:5432/w"),
    ],
)
def test_what_a_url_names(url, shown):
    """A database is shown by what and where it is, without a password."""
    assert repr(database_at(url)) == f"DatabaseSink({shown!r}, '')"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "copy.db",
        "mysql://me:hush-url@db.test/w",
        "sqlite://copy.db",
        "sqlite:///",
        "sqlite:///folder/",
        "sqlite:///copy.db?mode=ro",
        "duckdb://me:hush-url@db.test/w",
        "duckdb:///copy.db#part",
        "postgresql://me:hush-url@db.test:port/w",
        "postgresql://me:hush-url@db.test/w?unheard_of=1",
        "postgresql://me:hush-url@[db.test/w",
        "postgresql://me:12/hush-url@db.test/w",
        "postgresql://me:12@hush-url@db.test/w",
        "postgresql:me:hush-url@db.test",
        "postgresql:/me:hush-url@db.test",
        "postgresql:///me:hush-url@db.test",
        "postgresql//me:hush-url@db.test",
        "postgresql me hush-url",
        "me:hush-url@db.test",
        "sqlite:me:hush-url@db.test",
        "//me:hush-url@db.test/w",
        "hush-url",
    ],
)
def test_malformed_urls_are_refused(url):
    """A malformed URL is refused before any I/O, and its password is not shown."""
    with pytest.raises(
        SettingsError, match=r"^database: (the URL )?must be "
    ) as caught:
        database_at(url)
    assert caught.value.name == "database"
    assert SECRET not in str(caught.value) + repr(caught.value.__cause__)


@pytest.mark.parametrize("prefix", ["9a", "North_", "a-b", 'a"b', "a.b", "a" * 41, "."])
def test_malformed_prefixes_are_refused(prefix):
    """A prefix has a-z, digits and underscores, or is a schema and a dot."""
    with pytest.raises(SettingsError, match=r"must be a prefix of a-z"):
        database_at("sqlite:///copy.db", prefix)


def test_sqlite_has_no_schemas():
    """A schema is refused for a database that has none."""
    with pytest.raises(SettingsError, match=r"as SQLite has no schemas; got 'north.'"):
        database_at("sqlite:///copy.db", "north.")


@pytest.mark.parametrize(
    ("url", "missing", "extra"),
    [
        ("duckdb:///copy.db", "duckdb", "duckdb"),
        ("duckdb:///copy.db", "pyarrow", "duckdb"),
        ("postgresql://db.test/w", "psycopg", "postgres"),
    ],
)
def test_a_missing_library_is_named(monkeypatch, url, missing, extra):
    """A database whose library is missing says in one line what to install."""
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(
        MissingExtra, match=rf"needs {missing}, .*async.{extra}]'$"
    ) as e:
        database_at(url)
    assert e.value.extra == extra


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_folder_that_is_missing_is_named(kind, tmp_path, helpers):
    """A file is created, its folder is not; the error explains slashes."""
    sink = database_at(f"{kind}:///{tmp_path}/none/copy.db")
    with pytest.raises(SinkError, match=r"the folder .*none does not exist; in a URL"):
        sink.open([helpers.OWN])
