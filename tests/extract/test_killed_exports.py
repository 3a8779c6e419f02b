"""`sage200 export`, killed at random moments and run again: the same in the end."""

import asyncio
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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

WORKER = Path(__file__).with_name("export_worker.py")
KILLS, ROWS = (20, 4000) if os.environ.get("EXHAUSTIVE") == "1" else (2, 1500)
# `nox -s kills` is exhaustive: more than a hundred kills. A page has 400 rows at most.
NAMES = ("site", "company", "base_url", "token_url", "client_id")


class Files:
    """Files of one format."""

    def __init__(self, format: str, *more: str) -> None:
        self._format, self._more = format, more

    def to(self, folder: Path) -> list[str]:
        """Return the arguments for the command."""
        return ["--to", str(folder), "--format", self._format, *self._more]

    def has_started(self, folder: Path) -> bool:
        """Return whether there is anything."""
        return any(folder.iterdir())

    def result(self, folder: Path) -> object:
        """Return the result of an export, to be compared."""
        return (folder / f"customers.{self._format}").read_bytes()


class Database(Files):
    """Rows in a file of SQLite or DuckDB."""

    def __init__(self, kind: str, connect: Callable[[Path], Any]) -> None:
        self._kind, self._connect = kind, connect

    def to(self, folder: Path) -> list[str]:
        return ["--to", f"{self._kind}:///{(folder / 'copy').as_posix()}"]

    def result(self, folder: Path) -> object:
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

    def has_started(self, folder: Path) -> bool:
        sql = "select to_regclass('customers') is not null"
        with psycopg.connect(self._server.url(_name(folder))) as copy:
            return bool(copy.execute(sql).fetchall()[0][0])

    def result(self, folder: Path) -> object:
        with psycopg.connect(self._server.url(_name(folder))) as copy:
            return rows(copy)


def _name(folder: Path) -> str:
    return "kills_" + hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def rows(copy: Any) -> object:
    result = copy.execute("select * from customers order by id").fetchall()
    assert len(result) == ROWS
    return result


NESTED = ("--expand", "contacts", "--related", "nested")
DESTINATIONS = {
    "ndjson": Files("ndjson"),
    "csv": Files("csv"),
    "parquet": Files("parquet"),
    "arrow": Files("arrow"),
    "ndjson-nested": Files("ndjson", *NESTED),
    "parquet-nested": Files("parquet", *NESTED),
    "arrow-nested": Files("arrow", *NESTED),
}


@pytest.fixture(params=[*DESTINATIONS, "sqlite", "duckdb", "postgres"])
def destination(request: pytest.FixtureRequest) -> Files:
    if request.param == "postgres":
        return Postgres(request.getfixturevalue("postgres"))
    if request.param in {"sqlite", "duckdb"}:
        connect = sqlite3.connect if request.param == "sqlite" else duckdb.connect
        return Database(request.param, connect)
    return DESTINATIONS[request.param]


class Process:
    """A process that runs the command in forks: see export_worker.py."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, **options: Any) -> int:
        """Run once, killed after some seconds; return how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(options) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    if not hasattr(os, "fork"):
        pytest.skip("kill -9 and fork are POSIX's")
    command, pipe = [sys.executable, WORKER], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as started:
        yield Process(started)
        assert started.stdin is not None
        started.stdin.close()


class Exporter:
    """Runs the command into a folder, with pages and workers drawn each time."""

    def __init__(
        self,
        process: Process,
        env: dict[str, str],
        destination: Files,
        folder: Path,
        chance: random.Random,
    ) -> None:
        folder.mkdir()
        self.status = 0
        self.arguments: list[str] = []
        self._process = process
        self._env = env
        self._destination = destination
        self._folder = folder
        self._to = destination.to(folder)
        self._random = chance
        self.killed = self.left = 0

    async def run(self, patience: float | None) -> bool:
        """Export; kill it after *patience* seconds. Return whether it has finished."""
        page, workers = self._random.randrange(60, 400), self._random.randrange(1, 9)
        sizes = ["--page-size", str(page), "--workers", str(workers)]
        errors = self._folder.with_suffix(".errors")
        status = await asyncio.to_thread(
            self._process.run,
            arguments=["export", "customers", *self._to, *self.arguments, *sizes],
            env=self._env,
            errors=str(errors),
            after=patience,
        )
        if status == -signal.SIGKILL:
            self.killed += 1
            self.left += self._destination.has_started(self._folder)
            # A kill after the last rename comes too late.
            return find_manifest(self._folder, "customers") is not None
        assert status == self.status, errors.read_text("utf-8")
        return True


