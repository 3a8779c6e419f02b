"""What every test shares: a clean environment, and how hard hypothesis looks."""

import os

import pytest
from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow]
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.register_profile(
    "long", max_examples=5000, deadline=None, suppress_health_check=_SLOW
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    """Hide the settings of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("SAGE200_"):
            monkeypatch.delenv(name)
