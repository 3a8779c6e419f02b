"""sage200_async, as any user would write it."""

from __future__ import annotations

import asyncio
from typing import Any

from told import memory, microseconds, peak, tell, timed

from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer


def client_of(url: str) -> Sage200Client:
    base = url.rpartition("/")[0] + "/"
    settings = Settings(base_url=base, access_token="token", site="site", company=1)
    return Sage200Client(settings)


async def read(client: Sage200Client) -> tuple[int, Any]:
    records, balance = 0, 0
    async for customer in client.customers:
        records += 1
        balance += customer.balance
    return records, balance


def stream(url: str, **_: str) -> dict[str, float]:
    async def main() -> tuple[int, Any]:
        async with client_of(url) as client:
            return await read(client)

    return timed(lambda: asyncio.run(main()))


def grow(url: str) -> dict[str, float]:
    idle = 0.0

    async def main() -> tuple[int, Any]:
        nonlocal idle
        async with client_of(url) as client:
            idle = memory("VmRSS")
            return await read(client)

    figures = timed(lambda: asyncio.run(main()))
    return {**figures, "MiB above idle": peak() - idle}


def stall(url: str) -> dict[str, float]:
    from stalls import longest_stall

    async def main() -> dict[str, float]:
        async with client_of(url) as client:
            return await longest_stall(read(client))

    return asyncio.run(main())


def query(times: int, **_: str) -> dict[str, float]:
    client, c = client_of("http://127.0.0.1/customers"), Customer.fields

    def build(number: int) -> str:
        held = client.customers.filter(
            (c.balance > number) & c.name.startswith("A"), on_hold=False
        )
        return held.select(c.id, c.name).url

    return microseconds(build, times)


if __name__ == "__main__":
    tell(stream=stream, grow=grow, stall=stall, query=query)
