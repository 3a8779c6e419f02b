"""A process that shares a token store: it reads once for each line it is told.

The arguments are the client's settings as JSON. Each answer is one line:
``asking`` when it asks the token endpoint, ``answered`` where it was told to
stop before storing what that brought, then ``ok`` or the error.
"""

import asyncio
import json
import logging
import sys

from sage200_async import Sage200Client, Settings
from sage200_async.auth.stores import store_at
from sage200_async.auth.stores.redis import RedisStore
from sage200_async.errors import Sage200Error


def say(text):
    print(text, flush=True)


class Asking(logging.Handler):
    """Tell when the token endpoint is asked."""

    def emit(self, record):
        if record.getMessage() == "asking the token endpoint":
            say("asking")


class Stalled:
    """A store that never gets to store what the endpoint brought."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def save(self, tokens):
        if tokens.refresh_started_at is None:
            say("answered")
            await asyncio.Event().wait()
        await self._store.save(tokens)


async def outcome(client):
    try:
        await client.sites()
    except Sage200Error as error:
        return f"{type(error).__name__}: {error}"
    return "ok"


async def main(given):
    stalled = given.pop("stalled", False)
    store = store_at(given.pop("token_store"))
    if isinstance(store, RedisStore):
        store._lease = 1.0  # so that a hundred rounds do not take a morning
    settings = Settings(**given, token_store=Stalled(store) if stalled else store)
    async with Sage200Client(settings) as client:
        say("ready")
        while await asyncio.to_thread(sys.stdin.readline):
            say(await outcome(client))


if __name__ == "__main__":
    keeper = logging.getLogger("sage200_async.auth.token_manager")
    keeper.addHandler(Asking())
    keeper.setLevel(logging.DEBUG)
    asyncio.run(main(json.loads(sys.argv[1])))
