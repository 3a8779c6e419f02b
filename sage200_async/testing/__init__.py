"""Tests against a sandbox: the pytest plugin, and a sandbox for other frameworks.

pytest loads the plugin by itself once the package is installed. Its fixtures:

- ``sage200_sandbox``: a `Sandbox`, as new for each test.
- ``sage200_settings``: `Settings` of a client that is signed in to it.
- ``sage200_env``: the same as ``SAGE200_...`` in the environment.
- ``sage200_client``: an open `Sage200Client`, with pytest-asyncio or anyio.

``@pytest.mark.sage200(records=..., behaviour=..., faults=...)`` sets what a test, class
or module needs of the sandbox; ``sage200_records`` and ``sage200_seed`` in pytest's
configuration set what all do.

Modules:

- `sandbox_thread`: a sandbox that runs beside synchronous code.
- `sandboxes`: those of a test session, and how they become as new.

The fixtures are in the module ``_sage200_pytest``, which is installed beside the package
and lies in `pytest11/` here: pytest loads it in each run, and importing this package
would import the whole client with it.
"""

from sage200_async.testing.sandbox_thread import SandboxThread as SandboxThread

__all__ = ["SandboxThread"]
