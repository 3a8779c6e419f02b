"""Examples and commands in docstrings and guides are true."""

import ast
import asyncio
import doctest
import importlib
import pkgutil
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import sage200_async
from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer
from sage200_async.cli.app import app
from sage200_async.sandbox import Sandbox
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.wire.messages import Request

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
README = Path("README.md")
DOCS = Path("docs")
GUIDE = Path("CONTRIBUTING.md")
MODULES = [
    info.name
    for info in pkgutil.walk_packages(sage200_async.__path__, "sage200_async.")
    if not info.name.endswith("__main__")
]


@pytest.fixture(scope="module")
def doctest_env() -> Iterator[dict[str, Any]]:
    """Yield the names that examples use: a client of a sandbox, `run` and more."""
    with asyncio.Runner() as runner:
        sandbox = Sandbox(records={"customers": 50, "products": 20})
        runner.run(sandbox.__aenter__())
        client = Sage200Client(sandbox.settings)
        runner.run(client.__aenter__())
        yield {
            "run": runner.run,
            "sandbox": sandbox,
            "client": client,
            "Customer": Customer,
            "Decimal": Decimal,
            "MemoryTransport": MemoryTransport,
            "Request": Request,
            "Sage200Client": Sage200Client,
            "Settings": Settings,
            "reply": reply,
        }
        runner.run(client.close())
        runner.run(sandbox.__aexit__(None, None, None))


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_run(name: str, doctest_env: dict[str, Any]) -> None:
    """Every example in a docstring prints the result that is written below it."""
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for test in doctest.DocTestFinder().find(module, extraglobs=doctest_env):
        assert runner.run(test).failed == 0, test.name


def blocks() -> list[str]:
    texts = [path.read_text("utf-8") for path in (README, *sorted(DOCS.glob("*.md")))]
    return re.findall(r"```python\n(.*?)```", "\n".join(texts), re.DOTALL)


@pytest.mark.parametrize("block", blocks(), ids=lambda text: text.split("\n")[0])
def test_the_guides_run(
    block: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every Python block in the README and in docs/ runs against the sandbox."""
    monkeypatch.chdir(tmp_path)
    names = ("client_id", "client_secret", "refresh_token", "site", "company")
    addresses = ("base_url", "token_url", "authorization_url")
    code = compile(block, "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    async def main() -> None:
        async with Sandbox(records={"customers": 50}) as sandbox:
            for name in (*names, *addresses):
                value = str(getattr(sandbox.settings, name))
                monkeypatch.setenv(f"SAGE200_{name.upper()}", value)
            # In a thread: a block that awaits nothing may wait for the sandbox.
            coroutine = await asyncio.to_thread(eval, code, {"__name__": "readme"})
            if coroutine is not None:  # None if the block awaits nothing
                await coroutine

    asyncio.run(main())


def test_every_command_is_in_the_readme_and_has_help() -> None:
    """The README names each command, and each command has a help text."""
    text = README.read_text("utf-8")
    for name, command in app.commands.items():
        assert f"sage200 {name}" in text
        assert command.help


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """The last line of `.ci/run` is the README's test command."""
    lines = README.read_text("utf-8").splitlines()
    command = next(line for line in lines if line.endswith("/nox"))
    assert Path(".ci/run").read_text("utf-8").splitlines()[-1] == command


def test_the_contributors_guide_names_files_that_exist() -> None:
    """Every file and folder that CONTRIBUTING.md names exists."""
    folders = r"(?:sage200_async|tests|benchmarks|examples)"
    names = re.findall(rf"`({folders}/[\w./]*)`", GUIDE.read_text("utf-8"))
    assert len(names) > 20
    assert [name for name in names if not Path(name).exists()] == []
