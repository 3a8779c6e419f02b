# /// script
# dependencies = [
#   "aiohttp==3.14.5",
# ]
# ///
"""aiohttp + json: untyped, so money is a float and a time is text.

That is why it is fast: converting them to decimals and times costs extra, and is not
counted here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import yarl
from runner import PAGE, measure_read, run_job


async def read(url: str, loads: Callable[[bytes], Any] = json.loads) -> tuple[int, Any]:
    records, balance = 0, 0
    condition = ""
    async with aiohttp.ClientSession() as session:
        while True:
            page_url = yarl.URL(
                f"{url}?{condition}$orderby=id&$top={PAGE}", encoded=True
            )
            async with session.get(page_url) as response:
                page = loads(await response.read())
            for customer in page:
                records += 1
                balance += customer["balance"]
            if len(page) < PAGE:
                return records, balance
            condition = f"$filter=id%20gt%20{page[-1]['id']}&"


def stream(url: str, **_: str) -> dict[str, float]:
    return measure_read(lambda: asyncio.run(read(url)))


if __name__ == "__main__":
    run_job(stream=stream)
