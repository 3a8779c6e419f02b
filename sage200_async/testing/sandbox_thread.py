"""A sandbox in a thread of its own, for code that has no event loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from sage200_async._optional import require

if TYPE_CHECKING:
    from types import TracebackType

    from sage200_async.sandbox import Sandbox


class SandboxThread:
    """Runs a `Sandbox` in a thread with an event loop of its own.

    Args:
        **options: Those of `Sandbox`.

    Raises:
        MissingExtra: The extra ``sandbox`` is not installed.
        SettingsError: On entering: as `Sandbox`.

    Example:
        >>> import json, urllib.request
        >>> with SandboxThread(records={"customers": 3}) as sandbox:
        ...     url = f"{sandbox.url}/.well-known/jwks.json"
        ...     with urllib.request.urlopen(url) as response:
        ...         len(json.load(response)["keys"])
        1
    """

    def __init__(self, **options: Any) -> None:
        require("the sandbox", "sandbox", "odata_query")
        from sage200_async.sandbox import Sandbox  # noqa: PLC0415 - needs the extra

        self.sandbox: Sandbox = Sandbox(**options)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()),
            name="sage200-sandbox",
            daemon=True,
        )
        self._started: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def __enter__(self) -> Sandbox:
        """Start the sandbox, and wait until it listens."""
        self._thread.start()
        self._started.result()
        return self.sandbox

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the sandbox, and wait until its thread has ended."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        try:
            async with self.sandbox:
                self._loop = asyncio.get_running_loop()
                self._started.set_result(None)
                await self._stop.wait()
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)
