"""Examples in docstrings are true, and so are the README and the contributors' guide.

The blocks of code in the README and in docs/ are tested in tests/docs.
"""

import asyncio
import doctest
import importlib
import pkgutil
import re
from collections.abc import Iterator
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import sage200_async
from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer
from sage200_async.sandbox import Sandbox
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.wire.messages import Request

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
README = Path("README.md")
GUIDE = Path("CONTRIBUTING.md")
MODULES = [
    info.name
    for info in pkgutil.walk_packages(sage200_async.__path__, "sage200_async.")
    if not info.name.endswith("__main__")
    and (find_spec("pyspark") or ".engines.spark." not in info.name)
]
# `nox -s spark` tests those that need PySpark.


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


def test_the_readme_is_short() -> None:
    """The README sells and starts, in 150 lines at most; docs/ has the rest."""
    assert len(README.read_text("utf-8").splitlines()) <= 150


def test_the_figures_of_the_readme_are_those_that_were_measured() -> None:
    """The README's figures are rows of RESULTS.md, which the benchmarks write."""
    text = README.read_text("utf-8")
    part = text.partition("<!-- bench -->")[2].partition("<!-- /bench -->")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]*\d[^|]*) \|$", part, re.MULTILINE)
    results = Path("benchmarks/RESULTS.md").read_text("utf-8")
    measured = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|", results, re.MULTILINE)
    assert len(rows) >= 4
    assert set(rows) <= set(measured)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """The last line of `.ci/run` is the README's test command."""
    lines = README.read_text("utf-8").splitlines()
    command = next(line for line in lines if line.endswith("/nox"))
    assert Path(".ci/run").read_text("utf-8").splitlines()[-1] == command


def test_the_contributors_guide_names_files_that_exist() -> None:
    """Every file and folder that CONTRIBUTING.md names exists."""
    folders = r"(?:sage200_async|tests|benchmarks|docs|examples)"
    names = re.findall(rf"`({folders}/[\w./]*)`", GUIDE.read_text("utf-8"))
    assert len(names) > 20
    assert [name for name in names if not Path(name).exists()] == []
