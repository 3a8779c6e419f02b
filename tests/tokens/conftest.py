"""A Redis server, and processes that share a store."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

WORKER = Path(__file__).with_name("worker.py")
NAMES = ("base_url", "token_url", "client_id", "client_secret", "site", "company")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory):
    """Run a Redis server without persistence; yield its URL."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    port = str(free_port())
    command = [program, "--port", port, "--bind", "127.0.0.1", "--save", ""]
    folder = tmp_path_factory.mktemp("redis")
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as process:
        try:
            for line in process.stdout:
                if b"Ready to accept connections" in line:
                    break
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.kill()


class Worker:
    """A process that shares a store; see worker.py."""

    def __init__(self, process):
        self._process = process
        self.asking = asyncio.Event()
        self.answered = asyncio.Event()

    @classmethod
    async def start(cls, settings, **changes):
        arguments = {name: getattr(settings, name) for name in NAMES} | changes
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, WORKER, json.dumps(arguments), stdin=pipe, stdout=pipe
        )
        worker = cls(process)
        try:
            assert await worker.result() == "ready"
        except BaseException:
            await worker.end()
            raise
        return worker

    def read(self):
        """Start a read."""
        self.asking.clear()
        self._process.stdin.write(b"go\n")

    async def result(self):
        """Return the result of the read; empty if the process was killed before."""
        events = {"asking": self.asking, "answered": self.answered}
        while line := (await self._process.stdout.readline()).decode().strip():
            if line not in events:
                return line
            events[line].set()
        return ""

    def kill(self):
        """Kill it, as the system does when memory runs out."""
        self._process.kill()

    async def end(self):
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


@asynccontextmanager
async def start_workers(count, settings, **changes):
    """Start *count* workers; kill them at the end."""
    starting = [
        asyncio.create_task(Worker.start(settings, **changes)) for _ in range(count)
    ]
    workers = []
    try:
        for task in starting:
            workers.append(await task)
        yield workers
    finally:
        for task in starting:
            task.cancel()
        await asyncio.wait(starting)
        for worker in workers:
            await worker.end()


@pytest.fixture(scope="session")
def helpers():
    """Return what the tests of this folder share."""
    return SimpleNamespace(
        Worker=Worker, start_workers=start_workers, free_port=free_port
    )
