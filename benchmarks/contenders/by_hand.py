"""aiohttp + msgspec: the best loop that one would write by hand.

By key, so that the server is not asked to skip; the whole page is read, then decoded
in one call into the same typed records as ours.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import msgspec
import yarl
from told import PAGE, memory, peak, tell, timed

from sage200_async.catalog import Customer

DECODER = msgspec.json.Decoder(list[Customer])


async def read(session: aiohttp.ClientSession, url: str) -> tuple[int, Any]:
    records, balance = 0, 0
    where = ""
    while True:
        asked = yarl.URL(f"{url}?{where}$orderby=id&$top={PAGE}", encoded=True)
        async with session.get(asked) as reply:
            body = await reply.read()
        page = DECODER.decode(body)
        for customer in page:
            records += 1
            balance += customer.balance
        if len(page) < PAGE:
            return records, balance
        where = f"$filter=id%20gt%20{page[-1].id}&"


def stream(url: str, **_: str) -> dict[str, float]:
    async def main() -> tuple[int, Any]:
        async with aiohttp.ClientSession() as session:
            return await read(session, url)

    return timed(lambda: asyncio.run(main()))


def grow(url: str) -> dict[str, float]:
    idle = 0.0

    async def main() -> tuple[int, Any]:
        nonlocal idle
        async with aiohttp.ClientSession() as session:
            idle = memory("VmRSS")
            return await read(session, url)

    figures = timed(lambda: asyncio.run(main()))
    return {**figures, "MiB above idle": peak() - idle}


def stall(url: str) -> dict[str, float]:
    from stalls import longest_stall

    async def main() -> dict[str, float]:
        async with aiohttp.ClientSession() as session:
            return await longest_stall(read(session, url))

    return asyncio.run(main())


if __name__ == "__main__":
    tell(stream=stream, grow=grow, stall=stall)
