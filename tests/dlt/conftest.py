"""Pipelines of dlt, and the company that they load from."""

import os

# Before dlt is imported: it reads some of its settings then.
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"

import importlib.util
import sys
from pathlib import Path

import pytest

if importlib.util.find_spec("dlt") is None:
    collect_ignore_glob = ["*"]  # `nox -s dlt` installs it
else:
    path = Path(__file__).with_name("pipelines.py")
    spec = importlib.util.spec_from_file_location("pipelines", path)
    sys.modules["pipelines"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    """Let dlt find no configuration and no pipelines but this test's."""
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def running():
    """Return a company that all tests of a process share."""
    from sage200_async.testing.sandbox_thread import SandboxThread

    with SandboxThread(records={"customers": 30, "sop_orders": 4}) as sandbox:
        yield sandbox, sandbox.snapshot()


@pytest.fixture
def sandbox(running):
    """Return the company as it was at first."""
    sandbox, snapshot = running
    sandbox.restore(snapshot)
    sandbox.requests.clear()
    return sandbox


@pytest.fixture
def duckdb(tmp_path):
    """Return a pipeline to a DuckDB file."""
    return sys.modules["pipelines"].DuckDB(tmp_path)


@pytest.fixture
def parquet(tmp_path):
    """Return a pipeline to Parquet files."""
    return sys.modules["pipelines"].Parquet(tmp_path)
