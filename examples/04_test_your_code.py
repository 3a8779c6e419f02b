"""Test your own code: without a network, and against a sandbox that misbehaves."""

import asyncio
from decimal import Decimal

from sage200_async import Sage200Client, Settings
from sage200_async.errors import PagingError
from sage200_async.sandbox import Behaviour, Sandbox
from sage200_async.transport.memory import MemoryTransport, reply


async def owed(client: Sage200Client) -> Decimal:
    """Stand for the code under test."""
    balances = client.customers.select("balance")
    return sum([c.balance or Decimal(0) async for c in balances], Decimal(0))


async def test_without_a_network() -> None:
    memory = MemoryTransport(
        lambda _: reply([{"id": 1, "balance": 10.25}, {"id": 2, "balance": -0.25}])
    )
    settings = Settings(site="a site", company=1)
    async with Sage200Client(settings, transport=memory) as client:
        assert await owed(client) == Decimal("10.00")
    print("asked:", memory.requests)


async def test_against_an_old_server() -> None:
    clamps = Behaviour(max_top=500)
    async with (
        Sandbox(records={"customers": 1_700}, behaviour=clamps) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        assert len([each async for each in client.customers]) == 1_700
        print("requests:", len(sandbox.requests))


async def test_against_a_broken_server() -> None:
    broken = Behaviour(ignore_skip=True)
    async with (
        Sandbox(records={"customers": 1_700}, behaviour=broken) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        ordered = client.customers.order_by("name").page_size(500)
        try:
            print(len([each async for each in ordered]))
        except PagingError as error:
            print("refused:", error)


async def main() -> None:
    await test_without_a_network()
    await test_against_an_old_server()
    await test_against_a_broken_server()


if __name__ == "__main__":
    asyncio.run(main())
