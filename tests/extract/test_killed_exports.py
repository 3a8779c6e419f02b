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
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.extract.sinks.files import finished
from sage200_async.sandbox import Behaviour, Sandbox
from sage200_async.tokens import MemoryStore

KILLS = 20 if os.environ.get("LOOK") == "hard" else 2
# `nox -s kills` looks hard: more than a hundred kills.
ROWS = 4000
NAMES = ("site", "company", "base_url", "token_url", "client_id")
Look = Callable[[Path], object]


def file_of(form: str) -> Look:
    """Look at a finished file: its bytes."""
    return lambda folder: hashlib.sha256(
        (folder / f"customers.{form}").read_bytes()
    ).hexdigest()


def rows_in_sqlite(folder: Path) -> object:
    with sqlite3.connect(folder / "copy.db") as copy:
        found = copy.execute("select * from customers order by id").fetchall()
    copy.close()
    return found


def rows_in_duckdb(folder: Path) -> object:
    with duckdb.connect(str(folder / "copy.duckdb")) as copy:
        return copy.execute("select * from customers order by id").fetchall()


WAYS: dict[str, tuple[Callable[[Path], list[str]], Look]] = {
    "ndjson": (lambda at: ["--to", str(at)], file_of("ndjson")),
    "csv": (lambda at: ["--to", str(at), "--format", "csv"], file_of("csv")),
    "parquet": (
        lambda at: ["--to", str(at), "--format", "parquet"],
        file_of("parquet"),
    ),
    "sqlite": (
        lambda at: ["--to", f"sqlite:///{(at / 'copy.db').as_posix()}"],
        rows_in_sqlite,
    ),
    "duckdb": (
        lambda at: ["--to", f"duckdb:///{(at / 'copy.duckdb').as_posix()}"],
        rows_in_duckdb,
    ),
}


class Exporter:
    """Runs the command, with page sizes and workers drawn anew each time."""

    def __init__(self, env: dict[str, str], to: list[str], seed: str) -> None:
        self._env = {**os.environ, **env}
        self._to = to
        self._random = random.Random(seed)
        self.killed = self.left = 0

    async def run(self, folder: Path, patience: float | None) -> bool:
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
            self.left += any(folder.iterdir())  # noqa: ASYNC240
            process.kill()
            await process.wait()
            self.killed += 1
            # Between the last rename and its own end, it was done.
            return finished(folder, "customers") is not None
        assert process.returncode == 0, said.decode()
        return True

    def moment(self, whole: float) -> float:
        """Draw a moment of a run that would take *whole* seconds."""
        return self._random.uniform(0.4, 1.0) * whole


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX's")
@pytest.mark.parametrize("way", WAYS)
def test_killed_and_run_again(way: str, tmp_path: Path) -> None:
    """Whenever it was killed, with other pages and workers, the end is the same."""
    where, look = WAYS[way]

    async def main() -> None:
        slow = Behaviour(delay=0.1)
        async with Sandbox(records={"customers": ROWS}, behaviour=slow) as sandbox:
            env = await signed_in(sandbox)
            whole = tmp_path / "whole"
            whole.mkdir()
            begun = time.monotonic()
            assert await Exporter(env, where(whole), way).run(whole, None)
            seconds = time.monotonic() - begun
            expected = look(whole)
            killed = left = number = 0
            while killed < KILLS:
                number += 1
                folder = tmp_path / str(number)
                folder.mkdir()
                exporter = Exporter(env, where(folder), f"{way} {number}")
                while not await exporter.run(folder, exporter.moment(seconds)):
                    if killed + exporter.killed >= KILLS:
                        assert await exporter.run(folder, None)
                        break
                killed, left = killed + exporter.killed, left + exporter.left
                assert look(folder) == expected
            print(f"\n{way}: {killed} kills, {left} of them with something kept")
            assert left >= KILLS // 5

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
