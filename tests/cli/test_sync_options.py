"""The options of `sync`, and of an export to a database, as a user gives them."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def columns(path: Path) -> set[str]:
    """Return the columns of the copy that are ours."""
    with closing(sqlite3.connect(path)) as copy:
        names = {row[1] for row in copy.execute("pragma table_info(suppliers)")}
    return {name for name in names if not name.startswith("_")}


def ids(path: Path) -> list[int]:
    """Return the keys in the copy that are not marked as deleted."""
    sql = "select id from suppliers where _deleted_at is null order by id"
    with closing(sqlite3.connect(path)) as copy:
        return [key for (key,) in copy.execute(sql)]


@pytest.fixture
def copy(tmp_path: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the path of a copy, and the option that names it."""
    path = tmp_path / "copy.db"
    return path, ("--to", f"sqlite:///{path.as_posix()}")


@pytest.mark.parametrize("command", ["export", "sync"])
def test_another_query_replaces_a_copy_only_on_demand(
    command: str, copy: Any, sage200: Run, signed_in: dict[str, str]
) -> None:
    """A copy of another query is refused, and --replace puts the new one in its place."""
    path, to = copy
    sage200(command, "suppliers", *to, env=signed_in)
    everything = ids(path)
    middle = everything[15]
    arguments = (command, "suppliers", *to, "--filter", f"id le {middle}")
    refused = sage200(*arguments, env=signed_in, code=2)
    assert "--replace" in refused.stderr
    assert ids(path) == everything
    sage200(*arguments, "--replace", env=signed_in)
    assert ids(path) == [key for key in everything if key <= middle]


def test_of_many_superfluous_columns_the_first_are_named(
    copy: Any, sage200: Run, signed_in: dict[str, str]
) -> None:
    """The message of a copy of all columns is not cut before it says what to do."""
    _, to = copy
    sage200("sync", "suppliers", *to, env=signed_in)
    narrow = ("--select", "id,name,date_time_updated")
    refused = sage200("sync", "suppliers", *to, *narrow, env=signed_in, code=2)
    assert "the copy has suppliers.reference, " in refused.stderr
    assert " more, which the query no longer has; select them, or" in refused.stderr
    assert "pass --drop-columns" in refused.stderr


@pytest.mark.parametrize("command", ["export", "sync"])
def test_columns_are_dropped_only_on_demand(
    command: str, copy: Any, sage200: Run, signed_in: dict[str, str]
) -> None:
    """A narrower selection is refused, and --drop-columns drops what it lacks."""
    path, to = copy
    wide = ("--select", "id,name,date_time_updated,on_hold")
    narrow = ("--select", "id,name,date_time_updated")
    sage200(command, "suppliers", *to, *wide, env=signed_in)
    refused = sage200(command, "suppliers", *to, *narrow, env=signed_in, code=2)
    assert "--drop-columns" in refused.stderr
    assert "on_hold" in columns(path)
    sage200(command, "suppliers", *to, *narrow, "--drop-columns", env=signed_in)
    assert columns(path) == {"id", "name", "date_time_updated"}


def test_a_sync_reads_everything_on_demand(
    copy: Any, sage200: Run, signed_in: dict[str, str]
) -> None:
    """--whole reads everything, and corrects what was altered in the copy behind its back."""
    path, to = copy
    sage200("sync", "suppliers", *to, env=signed_in)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("update suppliers set name = 'altered'")
    sage200("sync", "suppliers", *to, "--overlap", "0", env=signed_in)
    assert "altered" in names(path)
    sage200("sync", "suppliers", *to, "--whole", env=signed_in)
    assert "altered" not in names(path)


def test_a_sync_reads_everything_now_and_then(
    copy: Any, sage200: Run, signed_in: dict[str, str]
) -> None:
    """--whole-every reads everything once the last time is as long ago."""
    path, to = copy
    sage200("sync", "suppliers", *to, env=signed_in)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("update suppliers set name = 'altered'")
    options = ("--overlap", "0", "--whole-every")
    sage200("sync", "suppliers", *to, *options, "7d", env=signed_in)
    assert "altered" in names(path)
    sage200("sync", "suppliers", *to, *options, "0", env=signed_in)
    assert "altered" not in names(path)


def test_a_sync_compares_all_keys_only_now_and_then(
    copy: Any, sage200: Run, signed_in: dict[str, str]
) -> None:
    """With --sweep-every, a row that the copy lacks is missed until it is due."""
    path, to = copy
    sage200("sync", "suppliers", *to, env=signed_in)
    everything = ids(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("delete from suppliers where id = ?", [everything[3]])
    options = ("--overlap", "0", "--sweep-every")
    sage200("sync", "suppliers", *to, *options, "1d", env=signed_in)
    assert everything[3] not in ids(path)
    sage200("sync", "suppliers", *to, *options, "0", env=signed_in)
    assert ids(path) == everything


@pytest.mark.parametrize("text", ["soon", "-1", "1w", "", "7 d"])
def test_a_duration_is_seconds_or_has_a_unit(
    text: str, copy: Any, sage200: Run, signed_in: dict[str, str]
) -> None:
    """What is no duration is refused; s, m, h and d are known."""
    _, to = copy
    options = (f"--sweep-every={text}",)
    completed = sage200("sync", "suppliers", *to, *options, env=signed_in, code=2)
    assert "15m, 12h or 7d" in completed.stderr


def names(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as copy:
        return {name for (name,) in copy.execute("select name from suppliers")}
