"""What recipes run against: a sandbox, its settings as variables, and their processes."""

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sage200_async.testing import SandboxThread

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "examples" / "recipes"
RECORDS = {"customers": 1_200, "suppliers": 20}
SETTINGS = (
    "client_id", "client_secret", "refresh_token", "site", "company",
    "base_url", "token_url",
)  # fmt: skip
SECONDS = 60
_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox with more customers than a page of a recipe has."""
    with SandboxThread(records=RECORDS) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that recipes work in."""
    return tmp_path_factory.mktemp("recipe")


@pytest.fixture(scope="module")
def recipe_env(sandbox, folder):
    """The environment of a recipe: one sign-in, and a token store for all processes."""
    settings = sandbox.settings
    values = {f"SAGE200_{name.upper()}": getattr(settings, name) for name in SETTINGS}
    bin_folder = Path(sys.executable).parent
    # A user has not set PYTHONSAFEPATH, as nox does: Dagster finds no module of its own then.
    own = {name: os.environ[name] for name in os.environ if name != "PYTHONSAFEPATH"}
    return {
        **own,
        **{name: str(value) for name, value in values.items()},
        "SAGE200_TOKEN_STORE": (folder / "tokens" / "tokens.json").as_uri(),
        "HOME": str(folder),
        "PATH": os.pathsep.join([str(bin_folder), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(RECIPES), *_own_package()]),
    }


def _own_package():
    """The folder of the package that is tested, where it is not installed."""
    import sage200_async

    folder = Path(sage200_async.__file__).parents[1]
    return [] if folder.name == "site-packages" else [str(folder)]


class Process:
    """A program that runs while it is tested; what it prints is in a file."""

    def __init__(self, command, *, env, cwd):
        self.log = cwd / f"{Path(command[0]).name}-{next(_NUMBERS)}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, env=env, cwd=cwd, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def printed(self):
        return self.log.read_text("utf-8", errors="replace")

    def wait_until(self, is_so):
        """Wait until *is_so* returns something true, and return that."""
        deadline = time.monotonic() + SECONDS
        while not (value := is_so()):
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.05)
        return value

    def stop(self):
        """End it as a service manager does; return its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(SECONDS)
        finally:
            self.process.kill()


@pytest.fixture(scope="module")
def start(recipe_env, folder):
    """Start a program, which is killed at the end of the tests at the latest."""
    with contextlib.ExitStack() as stack:

        def start(*command, **env):
            env = {**recipe_env, **env}
            process = Process(command, env=env, cwd=folder)
            stack.callback(process.process.wait)
            stack.callback(process.process.kill)
            return process

        yield start


@pytest.fixture(scope="module")
def run(recipe_env, folder):
    """Run a program to its end; return what became of it."""

    def run(*command, **env):
        return subprocess.run(
            command,
            env={**recipe_env, **env},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=4 * SECONDS,
        )

    return run


def free_port():
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module", name="free_port")
def free_port_fixture():
    """The function that finds a port that nobody listens on."""
    return free_port


@pytest.fixture(scope="module")
def redis_url(start, folder):
    """The URL of a Redis server of the test's own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    port = str(free_port())
    options = ("--port", port, "--bind", "127.0.0.1", "--save", "")
    server = start(program, *options)
    server.wait_until(lambda: "Ready to accept connections" in server.printed)
    return f"redis://127.0.0.1:{port}"
