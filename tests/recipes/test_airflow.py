"""Airflow: the DAG run by `airflow dags test`, with a database of its own."""

import importlib.util
import shutil
import sqlite3
from pathlib import Path

import pytest

from sage200_async.sandbox import Fault

if importlib.util.find_spec("airflow") is None:
    pytest.skip("airflow: nox -s 'recipes(airflow)'", allow_module_level=True)

DAG = Path(__file__).parents[2] / "examples" / "recipes" / "airflow_dag.py"


@pytest.fixture(scope="module")
def airflow_env(run, folder):
    """Airflow's folder, its database, and where the copies are."""
    home = folder / "airflow"
    (home / "dags").mkdir(parents=True)
    shutil.copy(DAG, home / "dags")
    env = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "false",
        "SAGE200_COPY": f"sqlite:///{(folder / 'copy.db').as_posix()}",
    }
    migration = run("airflow", "db", "migrate", **env)
    assert migration.returncode == 0, migration.stderr
    return env


def test_the_dag_updates_the_copies(run, airflow_env, sandbox, folder):
    """Both copies equal their resources."""
    result = run("airflow", "dags", "test", "sage200_copies", **airflow_env)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "state=success" in result.stdout + result.stderr
    with sqlite3.connect(folder / "copy.db") as copy:
        for name in ("customers", "suppliers"):
            rows = copy.execute(f"select count(*) from {name}").fetchone()
            assert rows == (sandbox.store.count(name),)
    copy.close()


def test_what_cannot_succeed_is_not_retried(run, airflow_env, sandbox):
    """A refusal fails the task without a retry."""
    sandbox.faults = [Fault(status=403)] * 50
    result = run("airflow", "dags", "test", "sage200_copies", **airflow_env)
    sandbox.faults.clear()
    printed = result.stdout + result.stderr
    assert "state=failed" in printed
    assert "up_for_retry" not in printed.lower()
