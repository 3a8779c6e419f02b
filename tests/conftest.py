"""Shared by all tests: no outside settings, no leaked secrets, Hypothesis profiles."""

import contextlib
import itertools
import logging
import os
import re
import secrets
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sage200_async.errors import Sage200Error, known_secrets
from sage200_async.events import Events
from sage200_async.sandbox.oauth import jwt
from sage200_async.sandbox.oauth.requests import CLIENT_SECRET

TESTS = Path(__file__).parent
_SLOW = [HealthCheck.too_slow]
settings.register_profile("short", max_examples=15, deadline=None)
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.register_profile(
    "long", max_examples=5000, deadline=None, suppress_health_check=_SLOW
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(autouse=True)
def no_outside_settings(monkeypatch, tmp_path_factory):
    """Remove the settings and the profiles of the user who runs the tests."""
    for name in list(os.environ):
        if name.startswith("SAGE200_"):
            monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path_factory.getbasetemp() / "no-config"))


@pytest.fixture(autouse=True)
def no_known_secrets():
    """Forget what other tests sent: it would be cut from this one's texts."""
    known_secrets._forms_of.clear()


def _attributes(error):
    """Return the repr of each attribute that has one: a long int has none."""
    texts = []
    for name, value in vars(error).items():
        try:
            texts.append(f"{name}={value!r}")
        except (ValueError, RecursionError):
            texts.append(name)
    return ", ".join(texts)


def _chain(error):
    """Return *error* and all its causes and contexts, suppressed or not."""
    errors, todo = [], [error]
    while todo:
        error = todo.pop()
        if error is not None and not any(error is other for other in errors):
            errors.append(error)
            todo += [error.__cause__, error.__context__]
    return errors


def _frames(errors):
    """Return the frames of the errors' tracebacks that are not of the tests, once."""
    frames = {}
    for link in itertools.chain.from_iterable(map(_chain, errors)):
        traceback = link.__traceback__
        while traceback is not None:
            frame, traceback = traceback.tb_frame, traceback.tb_next
            path = frame.f_code.co_filename
            if not path.startswith((str(TESTS), "<doctest")):
                frames[id(frame)] = frame
    return list(frames.values())


def _locals(errors):
    """Return the text of each local variable in the frames of *errors*.

    Programs that report crashes show them: rich, Sentry, IPython.
    """
    texts = []
    for frame in _frames(errors):
        where = f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}"
        for name, value in frame.f_locals.items():
            with contextlib.suppress(Exception):  # no repr is no leak
                texts.append(f"{where}: {name}={value!r}")
    return texts


WRITTEN_SECRETS = {CLIENT_SECRET, "hush-"}


class SecretLeakDetector(logging.Handler):
    """Collects logs, events and errors, and finds the secrets in them.

    Of errors, it also looks at the variables in the frames of their tracebacks,
    and at their causes.

    Tokens, states and verifiers are created by `secrets.token_urlsafe`, in the
    sandbox and in sign-ins; secrets that tests write begin with "hush".
    """

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.tokens = set()
        self.texts = []
        self.errors = []

    @property
    def secrets(self):
        """All that must not be seen."""
        return WRITTEN_SECRETS | self.tokens

    def emit(self, record):
        self.texts.append(record.getMessage())
        if record.exc_info and record.exc_info[1]:
            self.texts.append(repr(record.exc_info[1]))

    def install(self, patch):
        """Collect everything from now on."""
        token, emit, new = secrets.token_urlsafe, Events.emit, Sage200Error.__new__
        encode = jwt.encode

        def create_token(size=None):
            self.tokens.add(secret := token(size))
            return secret

        def create_jwt(claims):
            self.secrets.add(signed := encode(claims))
            return signed

        def emit_event(events, event):
            self.texts.append(repr(event))
            emit(events, event)

        def create_error(kind, *args, **named):
            self.errors.append(error := new(kind, *args, **named))
            return error

        patch.setattr(secrets, "token_urlsafe", create_token)
        patch.setattr(jwt, "encode", create_jwt)
        patch.setattr(Events, "emit", emit_event)
        patch.setattr(Sage200Error, "__new__", create_error)
        logging.getLogger().addHandler(self)

    def leaks(self):
        """Return the collected texts that contain a secret, and forget all texts."""
        for error in self.errors:
            self.texts += [str(error), repr(error), _attributes(error)]
            self.texts += [repr(other) for other in _chain(error)[1:]]
        self.texts += _locals(self.errors)
        texts, self.texts, self.errors = self.texts, [], []
        leaked = self._secrets_in("\n".join(texts))
        return [text for text in texts if any(secret in text for secret in leaked)]

    def _secrets_in(self, text):
        """Return the secrets in a text.

        There are thousands of tokens in the end; of the text, only what is as long
        as they are, and has no other characters, is searched for them.
        """
        shortest = min(map(len, self.tokens), default=1)
        words = set(re.findall(rf"[\w-]{{{shortest},}}", text, re.ASCII))
        words = "\n".join(words)
        tokens = [token for token in self.tokens if token in words] if words else []
        return tokens + [secret for secret in WRITTEN_SECRETS if secret in text]


@pytest.fixture(scope="session")
def secret_leak_detector():
    """Collect logs, events and errors while the tests run."""
    detector = SecretLeakDetector()
    with pytest.MonkeyPatch.context() as patch:
        detector.install(patch)
        yield detector
    logging.getLogger().removeHandler(detector)


@pytest.fixture(autouse=True)
def no_secret_leaks(secret_leak_detector):
    """Fail each test that logs, emits or raises a token, a key or a secret."""
    yield
    assert secret_leak_detector.leaks() == []


def pytest_terminal_summary(terminalreporter):
    """Print the outcome of each fault, and how many requests the server received."""
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
    width = max(len(name) for name, _, _ in table)
    for name, outcome, requests in table:
        terminalreporter.write_line(f"{name:{width}}  {outcome:14}  {requests:>8}")


@pytest.fixture(scope="session")
def serve_bad_records():
    """Return a function that makes a sandbox serve records with values that do not fit.

    It takes a sandbox, and by key the name of a field and its JSON.
    """
    import aiohttp
    import msgspec
    from aiohttp import web

    def install(sandbox, bad):
        async def hook(request):
            if "X-Inner" in request.headers or request.method != "GET":
                return None
            headers = {**request.headers, "X-Inner": "1"}
            async with (
                aiohttp.ClientSession() as session,
                session.get(request.url, headers=headers) as response,
            ):
                body = spoiled(await response.read(), bad)
                return web.Response(
                    body=body, status=response.status, content_type="application/json"
                )

        sandbox.request_hook = hook

    def spoiled(body, bad):
        if not body.startswith(b"[{"):
            return body
        rows = msgspec.json.decode(body, type=list[dict[str, msgspec.Raw]])
        for row in rows:
            field, value = bad.get(int(bytes(row.get("id", b"0"))), ("", b""))
            if field in row:
                row[field] = msgspec.Raw(value)
        return msgspec.json.encode(rows)

    return install
