"""The command, and a company that several tests read."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import aiohttp
import msgspec
import pytest

from sage200_async.cli.app import run
from sage200_async.sandbox import Sandbox

T = TypeVar("T")

SAGE200 = [sys.executable, "-m", "sage200_async.cli"]


class Output(NamedTuple):
    """What a command printed."""

    stdout: str
    stderr: str


@pytest.fixture
def sage200(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Output]:
    """Return a function that runs the command here, and checks its exit status."""

    def call(
        *arguments: str,
        env: dict[str, str] | None = None,
        code: int = 0,
        cwd: Path | None = None,
    ) -> Output:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["sage200", *arguments])
            patch.setenv("COLUMNS", "120")
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            if cwd is not None:
                patch.chdir(cwd)
            capfd.readouterr()
            status = run()
        output = Output(*capfd.readouterr())
        assert status == code, output
        return output

    return call


@pytest.fixture(scope="session")
def signed_in() -> Iterator[dict[str, str]]:
    """Serve 700 customers and 30 suppliers; yield settings with an access token."""
    records = ("--records", "customers=700", "--records", "suppliers=30")
    command = [*SAGE200, "sandbox", *records]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        settings = json.loads(process.stdout.readline())
        names = ("base_url", "token_url", "client_id", "site", "company")
        env = {f"SAGE200_{name.upper()}": settings[name] for name in names}
        yield env | {"SAGE200_ACCESS_TOKEN": asyncio.run(_access_token(settings))}
        process.terminate()


async def _access_token(settings: dict[str, str]) -> str:
    names = ("refresh_token", "client_id", "client_secret")
    form = {name: settings[name] for name in names} | {"grant_type": "refresh_token"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(settings["token_url"], data=form) as response,
    ):
        token: str = (await response.json())["access_token"]
        return token


@pytest.fixture
def restore_sigint() -> Iterator[None]:
    """Restore the handling of Ctrl-C; shells disable it in background processes.

    What is started then ignores it, too.
    """
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def serving() -> Callable[..., AbstractContextManager[tuple[Sandbox, dict[str, str]]]]:
    """Return a context manager that serves a sandbox, in a thread of its own."""
    return _serving


@contextmanager
def _serving(**options: Any) -> Iterator[tuple[Sandbox, dict[str, str]]]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    sandbox = Sandbox(**options)
    wait(sandbox.__aenter__())
    try:
        settings = msgspec.structs.asdict(sandbox.settings)
        names = ("base_url", "token_url", "client_id", "client_secret", "refresh_token")
        wanted = {name: str(settings[name]) for name in (*names, "site", "company")}
        token = wait(_access_token(wanted))
        del wanted["refresh_token"]
        env = {f"SAGE200_{name.upper()}": value for name, value in wanted.items()}
        yield sandbox, env | {"SAGE200_ACCESS_TOKEN": token}
    finally:
        wait(sandbox.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
