"""What every test shares: a clean environment, open ears, how hard hypothesis looks."""

import logging
import os
import secrets

import pytest
from hypothesis import HealthCheck, settings

from sage200_async.errors import Sage200Error
from sage200_async.events import Events
from sage200_async.sandbox.oauth.identity import CLIENT_SECRET

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


class SecretLeakDetector(logging.Handler):
    """Hears all that is logged, told as an event or raised, and knows the secrets.

    Tokens, states and verifiers are made by `secrets.token_urlsafe`, in the
    sandbox and in sign-ins; those that tests write themselves begin with "hush".
    """

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.secrets = {CLIENT_SECRET, "hush-"}
        self.heard = []
        self.errors = []

    def emit(self, record):
        self.heard.append(record.getMessage())
        if record.exc_info and record.exc_info[1]:
            self.heard.append(repr(record.exc_info[1]))

    def listen(self, patch):
        """Hear everything from now on."""
        token, emit, new = secrets.token_urlsafe, Events.emit, Sage200Error.__new__

        def made(size=None):
            self.secrets.add(secret := token(size))
            return secret

        def told(events, event):
            self.heard.append(repr(event))
            emit(events, event)

        def raised(kind, *args, **named):
            self.errors.append(error := new(kind, *args, **named))
            return error

        patch.setattr(secrets, "token_urlsafe", made)
        patch.setattr(Events, "emit", told)
        patch.setattr(Sage200Error, "__new__", raised)
        logging.getLogger().addHandler(self)

    def leaks(self):
        """Give what was heard and holds a secret; forget the rest."""
        for error in self.errors:
            self.heard += [str(error), repr(error), repr(vars(error))]
        heard, self.heard, self.errors = self.heard, [], []
        whole = "\n".join(heard)
        out = [secret for secret in self.secrets if secret in whole]
        return [text for text in heard if any(secret in text for secret in out)]


@pytest.fixture(scope="session")
def ears():
    """Listen for as long as the tests run."""
    listener = SecretLeakDetector()
    with pytest.MonkeyPatch.context() as patch:
        listener.listen(patch)
        yield listener
    logging.getLogger().removeHandler(listener)


@pytest.fixture(autouse=True)
def nothing_secret_is_told(ears):
    """Fail each test that logs, tells or raises a token, a key or a secret."""
    yield
    assert ears.leaks() == []


def pytest_terminal_summary(terminalreporter):
    """Show which fault led to what, and how many requests the server saw."""
    reports = (
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    )
    table = sorted(
        tuple(value)
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == "fault"
    )
    if not table:
        return
    terminalreporter.section("faults")
    wide = max(len(name) for name, _, _ in table)
    for name, outcome, requests in table:
        terminalreporter.write_line(f"{name:{wide}}  {outcome:14}  {requests:>8}")
