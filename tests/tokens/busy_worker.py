"""A process whose tasks send requests again and again, with a token store it shares.

The argument is the client's settings as JSON, with the number of tasks and the seconds.
It prints ``ready``, waits for a line, and in the end prints its errors as JSON.
"""

import asyncio
import json
import sys
import time

from sage200_async import Sage200Client, Settings
from sage200_async.auth import token_endpoint
from sage200_async.errors import Sage200Error


async def ask_until(end, client, errors):
    """Send a request again and again."""
    while time.monotonic() < end:
        try:
            await client.customers.select("id").top(1).first()
        except Sage200Error as error:
            errors.append(f"{type(error).__name__}: {error}")
        await asyncio.sleep(0.1)


async def main(tasks, seconds, **settings):
    token_endpoint.TOKEN_WAIT = 0.3
    errors = []
    async with Sage200Client(Settings(**settings)) as client:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        end = time.monotonic() + seconds
        await asyncio.gather(*(ask_until(end, client, errors) for _ in range(tasks)))
    print(json.dumps(errors), flush=True)


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
