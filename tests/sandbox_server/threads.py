"""A sandbox in a thread, for programs that are not async."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from sage200_async.sandbox import Sandbox


@contextlib.contextmanager
def running_sandbox(records):
    """Run a sandbox in a thread of its own; yield it once it listens."""
    ready, stop, sandboxes = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve():
        async with Sandbox(records=records) as sandbox:
            sandboxes.append(sandbox)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(60), "the sandbox did not start"
        yield sandboxes[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
