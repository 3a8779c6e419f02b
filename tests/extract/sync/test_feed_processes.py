"""Two processes on one state: one feeds, and when it is killed the other goes on."""

import asyncio
import pickle
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.sandbox import Sandbox

WORKER = Path(__file__).with_name("feed_worker.py")


async def lines(log, count):
    """Return the lines of a log once there are as many."""
    while True:
        written = log.read_text("utf-8").splitlines() if log.exists() else []
        if len(written) >= count:
            return written
        await asyncio.sleep(0.05)


async def take_over(folder, state):
    """Kill the process that feeds; return both logs, and how long the other took."""
    settings, logs = folder / "settings", [folder / "first", folder / "second"]
    store = f"file:///{folder.as_posix()}/tokens.json"  # one set of tokens for all
    async with Sandbox({"customers": 30}) as box:
        shared = replace(box.settings, token_store=store)
        settings.write_bytes(pickle.dumps(shared))
        async with Sage200Client(shared) as client:
            return await killed(client, settings, state, logs)


async def worker(settings, state, log):
    arguments = map(str, (WORKER, settings, state, log))
    return await asyncio.create_subprocess_exec(sys.executable, *arguments)


async def killed(client, settings, state, logs):
    first, second = await worker(settings, state, logs[0]), None
    try:
        await lines(logs[0], 30)
        second = await worker(settings, state, logs[1])
        key = (await client.customers.first()).id
        await client.customers.update(key, {"name": "before"})
        await lines(logs[0], 31)
        first.kill()
        await first.wait()
        began = time.monotonic()
        await client.customers.update(key, {"name": "after"})
        while f"{key} after" not in "".join(await lines(logs[1], 1)):
            await asyncio.sleep(0.05)
        seconds = time.monotonic() - began
    finally:
        for process in (first, second):
            if process is not None and process.returncode is None:
                process.kill()
                await process.wait()
    return key, logs[0].read_text("utf-8"), logs[1].read_text("utf-8"), seconds


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_standby_takes_over(kind, tmp_path, request):
    """The one that waits feeds nothing before; then what was not acknowledged, and on."""
    if kind == "sqlite":
        state = f"sqlite:///{tmp_path.as_posix()}/state.db"
    else:
        import psycopg

        server = request.getfixturevalue("postgres")
        with psycopg.connect(server.url(), autocommit=True) as connection:
            # In a database that is shared, other tests have a state of the same company.
            connection.execute("CREATE DATABASE standby")
        state = server.url("standby")
    work = take_over(tmp_path, state)
    key, first, second, seconds = asyncio.run(asyncio.wait_for(work, 90))
    assert len(first.splitlines()) == 31
    assert first.splitlines()[-1] == f"updated {key} before"
    assert second.splitlines()[-1] == f"updated {key} after"
    assert second.splitlines()[:-1] in ([], [f"updated {key} before"])
    print(f"{kind}: the other process went on {seconds:.1f} s after the kill")
