"""A process that shares a token store: it reads once for each line of its input.

The argument is the client's settings as JSON. It prints ``asking`` when it asks
the token endpoint, ``answered`` if it is to stop before storing the new tokens,
then ``ok`` or the error.
"""

import asyncio
import json
import logging
import sys

from sage200_async import Sage200Client, Settings
from sage200_async.auth.stores import store_at
from sage200_async.auth.stores.redis import RedisStore
from sage200_async.errors import Sage200Error


def write_line(text):
    print(text, flush=True)


class AskingHandler(logging.Handler):
    """Prints a line when the token endpoint is asked."""

    def emit(self, record):
        if record.getMessage() == "asking the token endpoint":
            write_line("asking")


class StalledStore:
    """A store that never finishes saving new tokens."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def save(self, tokens):
        if tokens.refresh_started_at is None:
            write_line("answered")
            await asyncio.Event().wait()
        await self._store.save(tokens)


async def outcome(client):
    try:
        await client.sites()
    except Sage200Error as error:
        return f"{type(error).__name__}: {error}"
    return "ok"


async def main(arguments):
    stalled = arguments.pop("stalled", False)
    store = store_at(arguments.pop("token_store"))
    if isinstance(store, RedisStore):
        store._lease = 1.0  # so that a hundred rounds take minutes
    settings = Settings(
        **arguments, token_store=StalledStore(store) if stalled else store
    )
    async with Sage200Client(settings) as client:
        write_line("ready")
        while await asyncio.to_thread(sys.stdin.readline):
            write_line(await outcome(client))


if __name__ == "__main__":
    logger = logging.getLogger("sage200_async.auth.token_manager")
    logger.addHandler(AskingHandler())
    logger.setLevel(logging.DEBUG)
    asyncio.run(main(json.loads(sys.argv[1])))
