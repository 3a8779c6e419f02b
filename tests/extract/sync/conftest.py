"""Companies that are written to, and copies of them."""

import importlib.util
import sys
from pathlib import Path

import pytest

# Loaded once, under names of their own, as the tests are no package.
for name in ("copies", "stamped_company"):
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


@pytest.fixture
def database(tmp_path):
    """Return an empty SQLite database."""
    return sys.modules["copies"].SQLiteCopy(f"sqlite:///{tmp_path}/copy.db")


@pytest.fixture
def scenario(database):
    """Return a company, and an empty copy."""
    scenario = sys.modules["stamped_company"].Scenario(database)
    yield scenario
    scenario.close()
