"""An event loop in a thread of its own, and one client in it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec.structs import replace

from sage200_async.auth.setup import require_credentials
from sage200_async.auth.stores import MemoryStore, store_at
from sage200_async.client import Sage200Client

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sage200_async.settings import Settings

T = TypeVar("T")

_NAME: Final = "sage200-dlt"


class CompanyThread:
    """One client for all resources of a source, open while one of them is read.

    Their requests overlap, and share connections, limits and tokens. dlt's own event
    loop is not used: it ends before what runs in it has cleaned up.

    Args:
        settings: Of the client. Tokens that are kept in memory outlast it, so that
            the next run of the same source has the newest.

    Raises:
        SettingsError: There are no credentials, or the token store is malformed.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = _with_store(require_credentials(settings))
        self._lock = threading.Lock()
        self._users = 0
        self._thread: threading.Thread | None = None
        self._opened: Future[tuple[asyncio.AbstractEventLoop, Sage200Client]]
        self._stop = asyncio.Event()

    def run(
        self, job: Callable[[Sage200Client], Coroutine[object, object, T]]
    ) -> Future[T]:
        """Start *job*; `leave` must be called when it is not wanted any more."""
        with self._lock:
            if not self._users:
                self._open()
            self._users += 1
        loop, client = self._opened.result()
        return asyncio.run_coroutine_threadsafe(job(client), loop)

    def leave(self) -> None:
        """Close the client if nobody else uses it."""
        with self._lock:
            self._users -= 1
            if not self._users and self._thread is not None:
                loop, _ = self._opened.result()
                loop.call_soon_threadsafe(self._stop.set)
                self._thread.join()
                self._thread = None

    def _open(self) -> None:
        self._opened, self._stop = Future(), asyncio.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name=_NAME, daemon=True
        )
        self._thread.start()
        self._opened.result()

    async def _serve(self) -> None:
        try:
            async with Sage200Client(self._settings) as client:
                self._opened.set_result((asyncio.get_running_loop(), client))
                await self._stop.wait()
        except BaseException as error:
            if self._opened.done():
                raise
            self._opened.set_exception(error)


def _with_store(settings: Settings) -> Settings:
    """Return *settings* with a store of their own, if tokens are kept in memory."""
    store = store_at(settings.token_store)
    is_in_memory = isinstance(store, MemoryStore)
    return replace(settings, token_store=store) if is_in_memory else settings