def test_killed_and_run_again(
    process: Process,
    destination: Files,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Whenever it is killed and run with other pages and workers, the result is the same."""
    chance = random.Random(request.node.name)

    async def main() -> None:
        slow = Behaviour(delay=0.1)
        async with Sandbox(records={"customers": ROWS}, behaviour=slow) as sandbox:
            env = await signed_in(sandbox)
            started = time.monotonic()
            whole = Exporter(process, env, destination, tmp_path / "whole", chance)
            assert await whole.run(None)
            seconds = time.monotonic() - started
            expected = destination.result(tmp_path / "whole")
            killed = left = number = 0
            # Until enough kills came when something had been written.
            while killed < KILLS or left < KILLS / 4:
                number += 1
                assert number <= 10 * KILLS, "too few kills came in the middle"
                folder = tmp_path / str(number)
                exporter = Exporter(process, env, destination, folder, chance)
                started = time.monotonic()
                while not await exporter.run(chance.uniform(0.3, 1) * seconds):
                    if exporter.killed >= KILLS:
                        assert await exporter.run(None)
                        break
                if not exporter.killed:  # it takes less time than was measured
                    seconds = min(seconds, time.monotonic() - started)
                killed, left = killed + exporter.killed, left + exporter.left
                assert destination.result(folder) == expected
            print(f"\n{killed} kills, {left} of them with something written")

    asyncio.run(main())


@pytest.mark.parametrize("format", ["ndjson", "csv", "parquet", "arrow"])
def test_killed_with_rejects(
    process: Process, format: str, tmp_path: Path, serve_bad_records: Any
) -> None:
    """However often it is killed, each bad record is in the file once, and counted once."""
    chance = random.Random(format)

    async def main() -> None:
        slow = Behaviour(delay=0.1)
        async with Sandbox(records={"customers": ROWS}, behaviour=slow) as sandbox:
            env = await signed_in(sandbox)
            bad = await bad_records(sandbox, chance, stored=format in {"ndjson", "csv"})
            serve_bad_records(sandbox, bad)
            killed, number, seconds = 0, 0, 4.0
            while killed < KILLS:
                number += 1
                assert number <= 10 * KILLS, "too few kills came in the middle"
                folder = tmp_path / str(number)
                exporter = Exporter(process, env, Files(format), folder, chance)
                file = folder / "rejects.ndjson"
                exporter.arguments, exporter.status = ["--rejects", str(file)], 3
                started = time.monotonic()
                while not await exporter.run(chance.uniform(0.3, 1) * seconds):
                    if exporter.killed >= KILLS:
                        assert await exporter.run(None)
                        break
                if not exporter.killed:
                    seconds = min(seconds, time.monotonic() - started)
                killed += exporter.killed
                require_complete(folder, bad)
            print(f"\n{killed} kills")

    asyncio.run(main())


async def bad_records(
    sandbox: Sandbox, chance: random.Random, *, stored: bool
) -> dict[int, tuple[str, bytes]]:
    """Return values for some records: half cannot be read, half not be stored.

    Where *stored*, the format can store the latter.
    """
    settings = replace(sandbox.settings, token_store=MemoryStore())
    async with Sage200Client(settings) as client:
        ids = [customer.id async for customer in client.customers.select("id")]
    unreadable, long = ("name", rb'"a\ud800"'), ("balance", b"1.12345678901")
    bad = dict.fromkeys(chance.sample(ids, 30), unreadable)
    return bad if stored else bad | dict.fromkeys(chance.sample(ids, 30), long)


def require_complete(folder: Path, bad: dict[int, Any]) -> None:
    """Require that each record is in the data or in the file of rejects, and once."""
    manifest = find_manifest(folder, "customers")
    assert manifest is not None
    certificate = manifest.certificate
    assert certificate.rejected == len(bad)
    assert certificate.records == manifest.files[0].rows == ROWS - len(bad)
    lines = (folder / "rejects.ndjson").read_text("utf-8").splitlines()
    assert sorted(json.loads(line)["key"] for line in lines) == sorted(bad)


async def signed_in(sandbox: Sandbox) -> dict[str, str]:
    """Return settings with an access token, which a kill cannot lose as it is not refreshed."""
    store = MemoryStore()
    settings = replace(sandbox.settings, token_store=store)
    async with Sage200Client(settings) as client:
        await client.sites()
    tokens = await store.load()
    assert tokens is not None
    variables = {
        f"SAGE200_{name.upper()}": str(getattr(settings, name)) for name in NAMES
    }
    return variables | {"SAGE200_ACCESS_TOKEN": tokens.access_token}
