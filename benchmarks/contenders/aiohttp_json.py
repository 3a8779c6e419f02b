# /// script
# dependencies = [
#   "aiohttp==3.14.5",
# ]
# ///
"""aiohttp + json: no types at all, so that money is a float and a time is text.

That is what makes it fast: to turn them into decimals and times costs extra, and is
not counted here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import yarl
from told import PAGE, tell, timed


async def read(url: str, loads: Callable[[bytes], Any] = json.loads) -> tuple[int, Any]:
    records, balance = 0, 0
    where = ""
    async with aiohttp.ClientSession() as session:
        while True:
            asked = yarl.URL(f"{url}?{where}$orderby=id&$top={PAGE}", encoded=True)
            async with session.get(asked) as reply:
                page = loads(await reply.read())
            for customer in page:
                records += 1
                balance += customer["balance"]
            if len(page) < PAGE:
                return records, balance
            where = f"$filter=id%20gt%20{page[-1]['id']}&"


def stream(url: str, **_: str) -> dict[str, float]:
    return timed(lambda: asyncio.run(read(url)))


if __name__ == "__main__":
    tell(stream=stream)
