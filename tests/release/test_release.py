"""What is uploaded: its files, its metadata, and its first use by a stranger.

`nox -s release` builds it, installs the wheel without extras into a fresh environment, and
names both here.
"""

import os
import re
import subprocess
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest

DIST = os.environ.get("SAGE200_DIST", "")
BARE = os.environ.get("SAGE200_BARE", "")
pytestmark = pytest.mark.skipif(
    not (DIST and BARE), reason="nothing is built: `nox -s release` does"
)
CORE = {"aiohttp", "backoff", "msgspec", "yarl"}
RIGHT = """\
import asyncio
from decimal import Decimal

from sage200_async import Sage200Client
from sage200_async.catalog import Customer


async def owed() -> Decimal:
    async with Sage200Client() as client:
        query = client.customers.filter(Customer.fields.balance > 0, on_hold=False)
        return sum([c.balance or Decimal(0) async for c in query], Decimal(0))


asyncio.run(owed())
"""
WRONG = RIGHT.replace("on_hold=False", "on_hld=False")


def built(pattern: str) -> Path:
    """Return the one file that was built with such a name."""
    (path,) = Path(DIST).glob(pattern)
    return path


def wheel_files() -> set[str]:
    """Return the names of the files in the wheel."""
    with zipfile.ZipFile(built("*.whl")) as wheel:
        return set(wheel.namelist())


def sdist_files() -> set[str]:
    """Return the names of the files in the source distribution, below its folder."""
    with tarfile.open(built("*.tar.gz")) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()}


def metadata() -> Message:
    """Return the metadata of the wheel."""
    with zipfile.ZipFile(built("*.whl")) as wheel:
        (name,) = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA")]
        return Parser().parsestr(wheel.read(name).decode())


def run_bare(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in the environment that has the wheel and no extras."""
    folder = "Scripts" if os.name == "nt" else "bin"
    command = [str(Path(BARE, folder, "python")), "-I", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_wheel_has_the_package_and_its_types() -> None:
    """The wheel holds the package, and what pytest and Spark look for beside it."""
    package = {name for name in wheel_files() if ".dist-info/" not in name}
    top = {PurePosixPath(name).parts[0] for name in package}
    assert top == {"sage200_async", "_sage200_pytest.py", "pyspark_sage200.py"}
    assert "sage200_async/py.typed" in package
    own = {
        path.as_posix()
        for path in Path("sage200_async").rglob("*.py*")
        if path.suffix in {".py", ".pyi"}
        and not {"_codegen", "pytest11", "top_level"} & set(path.parts)
    }
    assert own <= package
    kinds = {PurePosixPath(name).suffix for name in package}
    # The last three are the sandbox's start page.
    assert kinds == {".py", ".pyi", ".typed", ".json", ".css", ".html", ".js"}


def test_the_wheel_has_no_generator_and_a_license() -> None:
    """The catalog's generator stays out of the wheel, and the license is in it."""
    names = wheel_files()
    assert [name for name in names if "_codegen" in name] == []
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_no_document_of_sage_is_in_either() -> None:
    """Neither holds Sage's OpenAPI documents or the shared data."""
    names = {PurePosixPath(name) for name in wheel_files() | sdist_files()}
    foreign = [
        n for n in names if n.suffix == ".ndjson" or {"openapi", "shared"} & {*n.parts}
    ]
    assert foreign == []
    json = {name.name for name in names if name.suffix == ".json"}
    assert json <= {"manifest.json", "results.json"}


def test_the_source_distribution_is_whole() -> None:
    """The source distribution can be tested and documented: it has all that takes."""
    names = sdist_files()
    files = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md"}
    assert files | {"CONTRIBUTING.md", "noxfile.py", "mkdocs.yml"} <= names
    for folder in ("tests", "docs", "benchmarks", "examples"):
        own = {
            path.as_posix()
            for path in Path(folder).rglob("*")
            if path.suffix in {".py", ".md"}
        }
        assert own, folder
        assert own <= names, folder


def test_the_metadata_is_that_of_the_project() -> None:
    """Four dependencies without an extra, a Python to begin with, and a readme."""
    about = metadata()
    required = [r for r in about.get_all("Requires-Dist", []) if "extra ==" not in r]
    assert {re.split(r"[<>=!~\[; ]", r)[0] for r in required} == CORE
    assert about["Requires-Python"] == ">=3.11"
    assert about["License-Expression"] == "MIT"
    assert "## First program" in about.get_payload()


def test_a_bare_installation_can_be_imported() -> None:
    """The library imports with its four dependencies, and knows its version."""
    done = run_bare(
        "-c",
        "import sage200_async, sage200_async.catalog; print(sage200_async.__version__)",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == metadata()["Version"]


def test_a_bare_command_line_says_what_to_install() -> None:
    """Without the extra, `sage200` names the command that installs it."""
    done = run_bare("-m", "sage200_async.cli", "demo")
    assert done.returncode != 0
    assert "pip install 'sage200-async[cli]'" in done.stdout + done.stderr


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_the_installed_types_are_used(checker: str, tmp_path: Path) -> None:
    """A type checker accepts a right program, and refuses a misspelt field."""
    folder = "Scripts" if os.name == "nt" else "bin"
    python = str(Path(BARE, folder, "python"))
    options = {
        "mypy": [
            "--strict",
            "--config-file=",
            f"--python-executable={python}",
            f"--cache-dir={os.devnull}",
        ],
        "pyright": [f"--pythonpath={python}"],
    }
    # A configuration of its own: pyright looks for one in the folders above, and leaves
    # out those that begin with a dot.
    (tmp_path / "pyrightconfig.json").write_text('{"exclude": []}', "utf-8")
    outcomes = []
    for name, text in {"right.py": RIGHT, "wrong.py": WRONG}.items():
        (tmp_path / name).write_text(text, "utf-8")
        command = [checker, *options[checker], name]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        outcomes.append((done.returncode, "on_hld" in done.stdout, done.stdout))
    assert outcomes[0][0] == 0, outcomes[0]
    assert outcomes[1][:2] == (1, True), outcomes[1]
