"""A process that feeds: `python feed_worker.py SETTINGS STATE LOG` writes what comes."""

import asyncio
import pickle
import sys
from pathlib import Path

from sage200_async import Sage200Client


async def main(settings, state, log):
    """Append a line for each change, then acknowledge it."""
    async with Sage200Client(settings) as client:
        feed = client.customers.select("name").changes(
            state=state, every=0.2, lease=2, sweep_every=0, overlap=60
        )
        async with feed:
            async for change in feed:
                print(change.kind, change.key, change.record.name, file=log, flush=True)
                await change.ack()


settings, state, log = sys.argv[1:]
with Path(log).open("a", encoding="utf-8") as file:
    asyncio.run(main(pickle.loads(Path(settings).read_bytes()), state, file))
