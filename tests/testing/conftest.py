"""Runs test suites of somebody else: in a folder and a process of their own."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import _sage200_pytest
import pytest

import sage200_async

REPOSITORY = Path(__file__).parents[2]
INHERITED = ("PATH", "SYSTEMROOT", "HOME", "VIRTUAL_ENV", "TMPDIR")
METADATA = "Metadata-Version: 2.1\nName: sage200-plugin-test\nVersion: 0\n"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Return folders for PYTHONPATH: the package, with its entry point."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    (name, target), *more = project["project"]["entry-points"]["pytest11"].items()
    assert not more
    folder = tmp_path_factory.mktemp("site")
    info = folder / "sage200_plugin_test-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(f"[pytest11]\n{name} = {target}\n")
    packages = (sage200_async.__file__, _sage200_pytest.__file__)
    folders = [Path(packages[0]).parents[1], Path(packages[1]).parent, folder]
    return os.pathsep.join(map(str, folders))


@pytest.fixture
def suite(tmp_path, site):
    """Return a function that writes a suite, runs pytest on it and counts outcomes."""

    def run(*arguments, env=None, **files):
        # Without one, the configuration of a folder above would be taken.
        files = {"pytest": "", **files}
        for name, text in files.items():
            suffix = ".ini" if name == "pytest" else ".py"
            (tmp_path / f"{name}{suffix}").write_text(text, "utf-8")
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=tmp_path,
            env={**inherited, "PYTHONPATH": site, **(env or {})},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return SimpleNamespace(
            code=done.returncode, out=done.stdout, text=done.stdout + done.stderr
        )

    return run
