"""What exports into files are tried with."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Loaded once, under a name of its own, as the tests are no package.
_spec = importlib.util.spec_from_file_location("file_exports", HERE / "export.py")
lab_module = importlib.util.module_from_spec(_spec)
sys.modules["file_exports"] = lab_module
_spec.loader.exec_module(lab_module)


@pytest.fixture(scope="session")
def lab():
    """Give export.py as a module."""
    return lab_module
