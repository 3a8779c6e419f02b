"""Made-up exports for the tests of files."""

import importlib.util
import sys
from pathlib import Path

import pytest

# Loaded once, under a name of its own, as the tests are no package.
PATH = Path(__file__).with_name("file_exports.py")
_spec = importlib.util.spec_from_file_location("file_exports", PATH)
_module = importlib.util.module_from_spec(_spec)
sys.modules["file_exports"] = _module
_spec.loader.exec_module(_module)


@pytest.fixture(scope="session")
def helpers():
    """Return file_exports.py as a module."""
    return _module
