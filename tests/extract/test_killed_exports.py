"""`sage200 export`, killed at random moments and run again: the same in the end."""

import asyncio
import hashlib
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.auth.stores import MemoryStore
from sage200_async.extract.files.manifest import find_manifest
from sage200_async.sandbox import Behaviour, Sandbox

KILLS = 20 if os.environ.get("EXHAUSTIVE") == "1" else 2
# `nox -s kills` looks hard: more than a hundred kills.
ROWS = 4000
NAMES = ("site", "company", "base_url", "token_url", "client_id")


class Files:
    """Files of one format."""

    def __init__(self, form: str) -> None:
        self._form = form

    def to(self, folder: Path) -> list[str]:
        """Say where an export goes."""
        return ["--to", str(folder), "--format", self._form]

    def begun(self, folder: Path) -> bool:
        """Tell whether anything has been made there."""
        return any(folder.iterdir())

    def found(self, folder: Path) -> object:
        """Give what a finished export has left, to be compared."""
        return (folder / f"customers.{self._form}").read_bytes()


class Database(Files):
    """Rows in a file of SQLite or DuckDB."""

    def __init__(self, kind: str, connect: Callable[[Path], Any]) -> None:
        self._kind, self._connect = kind, connect

    def to(self, folder: Path) -> list[str]:
        return ["--to", f"{self._kind}:///{(folder / 'copy').as_posix()}"]

    def found(self, folder: Path) -> object:
        with closing(self._connect(folder / "copy")) as copy:
            return rows(copy)


class Postgres(Database):
    """Rows in a database of PostgreSQL, one for each folder."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def to(self, folder: Path) -> list[str]:
        name = _name(folder)
        with psycopg.connect(self._server.url(), autocommit=True) as any_:
            sql = "select 1 from pg_database where datname = %s"
            if not any_.execute(sql, [name]).fetchall():
                any_.execute(f"create database {name}".encode())
        return ["--to", self._server.url(name)]

    def begun(self, folder: Path) -> bool:
        sql = "select to_regclass('customers') is not null"
        with psycopg.connect(self._server.url(_name(folder))) as copy:
            return bool(copy.execute(sql).fetchall()[0][0])

    def found(self, folder: Path) -> object:
        with psycopg.connect(self._server.url(_name(folder))) as copy:
            return rows(copy)


def _name(folder: Path) -> str:
    return "kills_" + hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def rows(copy: Any) -> object:
    found = copy.execute("select * from customers order by id").fetchall()
    assert len(found) == ROWS
    return found


@pytest.fixture(params=["ndjson", "csv", "parquet", "sqlite", "duckdb", "postgres"])
def way(request: pytest.FixtureRequest) -> Files:
    if request.param == "postgres":
        return Postgres(request.getfixturevalue("postgres"))
    if request.param in {"sqlite", "duckdb"}:
        connect = sqlite3.connect if request.param == "sqlite" else duckdb.connect
        return Database(request.param, connect)
    return Files(request.param)


class Exporter:
    """Runs the command into a folder, with pages and workers drawn each time."""

    def __init__(
        self, env: dict[str, str], way: Files, folder: Path, chance: random.Random
    ) -> None:
        folder.mkdir()
        self._env = {**os.environ, **env}
        self._way = way
        self._folder = folder
        self._to = way.to(folder)
        self._random = chance
        self.killed = self.left = 0

    async def run(self, patience: float | None) -> bool:
        """Export; kill it after *patience* seconds. Tell whether it came to its end."""
        page, workers = self._random.randrange(60, 400), self._random.randrange(1, 9)
        sizes = ["--page-size", str(page), "--workers", str(workers)]
        command = [sys.executable, "-m", "sage200_async.cli", "export", "customers"]
        process = await asyncio.create_subprocess_exec(
            *command,
            *self._to,
            *sizes,
            env=self._env,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, said = await asyncio.wait_for(process.communicate(), patience)
        except TimeoutError:
            process.kill()
            await process.wait()
            self.killed += 1
            self.left += self._way.begun(self._folder)
            # Between the last rename and its own end, it was done.
            return find_manifest(self._folder, "customers") is not None
        assert process.returncode == 0, said.decode()
        return True


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX's")
def test_killed_and_run_again(
    way: Files, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Whenever it was killed, with other pages and workers, the end is the same."""
    chance = random.Random(request.node.name)

    async def main() -> None:
        slow = Behaviour(delay=0.1)
        async with Sandbox(records={"customers": ROWS}, behaviour=slow) as sandbox:
            env = await signed_in(sandbox)
            begun = time.monotonic()
            assert await Exporter(env, way, tmp_path / "whole", chance).run(None)
            seconds = time.monotonic() - begun
            expected = way.found(tmp_path / "whole")
            killed = left = number = 0
            # Until enough came when something had been kept.
            while killed < KILLS or left < KILLS / 4:
                number += 1
                assert number <= 10 * KILLS, "hardly a kill came in the middle"
                folder = tmp_path / str(number)
                exporter = Exporter(env, way, folder, chance)
                begun = time.monotonic()
                while not await exporter.run(chance.uniform(0.3, 1) * seconds):
                    if exporter.killed >= KILLS:
                        assert await exporter.run(None)
                        break
                if not exporter.killed:  # it takes less time than was thought
                    seconds = min(seconds, time.monotonic() - begun)
                killed, left = killed + exporter.killed, left + exporter.left
                assert way.found(folder) == expected
            print(f"\n{killed} kills, {left} of them with something kept")

    asyncio.run(main())


async def signed_in(sandbox: Sandbox) -> dict[str, str]:
    """Give settings with an access token: a kill cannot lose what is not refreshed."""
    store = MemoryStore()
    settings = replace(sandbox.settings, token_store=store)
    async with Sage200Client(settings) as client:
        await client.sites()
    tokens = await store.load()
    assert tokens is not None
    told = {f"SAGE200_{name.upper()}": str(getattr(settings, name)) for name in NAMES}
    return told | {"SAGE200_ACCESS_TOKEN": tokens.access_token}
