"""Dagster: assets materialised by its own command, each step in a process of its own."""

import importlib.util
import sqlite3

import pytest

from sage200_async.sandbox import Fault

if importlib.util.find_spec("dagster") is None:
    pytest.skip("dagster: nox -s 'recipes(dagster)'", allow_module_level=True)

COMMAND = (
    *("dagster", "asset", "materialize"),
    *("-m", "dagster_assets", "--select"),
)


@pytest.fixture(scope="module")
def dagster_env(folder):
    """Dagster's folder, and where the copies are."""
    home = folder / "dagster"
    home.mkdir()
    copy = f"sqlite:///{(folder / 'copy.db').as_posix()}"
    return {
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "SAGE200_COPY": copy,
    }


def test_assets_are_materialised(run, dagster_env, sandbox, folder):
    """Both copies equal their resources, by one sign-in of the steps' processes."""
    result = run(*COMMAND, "*", **dagster_env)
    assert result.returncode == 0, result.stderr
    assert "ASSET_MATERIALIZATION" in result.stderr
    with sqlite3.connect(folder / "copy.db") as copy:
        for name in ("customers", "suppliers"):
            rows = copy.execute(f"select count(*) from {name}").fetchone()
            assert rows == (sandbox.store.count(name),)
    copy.close()
    assert len(sandbox.token_requests) == 1


def test_what_cannot_succeed_is_not_retried(run, dagster_env, sandbox):
    """A refusal fails the step, is not retried, and the command says so by its status."""
    sandbox.faults = [Fault(status=403)] * 20
    result = run(*COMMAND, "suppliers", **dagster_env)
    sandbox.faults.clear()
    assert result.returncode != 0
    assert "STEP_FAILURE" in result.stderr
    assert "STEP_UP_FOR_RETRY" not in result.stderr
