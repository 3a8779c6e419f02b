"""The pytest plugin of sage200_async: fixtures, a marker and two options.

It is no part of the package, since pytest loads it in every run of everybody who has
the package installed: importing `sage200_async.testing` would import the client with
it, and before coverage starts. Nothing of ours is imported until a fixture is used.
What the fixtures are for: the docstring of `sage200_async.testing`.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from sage200_async import Sage200Client, Settings
    from sage200_async.sandbox import Sandbox
    from sage200_async.testing.sandboxes import Sandboxes

_OPTIONS = {"records", "behaviour", "faults"}
_MARKER = (
    "sage200(records=, behaviour=, faults=): the sandbox of the test: numbers of "
    "records by resource, a Behaviour or switches by name, and a list of Faults"
)
_NO_ASYNC_PLUGIN = (
    "sage200_client is for async tests, run by pytest-asyncio or anyio: "
    "pip install pytest-asyncio and mark the test, or use sage200_settings"
)
_TWO_ASYNC_PLUGINS = (
    "sage200_client: pytest-asyncio runs this test and anyio its fixtures, in another "
    "event loop: set asyncio_mode = strict, or leave one of their markers out"
)
_LOOP_SCOPES = ("function", "class", "module", "package", "session")
_RESETS = pytest.StashKey[list[float]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the configuration file."""
    help_ = "numbers of records in the sandbox, such as customers=500 suppliers=20"
    parser.addini("sage200_records", help_, type="args", default=[])
    help_ = "the same seed makes the same records in the sandbox"
    parser.addini("sage200_seed", help_, default="1")


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker, and the client for the async plugins that are there."""
    config.addinivalue_line("markers", _MARKER)
    config.stash[_RESETS] = []
    manager = config.pluginmanager
    clients = ModuleType("sage200_clients")
    if manager.hasplugin("anyio"):
        name = "_sage200_client_anyio"
        setattr(clients, name, pytest.fixture(name=name)(_client))
    if manager.hasplugin("asyncio"):
        for scope in _LOOP_SCOPES:
            name = f"_sage200_client_{scope}"
            setattr(clients, name, _asyncio_fixture(name, scope))
    manager.register(clients, "sage200-clients")


@pytest.fixture(scope="session")
def _sage200_sandboxes(pytestconfig: pytest.Config) -> Iterator[Sandboxes]:
    from sage200_async.errors import Sage200Error  # noqa: PLC0415

    try:
        from sage200_async.testing.sandboxes import Sandboxes  # noqa: PLC0415

        sandboxes = Sandboxes(
            pytestconfig.getini("sage200_records"),
            pytestconfig.getini("sage200_seed"),
            pytestconfig.stash[_RESETS],
        )
    except Sage200Error as error:
        pytest.fail(str(error), pytrace=False)
    yield sandboxes
    sandboxes.close()


@pytest.fixture
def sage200_sandbox(
    request: pytest.FixtureRequest, _sage200_sandboxes: Sandboxes
) -> Sandbox:
    """A sandbox, as new; the marker ``sage200`` says what it is like."""
    from sage200_async.errors import Sage200Error  # noqa: PLC0415

    try:
        return _sage200_sandboxes.as_new(**_marked_options(request.node))
    except Sage200Error as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def sage200_settings(
    sage200_sandbox: Sandbox, _sage200_sandboxes: Sandboxes
) -> Settings:
    """Settings of a client that is signed in to the sandbox."""
    return _sage200_sandboxes.settings(sage200_sandbox)


@pytest.fixture
def sage200_env(
    sage200_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The same settings in the environment, in place of any that are there."""
    from sage200_async.sandbox.connection import variables  # noqa: PLC0415

    for name in [name for name in os.environ if name.startswith("SAGE200_")]:
        monkeypatch.delenv(name)
    texts = variables(sage200_settings)
    for name, text in texts.items():
        monkeypatch.setenv(name, text)
    return texts


@pytest.fixture
def sage200_client(request: pytest.FixtureRequest) -> Sage200Client:
    """An open client of the sandbox, for async tests."""
    name = _client_fixture(request)
    if not name:
        pytest.fail(_NO_ASYNC_PLUGIN, pytrace=False)
    client: Sage200Client = request.getfixturevalue(name)
    return client


async def _client(sage200_settings: Settings) -> AsyncIterator[Sage200Client]:
    from sage200_async import Sage200Client  # noqa: PLC0415

    async with Sage200Client(sage200_settings) as client:
        yield client  # noqa: ASYNC119 - the async plugins close their fixtures


def _asyncio_fixture(name: str, scope: str) -> Callable[..., Any]:
    """Return the fixture for tests whose event loop has this scope."""

    async def client(sage200_settings: Settings) -> AsyncIterator[Sage200Client]:
        async for value in _client(sage200_settings):
            yield value

    plugin: Any = import_module("pytest_asyncio")
    fixture: Callable[..., Any] = plugin.fixture(name=name, loop_scope=scope)(client)
    return fixture


def _client_fixture(request: pytest.FixtureRequest) -> str:
    """Return the fixture that opens the client in the event loop of the test."""
    node, manager = request.node, request.config.pluginmanager
    marker = node.get_closest_marker("asyncio")
    if manager.hasplugin("anyio") and "anyio_backend" in request.fixturenames:
        if manager.hasplugin("asyncio") and marker is not None:
            pytest.fail(_TWO_ASYNC_PLUGINS, pytrace=False)
        return "_sage200_client_anyio"
    if not manager.hasplugin("asyncio") or marker is None:
        return ""
    default = request.config.getini("asyncio_default_test_loop_scope")
    scope = marker.kwargs.get("loop_scope") or default or "function"
    return f"_sage200_client_{scope}"


def _marked_options(node: pytest.Item) -> dict[str, Any]:
    """Return what the markers of a test say; the closest one wins."""
    options: dict[str, Any] = {}
    for marker in node.iter_markers("sage200"):
        unknown = [str(name) for name in marker.kwargs if name not in _OPTIONS]
        wrong = [*map(repr, marker.args), *unknown]
        if wrong:
            message = f"expected {_MARKER.partition(':')[0]}, got {', '.join(wrong)}"
            pytest.fail(message, pytrace=False)
        options = {**marker.kwargs, **options}
    return options


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the times of resets from a process of pytest-xdist to the main one."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["sage200_resets"] = session.config.stash[_RESETS]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the times of resets from a process of pytest-xdist."""
    output: dict[str, Any] = getattr(node, "workeroutput", None) or {}
    node.config.stash[_RESETS] += output.get("sage200_resets", [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how long it took to make the sandbox as new, with ``-v``."""
    resets = [seconds * 1000 for seconds in config.stash[_RESETS]]
    if resets and config.get_verbosity() > 0:
        import statistics  # noqa: PLC0415 - most runs print nothing

        terminalreporter.write_line(
            f"sage200: {len(resets)} sandboxes made as new, in "
            f"{statistics.median(resets):.2f} ms (median), at most {max(resets):.2f} ms"
        )
