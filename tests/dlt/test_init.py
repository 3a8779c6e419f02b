"""The folder that `dlt init` takes, and the pipeline that it makes of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

AUTHOR = ["-c", "user.name=test", "-c", "user.email=test@example.test"]
FOLDER = Path(__file__).parents[2] / "examples" / "dlt"


@pytest.fixture
def project(tmp_path):
    """Return a project that was made of a clone with the folder, without a network."""
    location = tmp_path / "location"
    shutil.copytree(FOLDER, location)
    for command in (["init"], ["add", "."], [*AUTHOR, "commit", "-m", "x"]):
        subprocess.run(["git", *command], cwd=location, check=True, capture_output=True)
    folder = tmp_path / "project"
    folder.mkdir()
    command = ["init", "sage200", "duckdb", "--location", str(location)]
    run(folder, "-m", "dlt", "--non-interactive", *command)
    return folder


def run(folder, *arguments):
    """Run Python in a project; return what it prints."""
    # The session's PYTHONSAFEPATH would hide the modules beside a script.
    env = {name: os.environ[name] for name in os.environ.keys() - {"PYTHONSAFEPATH"}}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_made_pipeline_runs(sandbox, project):
    """It asks for credentials in dlt's file, and loads from the company they are for."""
    secrets = (project / ".dlt" / "secrets.toml").read_text(encoding="utf-8")
    names = ("client_id", "client_secret", "site", "company", "token_store")
    assert all(f'{name} = "<configure me>"' in secrets for name in names)
    filled = f"""\
[sources.sage200]
base_url = "{sandbox.settings.base_url}"
access_token = "{sandbox.create_access_token()}"
site = "{sandbox.settings.site}"
company = {sandbox.settings.company}
"""
    (project / ".dlt" / "secrets.toml").write_text(filled, encoding="utf-8")
    run(project, "sage200_pipeline.py")
    with duckdb.connect(str(project / "sage200.duckdb")) as connection:
        counts = {
            name: connection.execute(f"SELECT count(*) FROM sage.{name}").fetchone()[0]
            for name in ("customers", "suppliers", "sop_orders")
        }
    assert counts == {name: len(sandbox.store.keys(name)) for name in counts}
    assert counts["customers"] == 30


def test_the_requirements_are_those_of_the_extra():
    """The folder installs no older dlt than the package needs."""
    path = FOLDER / "sources" / "sage200" / "requirements.txt"
    project = (FOLDER.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    (own, ours) = path.read_text(encoding="utf-8").split()
    assert f'dlt = ["{own}"' in project
    assert ours == "sage200-async[cli,dlt]"
