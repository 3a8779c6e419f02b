"""Prefect: a flow run against a server of its own, with the block stored there."""

import importlib.util
import sqlite3
import sys

import pytest

from sage200_async.sandbox import Fault

if importlib.util.find_spec("prefect") is None:
    pytest.skip("prefect: nox -s 'recipes(prefect)'", allow_module_level=True)

SAVE = """
import os
import prefect_flow
value = {name: os.environ["SAGE200_" + name.upper()] for name in (
    "client_id", "client_secret", "site", "company", "token_store")}
more = {name: os.environ["SAGE200_" + name.upper()] for name in (
    "base_url", "token_url", "refresh_token")}
block = prefect_flow.Sage200Credentials(**value, more=more)
block.save("sage200")
print(repr(block.get_client().settings))
"""


@pytest.fixture(scope="module")
def prefect_env(folder, recipe_env):
    """Prefect's folder; its server is started by each command, and ends with it."""
    return {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "INFO",
    }


@pytest.fixture(scope="module")
def saved(run, prefect_env):
    """The block, stored in the server's database."""
    result = run(sys.executable, "-c", SAVE, **prefect_env)
    assert result.returncode == 0, result.stderr
    return result


def flow(run, folder, prefect_env):
    """Run the recipe as a program; with the block alone, without other settings."""
    names = ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN", "SITE", "COMPANY")
    hidden = {f"SAGE200_{name}": "" for name in names}
    program = "import runpy; runpy.run_module('prefect_flow', run_name='__main__')"
    return run(sys.executable, "-c", program, **prefect_env, **hidden)


def test_a_flow_updates_the_copies(run, saved, prefect_env, sandbox, folder):
    """The flow takes the stored block, and both copies equal their resources."""
    result = flow(run, folder, prefect_env)
    assert result.returncode == 0, result.stderr
    with sqlite3.connect(folder / "copy.db") as copy:
        for name in ("customers", "suppliers"):
            rows = copy.execute(f"select count(*) from {name}").fetchone()
            assert rows == (sandbox.store.count(name),)
    copy.close()


def test_what_cannot_succeed_is_not_retried(run, saved, prefect_env, sandbox, folder):
    """A refusal fails the flow without a retry, and the program's status says so."""
    sandbox.faults = [Fault(status=403)] * 20
    result = flow(run, folder, prefect_env)
    sandbox.faults.clear()
    assert result.returncode != 0
    assert "Retry 1/3" not in result.stderr
    assert "Forbidden" in result.stderr
